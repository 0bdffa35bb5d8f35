"""Waiting for a ledger that does not answer."""

import logging

import pytest
from prometheus_client import REGISTRY

from streams.backoff import Backoff
from streams.errors import Fenced, Unavailable
from streams.ledger.memory import MemoryLedger
from streams.ledger.protocol import Claim, Effects, Update
from streams.ledger.retry import RetryingLedger, retrying


class Flaky(MemoryLedger):
    """Unavailable for the first `failures` calls of apply; with `loses_reply` it has applied before it says so."""

    def __init__(self, failures: int, *, loses_reply: bool = False) -> None:
        super().__init__()
        self.failures = failures
        self.loses_reply = loses_reply

    async def apply(self, update: Update) -> None:
        if self.failures:
            self.failures -= 1
            if self.loses_reply:
                await super().apply(update)
            raise Unavailable("Redis does not answer: connection refused")
        await super().apply(update)


class Waits:
    """A clock's sleep that takes no time and notes how long it should have."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def outcomes(stage: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("pulsewatch_ledger_outcomes_total", {"stage": stage, "outcome": outcome}) or 0.0


@pytest.mark.parametrize("loses_reply", [False, True])
async def test_apply_waits_with_backoff_and_counts_once(loses_reply: bool, caplog: pytest.LogCaptureFixture) -> None:
    waits, memory = Waits(), Flaky(4, loses_reply=loses_reply)
    ledger = RetryingLedger(memory, "patient", backoff=Backoff(1, max_seconds=5), sleep=waits)
    claim = await ledger.acquire("t", 0)
    before = outcomes("patient", "unavailable")
    with caplog.at_level(logging.WARNING):
        await ledger.apply(Update(claim, 0, 10, Effects(sums={"s": {"a": 1}})))
    assert waits.seconds == [1, 2, 4, 5]
    assert await ledger.load_hash(claim, "s") == {"a": b"1"}
    assert outcomes("patient", "unavailable") - before == 4
    assert caplog.messages == [
        "Redis does not answer: connection refused; waiting, nothing is lost",
        "Answered after 5 tries; going on",
    ]


async def test_fenced_is_not_waited_for() -> None:
    waits = Waits()
    ledger = RetryingLedger(MemoryLedger(), "patient", sleep=waits)
    former = await ledger.acquire("t", 0)
    await ledger.acquire("t", 0)
    with pytest.raises(Fenced):
        await ledger.apply(Update(former, 0, 10, Effects()))
    assert waits.seconds == []


async def test_patiently_returns_what_the_call_returns() -> None:
    async def call() -> Claim:
        return Claim("t", 0, 1, 0)

    assert await retrying(call) == Claim("t", 0, 1, 0)
