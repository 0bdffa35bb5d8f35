"""What the broker is told of each topic."""

from streams.clock import DAY_MS
from streams.kafka.admin import topic_config
from streams.topology import ALERTS, DEAD_LETTERS, LIVE, SCORED, SOCIAL, TOPICS


def retentions(days: int) -> dict[str, int | None]:
    """Days by topic; None where it is compacted."""
    configs = {topic.name: topic_config(topic, days) for topic in TOPICS}
    return {
        name: int(config["retention.ms"]) // DAY_MS if "retention.ms" in config else None
        for name, config in configs.items()
    }


def test_topics_are_stamped_by_the_broker_unless_the_feed_shall_stamp() -> None:
    assert {topic_config(topic, 14)["message.timestamp.type"] for topic in TOPICS} == {"LogAppendTime"}
    assert {topic_config(topic, 14, "feed")["message.timestamp.type"] for topic in TOPICS} == {"CreateTime"}


def test_raw_bytes_of_dead_letters_are_kept_for_a_week_at_most() -> None:
    assert retentions(14) == {SOCIAL: 14, LIVE: 14, SCORED: 14, ALERTS: None, DEAD_LETTERS: 7}
    assert retentions(3)[DEAD_LETTERS] == 3
