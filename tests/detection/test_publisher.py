"""The alerts topic on a real broker."""

import pytest
from kafka import KafkaConsumer

from deploy.local.kafka import LocalKafka
from deploy.local.server import free_port
from streams.detection.publisher import KafkaAlerts
from streams.errors import Unavailable
from tests.conftest import TopicFactory


@pytest.mark.kafka
async def test_alerts_are_written_in_order_under_their_keys(kafka: LocalKafka, topic: TopicFactory) -> None:
    name = topic()
    alerts = KafkaAlerts(kafka.bootstrap, name)
    await alerts.publish([("a", b"1"), ("b", b"2")])
    await alerts.publish([("a", b"3")])
    await alerts.close()
    consumer = KafkaConsumer(
        name, bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=3_000
    )
    assert [(record.key, record.value) for record in consumer] == [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]
    consumer.close()


async def test_broker_that_is_not_there_is_unavailable() -> None:
    alerts = KafkaAlerts(f"127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable, match="does not take alerts"):
        await alerts.publish([("a", b"1")])
    await alerts.close()
