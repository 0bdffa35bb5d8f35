"""The one place that turns Kafka's settings into clients' arguments."""

import re
from pathlib import Path

import pytest

from streams.kafka.connection import KafkaConnection
from streams.settings import Settings

ROOT = Path(__file__).parents[3]


def test_servers_are_split_for_every_library() -> None:
    kafka = KafkaConnection.of(Settings(kafka="one:9092, two:9093"))
    assert [str(url) for url in kafka.brokers()] == ["kafka://one:9092", "kafka://two:9093"]
    assert str(kafka) == "one:9092, two:9093"


def test_connection_listens_where_any_server_does(unused_tcp_port: int) -> None:
    assert not KafkaConnection(f"127.0.0.1:{unused_tcp_port}").listens()


def test_message_of_an_outage_names_the_servers_and_what_to_do() -> None:
    assert "Kafka at one:9092 does not answer: start it" in str(KafkaConnection("one:9092").unavailable())


@pytest.mark.parametrize("pattern", [r"settings(\(\))?\.kafka\b", r"\bbootstrap_servers\b"])
def test_a_setting_of_kafka_is_read_in_one_place(pattern: str) -> None:
    """So that TLS or SASL touches settings.py, connection.py and this test."""
    sources = [
        path for folder in ("models", "streams", "dashboards", "deploy") for path in (ROOT / folder).rglob("*.py")
    ]
    readers = {str(path.relative_to(ROOT)) for path in sources if re.search(pattern, path.read_text())}
    assert readers == {"streams/kafka/connection.py"}
