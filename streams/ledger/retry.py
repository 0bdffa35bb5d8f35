"""Waiting for a server that does not answer: nothing was applied, so the same call is made again until it is."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from streams.errors import Unavailable
from streams.ledger.protocol import Claim, Ledger, Update
from streams.metrics import LEDGER_OUTCOMES

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits of 0.2 s, 0.4 s, 0.8 s … up to 10 s."""

    first_seconds: float = 0.2
    cap_seconds: float = 10.0
    factor: float = 2.0

    def after(self, seconds: float) -> float:
        """The wait that follows one of `seconds`."""
        return min(seconds * self.factor, self.cap_seconds)


async def patiently(
    call: Callable[[], Awaitable[Result]],
    *,
    backoff: Backoff = Backoff(),
    sleep: Sleep = asyncio.sleep,
    each_failure: Callable[[], None] = lambda: None,
) -> Result:
    """Call until it does not raise Unavailable. One line says why it waits, one that it goes on."""
    wait_seconds, failures = backoff.first_seconds, 0
    while True:
        try:
            result = await call()
        except Unavailable as reason:
            failures += 1
            each_failure()
            if failures == 1:
                log.warning("%s; waiting, nothing is lost", reason)
            await sleep(wait_seconds)
            wait_seconds = backoff.after(wait_seconds)
        else:
            if failures:
                log.warning("Answered after %d tries; going on", failures + 1)
            return result


class PatientLedger:
    """A ledger that waits instead of raising Unavailable, and counts what it applied and how often it
    waited; who hears of Fenced and OffsetMoved counts these."""

    def __init__(
        self,
        ledger: Ledger,
        stage: str,
        *,
        backoff: Backoff = Backoff(),
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._backoff = backoff
        self._sleep = sleep
        self._applied = LEDGER_OUTCOMES.labels(stage, "applied")
        self._unavailable = LEDGER_OUTCOMES.labels(stage, "unavailable")

    async def acquire(self, topic: str, partition: int) -> Claim:
        return await self._patiently(lambda: self._ledger.acquire(topic, partition))

    async def apply(self, update: Update) -> None:
        await self._patiently(lambda: self._ledger.apply(update))
        self._applied.inc()

    async def load(self, claim: Claim, suffix: str) -> dict[str, bytes]:
        return await self._patiently(lambda: self._ledger.load(claim, suffix))

    async def fields(self, claim: Claim, suffix: str, names: Sequence[str]) -> list[bytes | None]:
        return await self._patiently(lambda: self._ledger.fields(claim, suffix, names))

    async def fields_of(self, claim: Claim, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, bytes]]:
        return await self._patiently(lambda: self._ledger.fields_of(claim, wanted))

    async def strings(self, claim: Claim, suffixes: Sequence[str]) -> list[bytes | None]:
        return await self._patiently(lambda: self._ledger.strings(claim, suffixes))

    async def outbox(self, claim: Claim, limit: int = 1000) -> list[tuple[str, bytes]]:
        return await self._patiently(lambda: self._ledger.outbox(claim, limit))

    async def taken(self, claim: Claim, count: int) -> None:
        await self._patiently(lambda: self._ledger.taken(claim, count))

    async def _patiently(self, call: Callable[[], Awaitable[Result]]) -> Result:
        return await patiently(call, backoff=self._backoff, sleep=self._sleep, each_failure=self._unavailable.inc)
