"""A record on which a stage fails is found and set aside; all others are applied once, in order."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.errors import Unavailable
from streams.events.dead_letters import DeadLetter, MemoryDeadLetterSink
from streams.events.schema import Coordinates
from streams.transport.batch import Batch
from streams.transport.isolation import MAX_TRIES, PIECES, Isolation
from streams.transport.lane import Delivery, FetchSession, Lane
from tests.fakes.transport import Recorder

Fails = Callable[[bytes | None], bool]


@dataclass
class Picky(Recorder):
    """Raises on some records, in `prepare` or in `apply`."""

    in_prepare: Fails = lambda value: False
    in_apply: Fails = lambda value: False
    calls: int = 0

    def prepare(self, batch: Batch) -> Batch:
        self.calls += 1
        if any(map(self.in_prepare, batch.values)):
            raise OverflowError("too much")
        return super().prepare(batch)

    async def apply(self, prepared: Batch) -> None:
        if any(map(self.in_apply, prepared.values)):
            raise ZeroDivisionError
        await super().apply(prepared)


@dataclass
class LogFetcher:
    """Delivers a log in batches of some records, from wherever a session begins."""

    values: list[bytes]
    batch_records: int = 100
    sessions: int = 0
    lane: Lane = field(init=False)

    async def begin(self, session: FetchSession) -> None:
        self.sessions += 1
        asyncio.get_running_loop().call_soon(self._fetch, session)

    def stored(self, delivery: Delivery) -> None:
        delivery.session.stored += 1
        self._fetch(delivery.session)

    def _fetch(self, session: FetchSession) -> None:
        start = session.next_offset
        end = min(start + self.batch_records, len(self.values))
        if start == end or session.ended:
            return
        session.next_offset = end
        session.delivered += 1
        batch = Batch(session.topic, session.partition, range(start, end), [0] * (end - start), self.values[start:end])
        self.lane.deliver(Delivery(session, batch, start, end))


@dataclass
class Run:
    handler: Picky
    fetcher: LogFetcher
    letters: MemoryDeadLetterSink
    failures: list[Exception]

    @property
    def set_aside(self) -> list[int]:
        return sorted(origin.offset for origin in self.letters.letters)


async def no_pause(_: float) -> None:
    await asyncio.sleep(0)


@asynccontextmanager
async def reading(
    handler: Picky, values: list[bytes], letters: MemoryDeadLetterSink | None = None, batch_records: int = 100
) -> AsyncIterator[Run]:
    fetcher = LogFetcher(values, batch_records)
    run = Run(handler, fetcher, letters or MemoryDeadLetterSink(), [])
    isolation = Isolation("recorder", run.letters, sleep=no_pause)
    ended = asyncio.Event()

    def failed(error: Exception, at: Coordinates) -> None:
        run.failures.append(error)
        ended.set()

    def applied() -> None:
        if handler.stored["t", 0] == len(values):
            ended.set()

    handler.on_applied = applied
    lane = fetcher.lane = Lane("t", 0, handler, fetcher, failed, isolation)
    try:
        await asyncio.wait_for(ended.wait(), 20)
        yield run
    finally:
        await lane.close()


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def one_of(*values: bytes) -> Fails:
    return lambda value: value in values


@pytest.mark.parametrize(
    "handler",
    [Picky(("t",), in_prepare=one_of(b"137")), Picky(("t",), in_apply=one_of(b"137"))],
    ids=["prepare", "apply"],
)
async def test_record_that_fails_is_set_aside_and_the_partition_goes_on(handler: Picky) -> None:
    values = numbered(300)
    async with reading(handler, values) as run:
        pass
    assert run.set_aside == [137]
    assert run.handler.applied["t", 0] == [(at, value) for at, value in enumerate(values) if at != 137]
    letter = run.letters.letters[Coordinates("t", 0, 137)]
    assert (letter.reason, letter.stage, letter.value) == ("undigestible", "recorder", b"137")
    assert re.fullmatch(r"recorder fails on it: \w+Error in transport/test_isolation.py:\d+", letter.detail)


async def test_record_that_fails_now_and_then_is_applied_after_all() -> None:
    failures = iter([True, True])
    handler = Picky(("t",), in_apply=lambda value: value == b"5" and next(failures, False))
    async with reading(handler, numbered(20)) as run:
        pass
    assert run.set_aside == []
    assert run.handler.values() == numbered(20)


@pytest.mark.parametrize("at", [0, 99, 100, 199])
async def test_record_at_a_border_of_a_batch_is_set_aside(at: int) -> None:
    async with reading(Picky(("t",), in_prepare=one_of(b"%d" % at)), numbered(200)) as run:
        pass
    assert run.set_aside == [at]
    assert run.handler.stored["t", 0] == 200
    assert len(run.handler.values()) == 199


async def test_finding_a_record_among_thousands_takes_few_tries() -> None:
    handler = Picky(("t",), in_prepare=one_of(b"2777"))
    async with reading(handler, numbered(4_000), batch_records=4_000) as run:
        pass
    assert run.set_aside == [2777]
    assert run.fetcher.sessions <= 4 + MAX_TRIES
    assert handler.calls < 8 * PIECES


async def test_stage_that_fails_without_a_record_ends_the_worker() -> None:
    class Broken(Picky):
        async def apply(self, prepared: Batch) -> None:
            raise ZeroDivisionError

    async with reading(Broken(("t",)), numbered(3)) as run:
        pass
    assert [type(error) for error in run.failures] == [ZeroDivisionError]
    assert not run.handler.applied


async def test_dead_letter_waits_for_kafka_and_nothing_goes_past_its_record() -> None:
    class Away(MemoryDeadLetterSink):
        refusals = 2

        async def send(self, letters: Sequence[DeadLetter]) -> None:
            assert handler.stored["t", 0] <= 1
            if self.refusals:
                self.refusals -= 1
                raise Unavailable("Kafka does not take dead letters")
            await super().send(letters)

    handler = Picky(("t",), in_apply=one_of(b"1"))
    async with reading(handler, numbered(3), Away()) as run:
        pass
    assert run.set_aside == [1]
    assert handler.values() == [b"0", b"2"]


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, 59), max_size=6), st.sets(st.integers(0, 59), max_size=4), st.integers(1, 60))
async def test_every_record_is_applied_once_or_set_aside(
    in_prepare: set[int], in_apply: set[int], batch_records: int
) -> None:
    handler = Picky(
        ("t",),
        in_prepare=lambda value: int(value or b"-1") in in_prepare,
        in_apply=lambda value: int(value or b"-1") in in_apply,
    )
    async with reading(handler, numbered(60), batch_records=batch_records) as run:
        pass
    bad = in_prepare | in_apply
    assert run.set_aside == sorted(bad)
    assert run.handler.values() == [value for at, value in enumerate(numbered(60)) if at not in bad]
