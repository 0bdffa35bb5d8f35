"""Making the topics on a broker, through kafka-python's admin client."""

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import KafkaError, KafkaTimeoutError, NoBrokersAvailable, TopicAlreadyExistsError

from streams.errors import Unavailable
from streams.topics import MAX_RECORD_BYTES, TOPICS, Topic

DAY_MS = 86_400_000


def topic_config(topic: Topic, retention_days: int) -> dict[str, str]:
    """The broker's settings of a topic."""
    config = {"max.message.bytes": str(MAX_RECORD_BYTES)}
    if topic.compacted:
        return config | {"cleanup.policy": "compact", "min.compaction.lag.ms": str(DAY_MS)}
    return config | {"cleanup.policy": "delete", "retention.ms": str(retention_days * DAY_MS)}


def create_topics(bootstrap: str, partitions: int, replication: int, retention_days: int) -> dict[str, str]:
    """Create what is missing; returns `created` or `exists` by topic. Raises Unavailable."""
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, client_id="pulsewatch-topics")
    except (NoBrokersAvailable, KafkaTimeoutError):
        raise Unavailable(
            f"Kafka does not answer at {bootstrap}: start it (`pulsewatch up`) or set PULSEWATCH_KAFKA"
        ) from None
    outcome: dict[str, str] = {}
    try:
        existing = set(admin.list_topics())
        for topic in TOPICS:
            if topic.name in existing:
                outcome[topic.name] = "exists"
                continue
            new = NewTopic(topic.name, partitions, replication, topic_configs=topic_config(topic, retention_days))
            try:
                admin.create_topics([new])
                outcome[topic.name] = "created"
            except TopicAlreadyExistsError:
                outcome[topic.name] = "exists"
    except KafkaError as error:
        raise Unavailable(f"Kafka at {bootstrap}: {error}") from error
    finally:
        admin.close()
    return outcome
