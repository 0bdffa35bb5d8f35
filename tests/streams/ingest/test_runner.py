"""A feed that runs: what is in the topics, where it goes on, and what it says of itself."""

import asyncio
import json
from typing import Any

import pytest

from streams.errors import Fenced, Unavailable, UsageError
from streams.ingest.feed_ledger import FeedLedger
from streams.ingest.feed_memory import FeedMemory
from streams.ingest.feed_process import supervise, unless_refused
from streams.ingest.feed_status import FEED, FeedStatus, decode_status
from streams.ingest.protocols.received import MESSAGE_BYTES, FeedRefused, FeedUnavailable, Gap, Received
from streams.ingest.protocols.websocket import WebSocketFeed
from streams.ingest.unread_messages import UnreadMessages
from streams.ledger.memory import MemoryLedger
from tests.builders.feeds import Topics, running
from tests.fakes.way_in import ListedWayIn
from tests.servers.waiting import until_async

NOW_MS = 1_790_000_000_000
ENTRY = WebSocketFeed(name="tiktok-105", url="ws://127.0.0.1:1/", platform="tiktok", brand="acme", room="105")


def comment(number: int, text: str = "hi") -> str:
    return json.dumps(
        {"type": "Comment", "common": {"msg_id": str(1000 + number), "create_time": NOW_MS}, "content": text}
    )


MESSAGES = [comment(number) for number in range(6)]
IDS = [f"tiktok-live:{1000 + number}" for number in range(6)]


def clock() -> int:
    return NOW_MS + 500


def runner(way_in: Any, topics: Topics, ledger: MemoryLedger, **changed: Any) -> Any:
    return running(ENTRY, lambda: way_in, topics, ledger, clock=changed.pop("clock", clock), **changed)


@pytest.mark.parametrize("first", range(7))
@pytest.mark.parametrize("second", range(1, 4))
async def test_feed_that_is_cut_anywhere_tells_everything_once(first: int, second: int) -> None:
    topics, ledger = Topics(), MemoryLedger()
    way_in = ListedWayIn(MESSAGES, cuts=[first, second])
    assert await runner(way_in, topics, ledger).run() == "finished"
    assert topics.ids() == IDS


@pytest.mark.parametrize("kept", range(6))
async def test_process_that_ends_anywhere_goes_on_behind_what_is_in_kafka(kept: int) -> None:
    topics, ledger = Topics(), MemoryLedger()
    way_in = ListedWayIn(MESSAGES[:kept], finite=False)
    one = runner(way_in, topics, ledger)
    way_in.on_end = one.stop
    assert await one.run() == "stopped"
    way_in = ListedWayIn(MESSAGES)
    assert await runner(way_in, topics, ledger).run() == "finished"
    assert way_in.asked == [str(kept - 1) if kept else None]
    assert topics.ids() == IDS


async def test_cursor_is_kept_after_kafka_has_the_events_only() -> None:
    topics, ledger = Topics(), MemoryLedger()
    kafka = topics.publishers["live.events"]
    kafka.hold = asyncio.Event()
    task = asyncio.create_task(runner(ListedWayIn(MESSAGES), topics, ledger).run())
    await kafka.asked.wait()
    assert "cursor" not in ledger.shards["tiktok-105", 0].values[FEED]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    kafka.hold = None
    await runner(ListedWayIn(MESSAGES), topics, ledger).run()
    assert topics.ids() == IDS


async def test_kafka_that_is_away_is_waited_for() -> None:
    topics, ledger = Topics(), MemoryLedger()
    kafka = topics.publishers["live.events"]
    kafka.failure = Unavailable("Kafka does not answer")
    task = asyncio.create_task(runner(ListedWayIn(MESSAGES), topics, ledger).run())
    await kafka.asked.wait()
    kafka.failure = None
    assert await task == "finished"
    assert topics.ids() == IDS


async def test_kafka_that_is_away_is_told_and_nothing_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.ingest.runner.STATUS_SECONDS", 0.01)
    topics, ledger = Topics(), MemoryLedger()
    kafka = topics.publishers["live.events"]
    kafka.failure = Unavailable("Kafka at there:9092 does not answer")
    one = runner(ListedWayIn(MESSAGES), topics, ledger)
    task = asyncio.create_task(one.run())

    def kept() -> FeedStatus | None:
        return decode_status(ledger.shards["tiktok-105", 0].values.get(FEED, {}).get("status"))

    await until_async(lambda: (status := kept()) is not None and status.state == "blocked")
    blocked = kept()
    assert blocked is not None
    assert (blocked.error, blocked.messages, blocked.events) == ("Kafka at there:9092 does not answer", 0, 0)
    assert "cursor" not in ledger.shards["tiktok-105", 0].values[FEED]
    assert set(ledger.shards["tiktok-105", 0].values) == {FEED}
    kafka.failure = None
    assert await task == "finished"
    assert topics.ids() == IDS
    assert (one.status.messages, one.status.error) == (6, "")


async def test_second_process_fences_the_first() -> None:
    topics, ledger = Topics(), MemoryLedger()
    first = runner(ListedWayIn(MESSAGES, finite=False), topics, ledger)
    task = asyncio.create_task(first.run())
    await until_async(lambda: first.status.messages >= 6)
    await FeedLedger.acquire(ledger, "tiktok-105", FeedMemory(), UnreadMessages(0), NOW_MS)
    with pytest.raises(Fenced):
        await task


async def test_refused_feed_ends_the_process_only_where_no_other_goes_on() -> None:
    topics = Topics()
    refused = runner(ListedWayIn([], errors=[FeedRefused("401: look at `token`")]), topics, MemoryLedger())
    going = runner(ListedWayIn(MESSAGES), topics, MemoryLedger())
    assert await supervise([refused, going]) == 2
    assert topics.ids() == IDS
    assert (refused.status.state, refused.status.error) == ("refused", "401: look at `token`")
    assert going.status.state == "finished"


async def test_feeds_run_while_kafka_does_not_say_whether_it_takes_us() -> None:
    never = asyncio.get_running_loop().create_future()
    topics, ledger = Topics(), MemoryLedger()
    assert await unless_refused(never, supervise([runner(ListedWayIn(MESSAGES), topics, ledger)])) == 0
    assert topics.ids() == IDS


async def test_kafka_that_refuses_our_settings_ends_the_feeds() -> None:
    async def refusal() -> UsageError:
        return UsageError("wrong password")

    endless = runner(ListedWayIn(MESSAGES, finite=False, errors=[FeedRefused("404")]), Topics(), MemoryLedger())
    with pytest.raises(UsageError, match="wrong password"):
        await unless_refused(refusal(), supervise([endless]))


async def test_what_is_told_while_nobody_listens_is_a_gap_where_the_source_keeps_nothing() -> None:
    topics, ledger, times = Topics(), MemoryLedger(), iter(range(NOW_MS, NOW_MS + 10_000_000, 1000))
    way_in = ListedWayIn(MESSAGES, cuts=[2, 1], keeps=False, finite=False)
    one = runner(way_in, topics, ledger, clock=lambda: next(times))
    way_in.on_end = one.stop
    await one.run()
    assert (one.status.gaps, one.status.gap_messages, one.status.connects) == (2, 0, 3)
    assert one.status.last_gap is not None
    assert one.status.last_gap.reason == "no_cursor"
    assert one.status.gap_ms > 0


class Losing:
    """A source that says what it left out."""

    finite = True

    async def messages(self, cursor: str | None) -> Any:
        yield Received(MESSAGES[0], "0")
        yield Gap(NOW_MS - 60_000, NOW_MS, None, "cursor_too_old")
        yield Received(MESSAGES[1], "1", missed=3)


async def test_gaps_are_counted_over_restarts() -> None:
    topics, ledger = Topics(), MemoryLedger()
    for _ in range(2):
        one = runner(Losing(), topics, ledger)
        await one.run()
    assert (one.status.gaps, one.status.gap_messages) == (4, 6)
    assert one.status.gap_ms >= 120_000


async def test_status_in_the_ledger_says_how_the_feed_stands() -> None:
    topics, ledger = Topics(), MemoryLedger()
    unknown = json.dumps({"type": "BrandNew", "user": {"nickname": "alice", "id": 7}})
    await runner(ListedWayIn([*MESSAGES, unknown]), topics, ledger).run()
    one = runner(ListedWayIn([*MESSAGES, unknown, unknown]), topics, ledger)
    await one.run()
    status = decode_status(ledger.shards["tiktok-105", 0].values[FEED]["status"])
    assert status is not None
    assert status == one.status
    assert (status.state, status.cursor, status.messages, status.events) == ("finished", "7", 8, 6)
    assert (status.last_message_ms, status.last_event_ms, status.lag_ms) == (NOW_MS + 500, NOW_MS, 500)
    (unread,) = status.unread
    assert (unread.type, unread.reason, unread.count) == ("BrandNew", "unknown_type", 2)
    assert unread.shape == "{type: text(8), user: {nickname: text(5), id: number}}"


async def test_event_that_no_stage_would_take_is_counted_and_stays_out() -> None:
    topics = Topics()
    ahead = comment(0).replace(str(NOW_MS), str(NOW_MS + 30 * 3_600_000))
    one = runner(ListedWayIn([ahead, MESSAGES[1]]), topics, MemoryLedger())
    await one.run()
    assert topics.ids() == IDS[1:2]
    assert one.status.refused == {"time_out_of_range": 1}


async def test_source_that_asks_for_time_is_given_it() -> None:
    topics = Topics()
    way_in = ListedWayIn(MESSAGES, errors=[FeedUnavailable("429", after_seconds=0.2)])
    started = asyncio.get_running_loop().time()
    await runner(way_in, topics, MemoryLedger()).run()
    assert asyncio.get_running_loop().time() - started >= 0.2
    assert topics.ids() == IDS


async def test_emptied_redis_gets_the_cursor_again() -> None:
    topics, ledger = Topics(), MemoryLedger()
    way_in = ListedWayIn(MESSAGES, cuts=[3])
    one = runner(way_in, topics, ledger)
    asked = way_in.messages

    def emptied(cursor: str | None) -> Any:
        if cursor is not None:
            ledger.restore({})
        return asked(cursor)

    way_in.messages = emptied  # type: ignore[method-assign] # Redis is emptied between two connections
    await one.run()
    assert topics.ids() == IDS
    assert ledger.shards["tiktok-105", 0].values[FEED]["cursor"] == b"5"


async def test_message_that_is_too_large_costs_itself_alone() -> None:
    topics, ledger = Topics(), MemoryLedger()
    sent = [MESSAGES[0], comment(9, "x" * MESSAGE_BYTES), MESSAGES[1], comment(9, "x" * MESSAGE_BYTES)]
    one = runner(ListedWayIn(sent), topics, ledger)
    assert await one.run() == "finished"
    assert topics.ids() == IDS[:2]
    assert (one.status.gap_messages, one.status.last_gap.reason, one.status.cursor) == (2, "too_large", "3")


async def test_connection_that_swallows_a_cancellation_is_ended_all_the_same() -> None:
    class Stubborn(ListedWayIn):
        async def messages(self, cursor: str | None) -> Any:
            yield Received(comment(1).encode(), "1")
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await asyncio.Event().wait()

    one = runner(Stubborn([]), topics := Topics(), MemoryLedger())
    task = asyncio.create_task(one.run())
    await until_async(lambda: bool(topics.ids()))
    one.stop()
    ended, _ = await asyncio.wait({task}, timeout=5)
    assert [one.result() for one in ended] == ["stopped"]
