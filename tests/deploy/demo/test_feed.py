"""The demo's feed: what is compared with the truth must not be followed by more before the comparison."""

from dataclasses import dataclass, field

from deploy.demo.feed import Feed
from streams.ingest.player import TimedRecord
from tests.servers.waiting import until


@dataclass
class CountingSink:
    """Takes everything at once."""

    records: list[TimedRecord] = field(default_factory=list)
    closed: bool = False

    def send(self, record: TimedRecord) -> None:
        self.records.append(record)

    def flush(self) -> None: ...

    def close(self) -> None:
        self.closed = True


def test_feed_sends_nothing_of_the_second_evening_until_it_is_told_to_go_on() -> None:
    sink = CountingSink()
    feed = Feed(lambda: sink, seed=7, wall_seconds=0.5)
    assert feed.position == "generating the evening"
    feed.start()
    try:
        until(lambda: feed.phase == "sent", "the first evening is sent", 60)
        first = len(sink.records)
        assert feed.truth is not None
        assert feed.position == f"{first:,} of {first:,} records sent · catching up"
        feed._thread.join(0.5)
        assert len(sink.records) == first
        feed.go_on()
        until(lambda: len(sink.records) > first, "the second evening begins", 60)
        assert feed.phase == "live"
        until(lambda: feed.position.startswith("evening 2 in real time · "), "the position is told")
        assert "catching up" not in feed.position
    finally:
        feed.stop()
    assert sink.closed
    assert feed.failure is None


def test_feed_that_is_not_told_to_go_on_is_stopped() -> None:
    sink = CountingSink()
    feed = Feed(lambda: sink, seed=7, wall_seconds=0.5)
    feed.start()
    until(lambda: feed.phase == "sent", "the evening is sent", 60)
    feed.stop()
    assert sink.closed
