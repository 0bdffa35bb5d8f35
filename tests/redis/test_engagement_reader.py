"""Reading the counters back from a real Redis; minutes are counted from 10:00."""

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import redis as sync_redis
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.backoff import NoBackoff
from redis.retry import Retry

from deploy.local.process import free_port
from deploy.local.redis import LocalRedis
from streams.engagement.dictionary import PEOPLE, SUMS, Scope, Window
from streams.engagement.handler import EngagementHandler
from streams.engagement.pending import PENDING_MINUTES
from streams.engagement.reader import EngagementReader
from streams.errors import Unavailable, UsageError
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.events.schema import Event
from streams.ledger.protocol import Ledger
from streams.ledger.redis import RedisLedger
from streams.topology import ENGAGEMENT, LIVE, SOCIAL
from streams.transport.batch import Batch
from tests.builders.events import TEN_MS, event
from tests.fakes.engagement_worker import LOG_MS, log_of
from tests.servers.redis_cluster import one_node_cluster


class Rolling:
    """A ledger on a real Redis, what is fed to it, and its reader."""

    def __init__(self, ledger: Ledger, reader: EngagementReader) -> None:
        self.ledger = ledger
        self.reader = reader
        self.sink = MemoryDeadLetterSink()

    async def feed(self, *events: Event, topic: str = LIVE, partition: int = 0) -> None:
        handler = EngagementHandler(self.ledger, self.sink, session_ttl_seconds=3600)
        await handler.assigned(topic, partition)
        offsets, values = zip(*log_of(events), strict=True)
        await handler.apply(handler.prepare(Batch(topic, partition, offsets, [LOG_MS] * len(values), values)))


@pytest.fixture
async def rolling(redis_server: LocalRedis, namespace: str) -> AsyncIterator[Rolling]:
    client = Redis.from_url(redis_server.url)
    with sync_redis.Redis.from_url(redis_server.url) as reading:
        yield Rolling(RedisLedger(client, ENGAGEMENT, namespace), EngagementReader(reading, namespace))
    await client.aclose()


async def test_windows_end_with_the_newest_minute(rolling: Rolling) -> None:
    """likes at   9:00   9:01   9:55   9:56   10:00      windows that end at 10:00"""
    await rolling.feed(*(event("like", at, value=10**power) for power, at in enumerate((-60, -59, -5, -4, 0))))
    likes = {window: rolling.reader.sums("room", "r1", window)["likes"] for window in ("1m", "5m", "60m", "24h")}
    assert likes == {"1m": 10_000, "5m": 11_000, "60m": 11_110, "24h": 11_111}
    assert rolling.reader.sums("room", "r1", "5m", TEN_MS - 4 * 60_000)["likes"] == 1_100


async def test_day_is_twenty_four_hours_with_the_present_one(rolling: Rolling) -> None:
    await rolling.feed(event("like", -24 * 60), event("like", -23 * 60, value=10), event("like", 30, value=100))
    assert rolling.reader.sums("brand", "b1", "24h")["likes"] == 110


async def test_every_sum_and_every_people_is_there(rolling: Rolling) -> None:
    await rolling.feed(event("enter", person="a"))
    assert rolling.reader.sums("room", "r1", "1m") == dict.fromkeys(SUMS, 0) | {"views": 1}
    assert rolling.reader.people("room", "r1", "1m") == dict.fromkeys(PEOPLE, 0) | {"viewers": 1}


async def test_unknown_id_reads_as_zero(rolling: Rolling) -> None:
    assert set(rolling.reader.sums("room", "none", "session").values()) == {0}
    assert rolling.reader.gauges("room", "none", "24h") == {}
    assert rolling.reader.kpis("room", "none", "5m").interaction_rate is None
    assert rolling.reader.ids("room") == []
    assert rolling.reader.all_scopes("room", 5, TEN_MS) == {}
    assert rolling.reader.newest_event_ms() == {}


async def test_shards_add_up_and_their_people_unite(rolling: Rolling) -> None:
    await rolling.feed(event("comment", 0, "a"), event("comment", 0, "b"))
    await rolling.feed(event("comment", 0, "b", room_id="r2"), event("follow", 0, "c", room_id="r2"), partition=1)
    await rolling.feed(event("comment", 0, "d", room_id=None), event("follow", 0, "c", room_id=None), topic=SOCIAL)
    assert rolling.reader.sums("brand", "b1", "5m")["comments"] == 4
    people = rolling.reader.people("brand", "b1", "5m")
    assert (people["viewers"], people["interacting"], people["new_followers"]) == (3, 4, 1)
    assert rolling.reader.people("room", "r1", "5m")["viewers"] == 2


async def test_a_quiet_rooms_window_ends_where_its_own_shard_stands(rolling: Rolling) -> None:
    await rolling.feed(event("like", 0))
    await rolling.feed(event("like", 300, room_id="r9", brand_id="b9"), partition=1)
    assert rolling.reader.sums("room", "r1", "5m")["likes"] == 1
    assert rolling.reader.sums("platform", "douyin", "5m")["likes"] == 1
    assert rolling.reader.newest_event_ms() == {LIVE: TEN_MS + 300 * 60_000}


async def test_session_is_the_latest_or_the_one_asked_for(rolling: Rolling) -> None:
    await rolling.feed(
        event("payment", -300, "a", session_id="morning", product_id="p1", amount=5),
        event("payment", 0, "b", session_id="evening", product_id="p1", amount=7),
        event("refund", 1, "a", session_id="morning", amount=5),
    )
    reader = rolling.reader
    assert reader.sessions("room", "r1") == ["morning", "evening"]
    assert reader.sums("room", "r1", "session")["refund_value"] == 5
    assert reader.sums("room", "r1", "session", session_id="evening")["paid_value"] == 7
    assert reader.sums("product", "p1", "session")["paid_value"] == 7
    assert reader.people("room", "r1", "session", session_id="evening")["payers"] == 1
    with pytest.raises(UsageError, match="a brand has none"):
        reader.sums("brand", "b1", "session")


async def test_new_followers_are_those_of_the_window(rolling: Rolling) -> None:
    await rolling.feed(
        event("follow", -30, "early", session_id="s1"), event("follow", 0, "late", session_id="s1"),
        event("follow", 0, "gone", session_id="s1"), event("unfollow", 0.5, "gone", session_id="s1"),
    )  # fmt: skip
    followers = {
        window: rolling.reader.people("room", "r1", window)["new_followers"] for window in ("5m", "60m", "session")
    }
    assert followers == {"5m": 1, "60m": 2, "session": 2}


async def test_gauges_tell_the_latest_and_the_peak(rolling: Rolling) -> None:
    counts = [(-59, 90), (-2, 30), (-1, 70), (0, 50)]
    await rolling.feed(*(event("viewers", at, value=count, value_mode="snapshot") for at, count in counts))
    assert rolling.reader.gauges("room", "r1", "5m") == {"viewers_now": 50, "viewers_peak": 70}
    assert rolling.reader.gauges("room", "r1", "24h") == {"viewers_now": 50, "viewers_peak": 90}
    assert rolling.reader.gauges("brand", "b1", "5m") == {}


async def test_figures_have_their_denominators(rolling: Rolling) -> None:
    await rolling.feed(
        event("exposure", value=10),
        *(event("enter", person=person) for person in "abcd"),
        *(event("product_shown", person=person, product_id="p1") for person in "abc"),
        *(event("product_click", person=person, product_id="p1") for person in "ab"),
        event("order", person="a", product_id="p1", amount=800),
        event("payment", person="a", product_id="p1", amount=600),
        event("refund", person="a", product_id="p1", amount=200),
        event("comment", person="a"),
        event("comment", person="a"),
        event("follow", person="b"),
        event("watch", person="a", value=90),
        event("leave", person="b", value=30),
    )
    figures = rolling.reader.kpis("room", "r1", "5m")
    assert (figures.stay_seconds, figures.stay_estimated) == (30, False)
    assert (figures.interaction_rate, figures.follow_rate, figures.entry_rate) == (0.5, 0.25, 0.4)
    assert (figures.click_rate, figures.conversion_rate, figures.refund_rate) == (2 / 3, 0.5, 1)
    assert list(figures.funnel.values()) == [3, 2, 1, 1, 1]
    assert (figures.created_gmv, figures.paid_gmv, figures.net_gmv) == (800, 600, 400)
    assert (figures.gpm_pv, figures.gpm_uv, figures.viewer_value, figures.buyer_value) == (150_000, 150_000, 150, 600)


async def test_stay_is_estimated_where_nobody_tells_of_leaving(rolling: Rolling) -> None:
    """Little's law: 60 people online on average, 120 arrivals in 5 minutes: they stay 150 seconds."""
    entries = [event("enter", 0, f"p{number}") for number in range(120)]
    await rolling.feed(*entries, *(event("viewers", at, value=60, value_mode="snapshot") for at in (-2, -1, 0)))
    figures = rolling.reader.kpis("room", "r1", "5m")
    assert (figures.stay_seconds, figures.stay_estimated) == (150, True)


async def test_stay_of_a_session_is_estimated_over_the_session(rolling: Rolling) -> None:
    entries = [event("enter", at, f"p{at}-{number}", session_id="s1") for at in (0, 1) for number in range(150)]
    reports = [event("viewers", at, value=300, value_mode="snapshot", session_id="s1") for at in (0, 1)]
    await rolling.feed(*entries, *reports)
    figures = rolling.reader.kpis("room", "r1", "session")
    assert (figures.stay_seconds, figures.stay_estimated) == (120, True)
    assert rolling.reader.kpis("room", "r1", "24h").stay_seconds is None


async def test_stay_is_unknown_where_nothing_tells_of_it(rolling: Rolling) -> None:
    await rolling.feed(event("enter", 0, "a", session_id="s1"), event("comment", 0, "a", session_id="s1"))
    for window in ("5m", "60m", "24h", "session"):
        assert rolling.reader.kpis("room", "r1", window).stay_seconds is None


async def test_arrivals_of_a_sampled_room_are_the_platforms_own_count(rolling: Rolling) -> None:
    await rolling.feed(
        *(event("enter", -1, f"p{number}", session_id="s1") for number in range(4)),
        event("viewers", -1, value=300, value_mode="snapshot", total=39_000, session_id="s1"),
        event("viewers", value=312, value_mode="snapshot", total=40_000, session_id="s1"),
        event("payment", person="a", amount=80_000, session_id="s1", subject_id="o1"),
    )
    for window in ("session", "24h"):
        figures = rolling.reader.kpis("room", "r1", window)
        assert (figures.arrivals, figures.arrivals_estimated, figures.gpm_pv) == (40_000, True, 2_000)
    session = rolling.reader.window("room", "r1", "session")
    assert session.sums["views"] == 4
    assert session.gauges == {"viewers_now": 312, "viewers_peak": 312}
    last = rolling.reader.kpis("room", "r1", "5m")
    assert (last.arrivals, last.arrivals_estimated) == (4, False)


async def test_likes_of_a_sampled_room_are_the_growth_of_the_platforms_total(rolling: Rolling) -> None:
    """A collector joins at a total of 98,000; another one tells the same; a worker begins anew in between."""

    def told(total: int, at: float, source: str) -> Event:
        return event("like", at, value=2, total=total, sampled=True, session_id="s1", source=source)

    await rolling.feed(told(98_000, -2, "a"), told(98_000, -2, "b"), told(98_030, -1, "a"))
    await rolling.feed(told(98_030, -1, "a"), told(98_030, -1, "b"), told(98_051, 0, "b"), told(98_051, 0, "a"))
    expected: dict[Window, int] = {"1m": 21, "5m": 53, "24h": 53, "session": 53}
    for window, likes in expected.items():
        counts = rolling.reader.window("room", "r1", window)
        assert (counts.sums["likes"], counts.kpis.likes_total, counts.kpis.likes_estimated) == (likes, 98_051, False)
    assert rolling.reader.sums("brand", "b1", "5m")["likes"] == 53


async def test_likes_of_a_sample_without_a_total_are_estimated(rolling: Rolling) -> None:
    await rolling.feed(event("like", 0, value=3, sampled=True), event("like", 0, value=4, room_id="r2"))
    sampled, counted = (rolling.reader.window("room", room, "5m") for room in ("r1", "r2"))
    assert (sampled.sums["likes"], sampled.kpis.likes_total, sampled.kpis.likes_estimated) == (3, None, True)
    assert (counted.sums["likes"], counted.kpis.likes_total, counted.kpis.likes_estimated) == (4, None, False)


async def test_stay_of_a_sampled_room_goes_by_all_who_came(rolling: Rolling) -> None:
    """300 present over two minutes, 100 enters told of 400 that were: they stay 90 s, not 360 s."""
    entries = [event("enter", at, f"p{at}-{number}", session_id="s1") for at in (0, 1) for number in range(50)]
    reports = [event("viewers", at, value=300, value_mode="snapshot", total=400, session_id="s1") for at in (0, 1)]
    await rolling.feed(*entries, *reports)
    figures = rolling.reader.kpis("room", "r1", "session")
    assert (figures.stay_seconds, figures.stay_estimated) == (90, True)


async def test_session_of_which_only_viewers_are_known_is_there(rolling: Rolling) -> None:
    await rolling.feed(event("viewers", value=100, value_mode="snapshot", session_id="s1"))
    assert rolling.reader.sessions("room", "r1") == ["s1"]
    assert rolling.reader.gauges("room", "r1", "session") == {"viewers_now": 100, "viewers_peak": 100}


async def test_sessions_of_two_rooms_with_one_id_are_read_apart(rolling: Rolling) -> None:
    paid = [("hostA", 0, 10_000), ("hostB", 0, 90_000), ("hostC", 1, 500)]
    for partition in (0, 1):
        await rolling.feed(
            *(
                event("payment", room_id=room, session_id="2026-09-21", amount=amount, product_id="p1")
                for room, shard, amount in paid
                if shard == partition
            ),
            partition=partition,
        )
    for room, _, amount in paid:
        assert rolling.reader.sessions("room", room) == ["2026-09-21"]
        assert rolling.reader.sums("room", room, "session")["paid_value"] == amount
        assert rolling.reader.sums("room", room, "session", session_id="2026-09-21")["paid_value"] == amount
    assert rolling.reader.sums("product", "p1", "session", session_id="2026-09-21")["paid_value"] == 100_500


async def test_room_of_two_platforms_is_two_rooms(rolling: Rolling) -> None:
    await rolling.feed(*(event("like", platform=one, value=n) for one, n in (("douyin", 1), ("tiktok", 20))))
    assert sorted(rolling.reader.ids("room")) == ["r1", "r1@tiktok"]
    likes = {name: rolling.reader.sums("room", name, "60m")["likes"] for name in ("r1", "r1@douyin", "r1@tiktok")}
    assert likes == {"r1": 1, "r1@douyin": 1, "r1@tiktok": 20}
    assert rolling.reader.sums("room", "r1@weibo", "60m")["likes"] == 0
    assert {name: one.sums["likes"] for name, one in rolling.reader.all_scopes("room", 5, TEN_MS).items()} == {
        "r1": 1, "r1@tiktok": 20,
    }  # fmt: skip


async def test_product_of_two_platforms_is_two_products_in_whatever_partitions(rolling: Rolling) -> None:
    for partition, order in ((0, ("douyin", "taobao")), (1, ("taobao", "douyin")), (2, ("douyin",))):
        likes = [event("like", platform=one, product_id="p1", value=10**partition) for one in order]
        await rolling.feed(*likes, event("like", product_id="p2"), partition=partition)
    assert sorted(rolling.reader.ids("product")) == ["p1@douyin", "p1@taobao", "p2"]
    found = {name: rolling.reader.sums("product", name, "60m")["likes"] for name in ("p1@douyin", "p1@taobao", "p2")}
    assert found == {"p1@douyin": 111, "p1@taobao": 11, "p2": 3}


async def test_rates_of_refunds_are_at_most_all(rolling: Rolling) -> None:
    """What was paid an hour ago is refunded now, and a part of an order twice."""
    await rolling.feed(
        event("payment", -90, amount=10_000, subject_id="o0"),
        event("payment", 0, amount=10_000, subject_id="o1"),
        *(event("refund", at, amount=2_500, subject_id="o1") for at in (0, 1)),
    )
    figures = rolling.reader.kpis("room", "r1", "5m")
    assert (figures.refund_rate, figures.refund_value_rate) == (1, 0.5)
    await rolling.feed(event("refund", 2, amount=10_000, subject_id="o0"), partition=1)
    figures = rolling.reader.kpis("brand", "b1", "5m")
    assert (figures.refund_rate, figures.refund_value_rate) == (1, 1)


async def test_minutes_are_told_one_by_one_with_their_viewers(rolling: Rolling) -> None:
    told = [event("viewers", at, value=value, value_mode="snapshot") for at, value in ((-2, 9), (-2, 7), (0, 4))]
    await rolling.feed(event("like", -2, value=3), *told, event("like", 0, value=5))
    minutes = rolling.reader.minutes("room", "r1", 4)
    assert [(one.sums["likes"], one.viewers_peak, one.viewers_last) for one in minutes] == [
        (0, None, None), (3, 9, 7), (0, None, None), (5, 4, 4),
    ]  # fmt: skip


async def test_all_scopes_are_what_each_id_is_alone(rolling: Rolling) -> None:
    viewers = [event("viewers", at, value=value, value_mode="snapshot") for at, value in ((-2, 30), (-1, 20))]
    await rolling.feed(
        event("comment", -9, room_id="too-old"), event("comment", -4), *viewers,
        event("like", -1, value=7, room_id="r2"), event("comment"),
    )  # fmt: skip
    scopes = rolling.reader.all_scopes("room", 5, TEN_MS)
    assert set(scopes) == {"r1", "r2"}
    for room, totals in scopes.items():
        assert totals.sums == rolling.reader.sums("room", room, "5m", TEN_MS)
        assert totals.viewers_now == rolling.reader.gauges("room", room, "5m", TEN_MS).get("viewers_now")
    assert (scopes["r1"].sums["comments"], scopes["r1"].viewers_now) == (2, 20)
    assert (scopes["r2"].sums["likes"], scopes["r2"].viewers_now) == (7, None)
    assert rolling.reader.newest_event_ms() == {LIVE: TEN_MS}


async def test_window_is_its_parts_together(rolling: Rolling) -> None:
    await rolling.feed(
        event("enter", 0, "a", session_id="s1"), event("follow", 0, "b", session_id="s1"),
        event("viewers", 0, value=9, value_mode="snapshot", session_id="s1"),
    )  # fmt: skip
    for window in ("5m", "24h", "session"):
        counts = rolling.reader.window("room", "r1", window)
        assert counts.sums == rolling.reader.sums("room", "r1", window)
        assert counts.people == rolling.reader.people("room", "r1", window)
        assert counts.gauges == rolling.reader.gauges("room", "r1", window) == {"viewers_now": 9, "viewers_peak": 9}
        assert counts.kpis == rolling.reader.kpis("room", "r1", window)
        assert (counts.sums["views"], counts.people["viewers"], counts.people["new_followers"]) == (1, 2, 1)


async def test_ids_come_with_the_latest_active_first(rolling: Rolling) -> None:
    rooms = {"r-old": -600, "r-2": -30, "r-1": -30, "r-new": 0, "r-yesterday": -1370}
    await rolling.feed(*(event("like", at, room_id=room, product_id=f"p-{room}") for room, at in rooms.items()))
    assert rolling.reader.ids("room") == ["r-new", "r-1", "r-2", "r-old", "r-yesterday"]
    assert rolling.reader.ids("room", limit=2) == ["r-new", "r-1"]
    assert rolling.reader.ids("product")[0] == "p-r-new"
    assert rolling.reader.ids("platform") == ["douyin"]


async def test_large_crowd_is_folded_and_estimated(rolling: Rolling) -> None:
    """More people than one log takes: it is folded twice, in Redis a block of 16 KB a group stays."""
    events = [event("enter", person=f"u{number}") for number in range(45_000)]
    handler = EngagementHandler(rolling.ledger, rolling.sink, session_ttl_seconds=3600)
    await handler.assigned(LIVE, 0)
    log = log_of(events)
    for start in range(0, len(log), 5_000):
        offsets, values = zip(*log[start : start + 5_000], strict=True)
        await handler.apply(handler.prepare(Batch(LIVE, 0, offsets, [LOG_MS] * len(values), values)))
    assert rolling.reader.people("platform", "douyin", "1m")["viewers"] == pytest.approx(45_000, rel=0.03)
    claim = await rolling.ledger.acquire(LIVE, 0)
    [log_bytes] = await rolling.ledger.load_strings(claim, [f"people:minute:{TEN_MS // 60_000}:f:douyin"])
    assert len(log_bytes or b"") < 80_000


async def test_reader_without_a_server_is_unavailable() -> None:
    reader = EngagementReader(sync_redis.Redis(port=free_port(), retry=Retry(NoBackoff(), 0)), "pw")
    with pytest.raises(Unavailable, match="Redis does not answer"):
        reader.sums("room", "r1", "1m")


async def test_counters_are_written_to_and_read_from_a_cluster(stack_folder: Path, namespace: str) -> None:
    async with one_node_cluster(stack_folder) as server:
        client = RedisCluster(host="127.0.0.1", port=server.port)
        with sync_redis.RedisCluster(host="127.0.0.1", port=server.port) as reading:
            rolling = Rolling(RedisLedger(client, ENGAGEMENT, namespace), EngagementReader(reading, namespace))
            for partition in range(3):
                await rolling.feed(event("follow", 0, "a"), event("gift", 0, "b", subject_id="g"), partition=partition)
            assert rolling.reader.sums("brand", "b1", "5m")["gifts"] == 3
            assert rolling.reader.people("brand", "b1", "24h")["interacting"] == 2
            assert rolling.reader.ids("room") == ["r1"]
        await client.aclose()


class Interrupted:
    """A client in whose round trip something else happens once, before the command of a number."""

    def __init__(self, client: sync_redis.Redis, before: int, happens: Callable[[], None]) -> None:
        self._client = client
        self._before = before
        self._happens = happens
        self.commands = 0

    def pipeline(self, **_: object) -> "Interrupted":
        self._asked: list[tuple[Any, ...]] = []
        return self

    def execute_command(self, *command: Any) -> None:
        self._asked.append(command)

    def execute(self) -> list[Any]:
        return [self._execute(command) for command in self._asked]

    def _execute(self, command: tuple[Any, ...]) -> Any:
        if self.commands == self._before:
            self._happens()
        self.commands += 1
        return self._client.execute_command(*command)  # type: ignore[no-untyped-call]  # redis leaves it so


async def test_what_is_pending_is_read_once_while_it_is_given(
    rolling: Rolling, redis_server: LocalRedis, namespace: str
) -> None:
    """A worker gives an hour and a session what is pending between any two commands of a reader."""
    await rolling.feed(event("payment", 0, "a", session_id="s1", product_id="p1", amount=7))
    with sync_redis.Redis.from_url(redis_server.url) as client:
        before = stored(client, namespace)
        handler = EngagementHandler(rolling.ledger, rolling.sink, session_ttl_seconds=3600)
        await handler.assigned(LIVE, 0)
        [(_, value)] = log_of([event("like", PENDING_MINUTES, brand_id="b2", room_id="r2", platform="tiktok")])
        await handler.apply(handler.prepare(Batch(LIVE, 0, [1], [LOG_MS], [value])))
        after = stored(client, namespace)

        def restore(keys: Mapping[bytes, bytes]) -> None:
            client.delete(*client.keys(f"{namespace}:*"))
            for key, dump in keys.items():
                client.restore(key, 0, dump)

        whole = {name: before[name] != after[name] for name in before.keys() & after.keys()}
        assert any(b"pending:" in name and changed for name, changed in whole.items())
        asked: list[tuple[Scope, str, Window]] = [
            ("room", "r1", "session"), ("product", "p1", "session"), ("room", "r1", "24h"), ("brand", "b1", "24h"),
        ]  # fmt: skip
        for scope, scope_id, window in asked:
            at = 0
            while True:
                restore(before)
                interrupted = Interrupted(client, at, lambda: restore(after))
                reader = EngagementReader(interrupted, namespace)
                counts = reader.window(scope, scope_id, window)
                assert (counts.sums["payments"], counts.sums["paid_value"], counts.people["payers"]) == (1, 7, 1)
                if interrupted.commands <= at:
                    break
                at += 1


def stored(client: sync_redis.Redis, namespace: str) -> dict[bytes, bytes]:
    return {key: client.dump(key) for key in client.keys(f"{namespace}:*")}  # type: ignore[misc]  # keys may be text to it


async def test_ids_of_a_shard_that_stopped_are_those_that_are_pending_too(rolling: Rolling) -> None:
    await rolling.feed(event("like", 0, room_id="stopped"))
    await rolling.feed(event("like", 90, room_id="goes-on"), partition=1)
    assert rolling.reader.ids("room") == ["goes-on", "stopped"]
