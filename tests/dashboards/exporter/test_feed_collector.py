from prometheus_client import CollectorRegistry, generate_latest

from dashboards.exporter.feed_collector import FeedCollector, FeedReading, capped_sources
from streams.detection.views.reader import FeedTimes
from streams.errors import Unavailable


def scraped(read: FeedReading | None) -> list[str]:
    def reading() -> FeedReading:
        if read is None:
            raise Unavailable("Redis does not answer")
        return read

    registry = CollectorRegistry()
    registry.register(FeedCollector(reading))
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_feeds_have_their_clock_their_lateness_and_what_came_late() -> None:
    times = [FeedTimes("weibo-search", -3_306_000, 0, 0), FeedTimes("rss", 0, 1_800_000, 12)]
    assert scraped(FeedReading(times, {"live.events": 42})) == [
        'pulsewatch_topic_records{topic="live.events"} 42.0',
        'pulsewatch_feed_clock_offset_seconds{source="weibo-search"} -3306.0',
        'pulsewatch_feed_clock_offset_seconds{source="rss"} 0.0',
        'pulsewatch_feed_lateness_seconds{source="weibo-search"} 0.0',
        'pulsewatch_feed_lateness_seconds{source="rss"} 1800.0',
        'pulsewatch_feed_late_texts{source="weibo-search"} 0.0',
        'pulsewatch_feed_late_texts{source="rss"} 12.0',
    ]


def test_without_redis_there_is_no_sample() -> None:
    assert scraped(None) == []


def test_sources_beyond_the_cap_are_one_with_the_farthest_and_the_latest_of_them() -> None:
    times = [
        FeedTimes("right", 0, 0, 0), FeedTimes("ahead", -90_000, 0, 1), FeedTimes("behind", 3_600_000, 60_000, 5),
        FeedTimes("other", 0, 120_000, 2),
    ]  # fmt: skip
    assert capped_sources(times, 1) == [
        FeedTimes("behind", 3_600_000, 60_000, 5), FeedTimes("other", -90_000, 120_000, 3),
    ]  # fmt: skip
    assert [one.source for one in capped_sources(times[:3], 3)] == ["behind", "ahead", "right"]
