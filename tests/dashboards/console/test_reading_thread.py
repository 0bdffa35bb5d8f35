"""What waits for the one thread, and in which order it gets it."""

import asyncio
import threading

import pytest

from dashboards.console.reading_thread import ReadingThread, Urgency


def test_what_is_awaited_goes_before_refreshes_that_were_asked_earlier() -> None:
    order: list[str] = []

    async def ask() -> None:
        thread, gate = ReadingThread(), threading.Event()
        first = asyncio.ensure_future(thread.call(gate.wait))
        await asyncio.sleep(0)
        refreshes = [
            asyncio.ensure_future(thread.call(lambda: order.append("refresh"), Urgency.REFRESH)) for _ in range(100)
        ]
        await asyncio.sleep(0)
        awaited = asyncio.ensure_future(thread.call(lambda: order.append("awaited")))
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, awaited, *refreshes)
        thread.close()

    asyncio.run(ask())
    assert order == ["awaited", *["refresh"] * 100]


def test_what_fails_is_raised_where_it_was_asked_and_the_thread_goes_on() -> None:
    async def ask() -> int:
        thread = ReadingThread()
        with pytest.raises(ZeroDivisionError):
            await thread.call(lambda: 1 // 0)
        try:
            return await thread.call(lambda: 7)
        finally:
            thread.close()

    assert asyncio.run(ask()) == 7
