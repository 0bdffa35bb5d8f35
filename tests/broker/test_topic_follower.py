"""Kafka as the console follows it, on the real broker."""

from collections.abc import Iterator

import msgspec
import pytest
from kafka import KafkaProducer

from dashboards.console.topic_follower import TopicFollower
from deploy.local.kafka import LocalKafka
from deploy.local.process import free_port
from streams.clock import system_clock
from streams.events.dead_letters import DeadLetter
from streams.events.schema import Coordinates
from streams.kafka.connection import KafkaConnection
from streams.topology import ALERTS, DEAD_LETTERS, SCORED
from tests.builders.alerts import an_alert
from tests.servers.site import fresh_topics
from tests.servers.waiting import until


@pytest.fixture
def follower(kafka: LocalKafka) -> Iterator[TopicFollower]:
    fresh_topics(kafka)
    following = TopicFollower(kafka.connection)
    following.start()
    yield following
    following.stop()


def test_alerts_and_tails_are_followed_past_what_cannot_be_read(kafka: LocalKafka, follower: TopicFollower) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    now_ms = system_clock()
    text = {"log_time": 0, "scored": False, "scoring_ms": 250}
    letter = DeadLetter(Coordinates("live.events", 0, 7), "bad_json", "no", "engagement", b"{")
    for topic, value, headers in (
        (ALERTS, b"{", []), (ALERTS, msgspec.json.encode(an_alert()), []),
        (SCORED, b"nonsense", []), (SCORED, msgspec.json.encode(text), []),
        (DEAD_LETTERS, b"{", []), (DEAD_LETTERS, letter.value, letter.headers),
    ):  # fmt: skip
        producer.send(topic, value, key=value, headers=headers, timestamp_ms=now_ms).get(timeout=30)
    producer.close()
    until(lambda: bool(follower.alert_log.history("f1")), "the alert is known", 60)
    until(lambda: _seen(follower), "the tails are read", 60)
    tails = follower.tails()
    assert tails is not None
    assert (list(tails.scoring_ms), tails.texts, tails.unscored, tails.dead_letter_count) == ([250], 1, 1, 2)
    assert [(one.origin, one.reason) for one in tails.dead_letters] == [("live.events:0:7", "bad_json")]
    assert follower.state.up
    assert sum(follower.state.ends.values()) >= 2


def _seen(follower: TopicFollower) -> bool:
    tails = follower.tails()
    return tails is not None and bool(tails.dead_letters)


def test_broker_that_is_away_is_reported() -> None:
    following = TopicFollower(KafkaConnection(f"127.0.0.1:{free_port()}"))
    following.start()
    try:
        until(lambda: "does not answer" in following.state.trouble, "the broker is missed", 30)
        assert not following.state.up
    finally:
        following.stop()
