"""Waiting for a fact instead of for a time: the one loop with a deadline."""

import asyncio
import time
from collections.abc import Callable

DEADLINE_SECONDS = 120.0
POLL_SECONDS = 0.01


class InVainError(AssertionError):
    """What was waited for did not come true in time."""


def until(
    condition: Callable[[], bool],
    what: str = "the condition holds",
    seconds: float = DEADLINE_SECONDS,
    poll_seconds: float = POLL_SECONDS,
) -> None:
    """Block until the condition holds. Raises InVainError, which names what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise InVainError(f"in vain, for {seconds:.0f} s: {what}")
        time.sleep(poll_seconds)


async def until_async(
    condition: Callable[[], bool], what: str = "the condition holds", seconds: float = DEADLINE_SECONDS
) -> None:
    """As `until`, while the event loop runs on."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - the condition is another thread's or a server's
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError as timeout:
        raise InVainError(f"in vain, for {seconds:.0f} s: {what}") from timeout
