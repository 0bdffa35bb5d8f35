"""A topic that is a list."""

import asyncio
from collections.abc import Sequence


class Kept:
    """A publisher that keeps what it is given, or fails."""

    def __init__(self) -> None:
        self.records: list[tuple[str, bytes]] = []
        self.failure: Exception | None = None
        self.hold: asyncio.Event | None = None
        self.asked = asyncio.Event()

    async def publish(self, records: Sequence[tuple[str, bytes]]) -> None:
        self.asked.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.failure is not None:
            raise self.failure
        self.records += records

    async def close(self) -> None:
        pass
