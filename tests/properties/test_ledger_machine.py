"""The ledger's promise under any order of deliveries, deaths and takeovers: what is stored equals a recount of the
records below the stored offset.

Record `n` of the log adds n + 1 to one of three counters and puts itself into the outbox, so a lost or repeated record
shows in a sum.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from redis.asyncio import Redis

from deploy.local.redis import LocalRedis
from streams.errors import Fenced, OffsetMoved
from streams.ledger.memory import MemoryLedger
from streams.ledger.protocol import Claim, Effects, Ledger, Update
from streams.ledger.redis import RedisLedger

Result = TypeVar("Result")
SIZES = st.integers(1, 40)


def counter(offset: int) -> str:
    return "abc"[offset % 3]


def effects(first: int, until: int) -> Effects:
    sums: Counter[str] = Counter()
    for offset in range(first, until):
        sums[counter(offset)] += offset + 1
    return Effects(sums={"s": sums}, outbox=[(str(offset), b"") for offset in range(first, until)])


class LedgerMachine(RuleBasedStateMachine):
    """Workers come, deliver batches of any size, die at any point, and come back as zombies."""

    def __init__(self, ledger: Ledger, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        super().__init__()
        self.ledger, self.run = ledger, run
        self.topic = f"t-{uuid4().hex[:8]}"
        self.claim: Claim = self.run(self.ledger.acquire(self.topic, 0))
        self.at = 0
        self.zombies: list[tuple[Claim, int]] = []
        self.last: Update | None = None
        self.trimmed = 0

    def update(self, size: int) -> Update:
        return Update(self.claim, self.at, self.at + size, effects(self.at, self.at + size))

    @rule(size=SIZES)
    def deliver(self, size: int) -> None:
        self.last = self.update(size)
        self.run(self.ledger.apply(self.last))
        self.at += size

    @rule(size=SIZES, repeats=st.integers(1, 3))
    def deliver_and_lose_the_reply(self, size: int, repeats: int) -> None:
        self.last = self.update(size)
        for _ in range(repeats + 1):
            self.run(self.ledger.apply(self.last))
        self.at += size

    @rule()
    def crash_before_apply(self) -> None:
        self.reassign()

    @rule(size=SIZES)
    def crash_after_apply(self, size: int) -> None:
        """The worker dies before it knows that its batch was stored; the next one reads with other borders."""
        self.run(self.ledger.apply(self.update(size)))
        self.at += size
        self.last = None
        self.reassign()

    @rule()
    def reassign(self) -> None:
        self.zombies.append((self.claim, self.at))
        self.claim = self.run(self.ledger.acquire(self.topic, 0))
        assert self.claim.next_offset == self.at

    @precondition(lambda self: self.zombies)
    @rule(size=SIZES, data=st.data())
    def zombie_writes(self, size: int, data: st.DataObject) -> None:
        claim, at = data.draw(st.sampled_from(self.zombies))
        with pytest.raises(Fenced):
            self.run(self.ledger.apply(Update(claim, at, at + size, effects(at, at + size))))
        with pytest.raises(Fenced):
            self.run(self.ledger.trim_outbox(claim, 1))

    @precondition(lambda self: self.at > 0)
    @rule(size=SIZES, data=st.data())
    def redeliver_with_other_borders(self, size: int, data: st.DataObject) -> None:
        start = data.draw(st.integers(0, self.at - 1))
        until = start + size
        if until == self.at:  # the very update that stands there, as far as the ledger can tell
            until += 1
        with pytest.raises(OffsetMoved) as moved:
            self.run(self.ledger.apply(Update(self.claim, start, until, effects(start, until))))
        assert moved.value.stored_offset == self.at

    @rule(count=st.integers(0, 20))
    def publish(self, count: int) -> None:
        records = self.run(self.ledger.peek_outbox(self.claim, limit=count)) if count else []
        assert [key for key, _ in records] == [str(self.trimmed + position) for position in range(len(records))]
        self.run(self.ledger.trim_outbox(self.claim, len(records)))
        self.trimmed += len(records)

    def teardown(self) -> None:
        recount: Counter[str] = Counter()
        for offset in range(self.at):
            recount[counter(offset)] += offset + 1
        stored = self.run(self.ledger.load_hash(self.claim, "s"))
        assert {name: int(value) for name, value in stored.items()} == dict(recount)
        waiting = self.run(self.ledger.peek_outbox(self.claim, limit=100_000))
        assert [int(key) for key, _ in waiting] == list(range(self.trimmed, self.at))


def test_memory_ledger_holds_its_promise_in_any_order() -> None:
    run_state_machine_as_test(
        lambda: LedgerMachine(MemoryLedger(), asyncio.run),  # type: ignore[arg-type]  # any factory serves
        settings=settings(max_examples=60, stateful_step_count=30, deadline=None, derandomize=True),
    )


def test_redis_ledger_holds_its_promise_in_any_order(redis_server: LocalRedis, namespace: str) -> None:
    with asyncio.Runner() as runner:
        client = Redis.from_url(redis_server.url, socket_timeout=10)
        ledger = RedisLedger(client, "machine", namespace)
        run_state_machine_as_test(
            lambda: LedgerMachine(ledger, runner.run),  # type: ignore[arg-type]  # any factory serves
            settings=settings(
                max_examples=15,
                stateful_step_count=25,
                deadline=None,
                derandomize=True,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
        runner.run(client.aclose())
