"""Kafka that asks who calls: real brokers with TLS and SASL, through every client that we make."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from streams.errors import Unavailable, UsageError
from streams.kafka.admin import create_topics
from streams.kafka.bounds import LogBounds
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import TopicPublisher
from streams.kafka.reading import read_topic
from streams.settings import Settings
from streams.topology import LIVE
from streams.transport.worker import REFUSED, STOPPED, Worker
from tests.fakes.transport import Recorder
from tests.servers.certificates import Authority
from tests.servers.secured_kafka import PASSWORD, USER, SecuredKafka
from tests.servers.tokens import token_endpoint
from tests.servers.waiting import until_async
from tests.servers.workers import running_with

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.usefixtures("refused_sockets"),
]


@pytest.fixture(scope="module")
def sasl_tls(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[SecuredKafka]:
    with SecuredKafka(tmp_path_factory.mktemp("sasl_ssl"), "SASL_SSL", authority) as server:
        create_topics(KafkaConnection.of(login(server, authority)), partitions=1, replication=1, retention_days=1)
        yield server


def login(server: SecuredKafka, authority: Authority, **changed: Any) -> Settings:
    return Settings(
        **{
            "kafka": server.bootstrap,
            "kafka_security": "SASL_SSL",
            "kafka_user": USER,
            "kafka_password": PASSWORD,
            "kafka_ca": authority.ca,
            **changed,
        }
    )


async def test_every_client_enters(sasl_tls: SecuredKafka, authority: Authority) -> None:
    with token_endpoint(USER, PASSWORD) as endpoint:
        for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"):
            settings = login(sasl_tls, authority, kafka_sasl=mechanism, kafka_token_url=endpoint.url)
            await every_client(settings, mechanism)
        assert 1 <= endpoint.asked <= 3, "a token serves until it is old"


async def every_client(settings: Settings, mechanism: str) -> None:
    connection = KafkaConnection.of(settings)
    publisher = TopicPublisher(connection, LIVE)
    await publisher.publish([("room", mechanism.encode())])
    await publisher.close()
    assert mechanism.encode() in [record.value for record in read_topic(connection, LIVE)]
    with closing(LogBounds(connection)) as bounds:
        assert bounds.read()[1][LIVE, 0] >= 1
    handler = Recorder((LIVE,), stage=f"worker-{mechanism.lower()}")
    async with running_with(handler, settings) as task:
        await until_async(lambda: mechanism.encode() in handler.values())
    assert task.result() == STOPPED


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kafka_password": "wrong"}, "refuses these credentials"),
        ({"kafka_sasl": "PLAIN", "kafka_password": "wrong"}, "refuses these credentials"),
        ({"kafka_ca": None}, "its certificate is not trusted"),
    ],
)
async def test_what_is_wrong_is_said_in_one_line(
    sasl_tls: SecuredKafka, authority: Authority, changed: dict[str, Any], said: str
) -> None:
    settings = login(sasl_tls, authority, **changed)
    with pytest.raises(UsageError, match=said) as told:
        create_topics(KafkaConnection.of(settings), partitions=1, replication=1, retention_days=1)
    assert "\n" not in str(told.value)
    assert PASSWORD not in str(told.value)
    assert await Worker(Recorder((LIVE,), stage="refused"), settings).run() == REFUSED


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SASL_PLAINTEXT"])
async def test_a_listener_that_wants_another_protocol_is_named(
    sasl_tls: SecuredKafka, authority: Authority, protocol: str
) -> None:
    own = {} if protocol == "PLAINTEXT" else {"kafka_user": USER, "kafka_password": PASSWORD}
    settings = Settings(kafka=sasl_tls.bootstrap, kafka_security=protocol, **own)  # type: ignore[arg-type]
    assert "wants another PULSEWATCH_KAFKA_SECURITY" in str(KafkaConnection.of(settings).unavailable())


async def test_a_client_certificate_lets_in(tmp_path: Path, authority: Authority) -> None:
    own = authority.issue("client.example")
    with SecuredKafka(tmp_path, "SSL", authority, client_certificates=True) as server:
        settings = Settings(
            kafka=server.bootstrap,
            kafka_security="SSL",
            kafka_ca=authority.ca,
            kafka_certificate=own.certificate,
            kafka_key=own.key,
        )
        create_topics(KafkaConnection.of(settings), partitions=1, replication=1, retention_days=1)
        await every_client(settings, "certificate")
        without = settings.model_copy(update={"kafka_certificate": None, "kafka_key": None})
        refusal = await KafkaConnection.of(without).refusal()
        assert isinstance(refusal, UsageError | Unavailable)
        assert "PULSEWATCH_KAFKA" in str(refusal)


async def test_wrong_credentials_at_the_token_endpoint_are_told(sasl_tls: SecuredKafka, authority: Authority) -> None:
    with token_endpoint(USER, "another") as endpoint:
        settings = login(sasl_tls, authority, kafka_sasl="OAUTHBEARER", kafka_token_url=endpoint.url)
        refusal = await KafkaConnection.of(settings).refusal()
    assert isinstance(refusal, UsageError)
    assert "the endpoint refuses these credentials (HTTP 401)" in str(refusal)
