from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, generate_latest

from dashboards.exporter.feed_collector import FeedCollector, FeedReading, capped_sources
from streams.detection.views.reader import SourceTimes
from streams.errors import Unavailable
from streams.ingest.feed_status import FeedStatus, State


def scraped(read: FeedReading | None) -> list[str]:
    def reading() -> FeedReading:
        if read is None:
            raise Unavailable("Redis does not answer")
        return read

    registry = CollectorRegistry()
    registry.register(FeedCollector(reading))
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_feeds_have_their_clock_their_lateness_and_what_came_late() -> None:
    times = [SourceTimes("weibo-search", -3_306_000, 0, 0), SourceTimes("rss", 0, 1_800_000, 12, 3)]
    assert scraped(FeedReading(times, {"live.events": 42})) == [
        'pulsewatch_topic_records{topic="live.events"} 42.0',
        'pulsewatch_feed_clock_offset_seconds{source="weibo-search"} -3306.0',
        'pulsewatch_feed_clock_offset_seconds{source="rss"} 0.0',
        'pulsewatch_feed_lateness_seconds{source="weibo-search"} 0.0',
        'pulsewatch_feed_lateness_seconds{source="rss"} 1800.0',
        'pulsewatch_feed_late_texts{source="weibo-search"} 0.0',
        'pulsewatch_feed_late_texts{source="rss"} 12.0',
        'pulsewatch_feed_ahead_texts{source="weibo-search"} 0.0',
        'pulsewatch_feed_ahead_texts{source="rss"} 3.0',
    ]


def test_without_redis_there_is_no_sample() -> None:
    assert scraped(None) == []


def test_sources_beyond_the_cap_are_one_with_the_farthest_and_the_latest_of_them() -> None:
    times = [
        SourceTimes("right", 0, 0, 0), SourceTimes("ahead", -90_000, 0, 1), SourceTimes("behind", 3_600_000, 60_000, 5),
        SourceTimes("other", 0, 120_000, 2),
    ]  # fmt: skip
    assert capped_sources(times, 1) == [
        SourceTimes("behind", 3_600_000, 60_000, 5), SourceTimes("other", -90_000, 120_000, 3),
    ]  # fmt: skip
    assert [one.source for one in capped_sources(times[:3], 3)] == ["behind", "ahead", "right"]


def status(name: str, state: str = "connected", **changed: Any) -> FeedStatus:
    return FeedStatus(name, "sse", "https://x.test", msgspec.convert(state, State), **changed)


def of_feeds(*statuses: FeedStatus, at_ms: int = 100_000) -> list[str]:
    lines = scraped(FeedReading([], {}, statuses, at_ms))
    return [line.removeprefix("pulsewatch_feed_") for line in lines if "feed=" in line]


def test_feed_that_runs_has_what_came_what_is_missing_and_whether_it_is_connected() -> None:
    one = status(
        "news", written_ms=99_000, messages=7, events=5, unmatched=2, repeated=1, refused={"too_large": 3},
        gaps=2, gap_ms=1500, gap_messages=4, last_message_ms=90_500,
    )  # fmt: skip
    assert of_feeds(one) == [
        'messages_total{feed="news"} 7.0', 'unread_total{feed="news"} 0.0', 'gaps_total{feed="news"} 2.0',
        'gap_seconds_total{feed="news"} 1.5', 'gap_messages_total{feed="news"} 4.0', 'up{feed="news"} 1.0',
        'last_message_timestamp_seconds{feed="news"} 90.5', 'events_total{fate="published",feed="news"} 5.0',
        'events_total{fate="unmatched",feed="news"} 2.0', 'events_total{fate="repeated",feed="news"} 1.0',
        'events_total{fate="refused",feed="news"} 3.0',
    ]  # fmt: skip


def test_feed_is_down_where_it_waits_or_its_process_is_gone_and_unseen_once_stopped() -> None:
    lines = of_feeds(
        status("connected", written_ms=99_000), status("gone", written_ms=1_000),
        status("waiting", "waiting", written_ms=99_000), status("finished", "finished", written_ms=1_000),
        status("stopped", "stopped"),
    )  # fmt: skip
    assert sorted(line for line in lines if line.startswith("up")) == [
        'up{feed="connected"} 1.0', 'up{feed="finished"} 1.0', 'up{feed="gone"} 0.0', 'up{feed="waiting"} 0.0',
    ]  # fmt: skip


def test_feeds_beyond_the_cap_are_one_and_those_that_are_down_have_their_own() -> None:
    many = [status(f"feed-{number:03}", written_ms=99_000, messages=1) for number in range(60)]
    lines = of_feeds(*many, status("down", "refused", messages=1))
    assert 'up{feed="down"} 0.0' in lines
    assert 'messages_total{feed="other"} 11.0' in lines
    assert len([line for line in lines if line.startswith("up")]) == 51
