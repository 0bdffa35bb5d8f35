"""The end of tasks that nobody waits for any longer."""

import asyncio
from collections.abc import Collection
from typing import Any, Final

CANCEL_SECONDS: Final = 1.0
"""After how long what is cancelled and goes on is cancelled again."""


async def end(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks until they end: a client's library may swallow a cancellation that comes amid a connection's end.
    Our own cancellation meanwhile is ours. An error that nobody asked a task for is told by asyncio."""
    pending: Collection[asyncio.Future[Any]] = tasks
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_SECONDS)
