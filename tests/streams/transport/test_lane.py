"""The order of a lane's steps, without a broker."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from streams.errors import Fenced
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.events.schema import Coordinates
from streams.transport import lane as lane_module
from streams.transport.isolation import Isolation
from streams.transport.lane import Lane
from tests.fakes.transport import FakeFetcher, Recorder, fenced, moved
from tests.servers.waiting import until_async


class Bench:
    """A lane with fakes on both sides."""

    def __init__(self) -> None:
        self.handler = Recorder(("t",))
        self.fetcher = FakeFetcher()
        self.failures: list[tuple[Exception, Coordinates]] = []
        isolation = Isolation("recorder", MemoryDeadLetterSink())
        self.lane = Lane(
            "t", 0, self.handler, self.fetcher, lambda error, at: self.failures.append((error, at)), isolation
        )

    def deliver(self, *values: bytes, skipped: int = 0) -> None:
        self.lane.deliver(self.fetcher.read(*values, skipped=skipped))


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    await bench.fetcher.begun.wait()
    yield bench
    await bench.lane.close()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_lane_stores_batches_in_order(bench: Bench) -> None:
    for value in (b"a", b"b", b"c"):
        bench.deliver(value)
    await settled()
    assert bench.handler.applied["t", 0] == [(0, b"a"), (1, b"b"), (2, b"c")]
    assert bench.fetcher.sessions[0].pending == 0


async def test_lane_prepares_the_next_batch_while_one_is_stored(bench: Bench) -> None:
    bench.handler.may_apply.clear()
    bench.deliver(b"a")
    bench.deliver(b"b")
    await settled()
    assert bench.handler.log == ["assigned 0", "prepare 0", "apply 0", "prepare 1"]
    bench.handler.may_apply.set()
    await settled()
    assert bench.handler.log[4:] == ["applied 0", "apply 1", "applied 1"]


async def test_lane_has_capacity_for_two_batches(bench: Bench) -> None:
    bench.handler.may_apply.clear()
    session = bench.fetcher.sessions[0]
    bench.deliver(b"a")
    assert session.has_capacity
    bench.deliver(b"b")
    assert not session.has_capacity
    bench.handler.may_apply.set()
    await settled()
    assert session.has_capacity


async def test_lane_reads_again_from_where_the_ledger_stands(bench: Bench) -> None:
    bench.handler.stored["t", 0] = 1
    bench.handler.refusals.append(moved(1))
    bench.deliver(b"a", b"b")
    stale = bench.fetcher.read(b"c")
    await settled()
    assert bench.fetcher.sessions[-1].next_offset == 1
    bench.lane.deliver(stale)
    bench.deliver(b"b")
    await settled()
    assert bench.handler.applied["t", 0] == [(1, b"b")]
    assert bench.handler.log.count("assigned 0") == 2
    assert not bench.failures


async def test_lane_tells_where_it_failed_and_stores_nothing_more(bench: Bench) -> None:
    bench.handler.refusals.append(fenced())
    bench.deliver(b"a", b"b", skipped=3)
    bench.deliver(b"c")
    await settled()
    [(error, at)] = bench.failures
    assert str(error) == "t:0 is owned by epoch 2, this worker has epoch 1"
    assert at == Coordinates("t", 0, 3)
    assert not bench.handler.applied


async def test_lane_fails_where_a_batch_is_missing(bench: Bench) -> None:
    bench.deliver(b"a")
    bench.fetcher.read(b"lost")
    bench.deliver(b"c")
    await settled()
    assert bench.handler.applied["t", 0] == [(0, b"a")]
    assert str(bench.failures[0][0]) == "records from 1 to 2 did not arrive"


async def test_lane_closing_finishes_the_batch_in_hand_and_drops_the_next(bench: Bench) -> None:
    bench.handler.may_apply.clear()
    bench.deliver(b"a")
    bench.deliver(b"b")
    await settled()
    closing = asyncio.create_task(bench.lane.close())
    await settled()
    assert "revoked 0" not in bench.handler.log
    bench.handler.may_apply.set()
    await closing
    assert bench.handler.applied["t", 0] == [(0, b"a")]
    assert bench.handler.log[-1] == "revoked 0"


async def test_lane_closing_gives_up_a_batch_that_takes_too_long(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.transport.lane.CLOSING_SECONDS", 0.01)
    bench.handler.may_apply.clear()
    bench.deliver(b"a")
    await settled()
    await bench.lane.close()
    bench.handler.may_apply.set()
    await settled()
    assert not bench.handler.applied


async def test_lane_closes_while_the_handler_waits_for_its_partition() -> None:
    class Waiting(Recorder):
        async def assigned(self, topic: str, partition: int) -> int:
            await asyncio.Event().wait()
            raise AssertionError

    handler = Waiting(("t",))
    isolation = Isolation("recorder", MemoryDeadLetterSink())
    lane = Lane("t", 0, handler, FakeFetcher(), lambda *_: None, isolation)
    await settled()
    await lane.close()
    assert handler.log == ["revoked 0"]


class VerifyingRecorder(Recorder):
    """A recorder whose ledger may be emptied while no record comes."""

    verified = 0
    found: Exception | None = None

    async def verify(self, topic: str, partition: int) -> None:
        self.verified += 1
        if self.found is not None:
            found, self.found = self.found, None
            raise found


async def test_idle_lane_notices_a_ledger_that_was_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_module, "VERIFIED_SECONDS", 0.001)
    handler, fetcher, failures = VerifyingRecorder(("t",)), FakeFetcher(), list[Exception]()
    isolation = Isolation("recorder", MemoryDeadLetterSink())
    lane = Lane("t", 0, handler, fetcher, lambda error, _: failures.append(error), isolation)
    await until_async(lambda: handler.verified > 2)
    assert handler.log == ["assigned 0"]
    handler.found = moved(0)
    await until_async(lambda: handler.log == ["assigned 0", "assigned 0"])
    await until_async(lambda: len(fetcher.sessions) == 2)
    lane.deliver(fetcher.read(b"a"))
    await until_async(lambda: handler.applied["t", 0] == [(0, b"a")])
    await lane.close()
    assert failures == []


async def test_idle_lane_that_was_replaced_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_module, "VERIFIED_SECONDS", 0.001)
    handler, failures = VerifyingRecorder(("t",)), list[Exception]()
    handler.found = fenced()
    isolation = Isolation("recorder", MemoryDeadLetterSink())
    lane = Lane("t", 0, handler, FakeFetcher(), lambda error, _: failures.append(error), isolation)
    await until_async(lambda: bool(failures))
    assert isinstance(failures[0], Fenced)
    await lane.close()


async def test_lane_has_work_while_records_wait_here_or_in_kafka(bench: Bench) -> None:
    session = bench.fetcher.sessions[0]
    assert not bench.lane.standing.has_work
    session.log_end = 1
    assert bench.lane.standing.has_work
    before = bench.lane.standing.mark
    bench.deliver(b"a")
    session.position = 1
    assert bench.lane.standing.has_work
    await settled()
    assert not bench.lane.standing.has_work
    assert bench.lane.standing.mark != before
