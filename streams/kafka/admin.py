"""Making the topics on a broker, through kafka-python's admin client."""

from collections.abc import Mapping
from typing import Any

from kafka.admin import NewTopic
from kafka.errors import KafkaError, KafkaTimeoutError, TopicAlreadyExistsError

from streams.clock import DAY_MS
from streams.errors import Unavailable
from streams.kafka.connection import KafkaConnection
from streams.topology import MAX_RECORD_BYTES, TOPICS, Topic, TopicTime

BOOTSTRAP_MS = 5_000
_TIMESTAMP_TYPES: Mapping[TopicTime, str] = {"broker": "LogAppendTime", "feed": "CreateTime"}


def topic_config(topic: Topic, retention_days: int, topic_time: TopicTime = "broker") -> dict[str, str]:
    """The broker's settings of a topic."""
    config = {"max.message.bytes": str(MAX_RECORD_BYTES), "message.timestamp.type": _TIMESTAMP_TYPES[topic_time]}
    if topic.compacted:
        return config | {"cleanup.policy": "compact", "min.compaction.lag.ms": str(DAY_MS)}
    days = min(retention_days, topic.max_days or retention_days)
    return config | {"cleanup.policy": "delete", "retention.ms": str(days * DAY_MS)}


def create_topics(
    kafka: KafkaConnection, partitions: int, replication: int, retention_days: int, topic_time: TopicTime = "broker"
) -> dict[str, str]:
    """Create the topics that are missing; returns `created` or `exists` by name at the broker. Those that exist stay as
    they are. Raises Unavailable."""
    try:
        admin = kafka.admin(bootstrap_timeout_ms=BOOTSTRAP_MS)
    except KafkaTimeoutError:
        raise kafka.unavailable() from None
    try:
        existing = set(admin.list_topics())
        missing = [topic for topic in TOPICS if kafka.at_broker(topic.name) not in existing]
        for topic in missing:
            config = topic_config(topic, retention_days, topic_time)
            _create(admin, NewTopic(kafka.at_broker(topic.name), partitions, replication, topic_configs=config))
    except KafkaError as error:
        raise Unavailable(f"Kafka at {kafka}: {error}") from error
    finally:
        admin.close()
    return {kafka.at_broker(topic.name): "created" if topic in missing else "exists" for topic in TOPICS}


def _create(admin: Any, new: NewTopic) -> None:
    try:
        admin.create_topics([new], raise_errors=True)
    except TopicAlreadyExistsError:
        return  # made by another process in the meantime
