"""Waiting for a server that does not answer: nothing was applied, so the same call is made again until it is."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import TypeVar

from streams.backoff import Backoff
from streams.errors import Unavailable
from streams.ledger.progress import PROGRESS
from streams.ledger.protocol import Claim, Ledger, Update
from streams.metrics import LEDGER_OUTCOMES

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Sleep = Callable[[float], Awaitable[None]]


async def retrying(
    call: Callable[[], Awaitable[Result]],
    *,
    backoff: Backoff = Backoff(),
    sleep: Sleep = asyncio.sleep,
    each_failure: Callable[[], None] = lambda: None,
) -> Result:
    """Call until it does not raise Unavailable. One line says why it waits, one that it goes on."""
    wait_seconds, failures = backoff.first_seconds, 0
    with ExitStack() as waiting:
        while True:
            try:
                result = await call()
            except Unavailable as reason:
                failures += 1
                each_failure()
                if failures == 1:
                    log.warning("%s; waiting, nothing is lost", reason)
                    waiting.enter_context(PROGRESS.wait())
                await sleep(wait_seconds)
                wait_seconds = backoff.after(wait_seconds)
            else:
                if failures:
                    log.warning("Answered after %d tries; going on", failures + 1)
                return result


class RetryingLedger:
    """Retries on Unavailable. Counts applied and unavailable calls; callers count Fenced and OffsetMoved."""

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
        return await self._retrying(lambda: self._ledger.acquire(topic, partition))

    async def apply(self, update: Update) -> None:
        await self._retrying(lambda: self._ledger.apply(update))
        PROGRESS.stored[update.claim.topic, update.claim.partition] = update.next_offset
        self._applied.inc()

    async def verify(self, claim: Claim, expected_offset: int) -> None:
        await self._retrying(lambda: self._ledger.verify(claim, expected_offset))

    async def load_hash(self, claim: Claim, suffix: str) -> dict[str, bytes]:
        return await self._retrying(lambda: self._ledger.load_hash(claim, suffix))

    async def load_fields(self, claim: Claim, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, bytes]]:
        return await self._retrying(lambda: self._ledger.load_fields(claim, wanted))

    async def load_strings(self, claim: Claim, suffixes: Sequence[str]) -> list[bytes | None]:
        return await self._retrying(lambda: self._ledger.load_strings(claim, suffixes))

    async def peek_outbox(self, claim: Claim, limit: int = 1000) -> list[tuple[str, bytes]]:
        return await self._retrying(lambda: self._ledger.peek_outbox(claim, limit))

    async def trim_outbox(self, claim: Claim, count: int) -> None:
        await self._retrying(lambda: self._ledger.trim_outbox(claim, count))

    async def _retrying(self, call: Callable[[], Awaitable[Result]]) -> Result:
        return await retrying(call, backoff=self._backoff, sleep=self._sleep, each_failure=self._unavailable.inc)
