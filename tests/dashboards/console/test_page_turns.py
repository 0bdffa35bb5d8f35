"""Pages that many ask for at once: whose is read first."""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import cast

import msgspec
import pytest

from dashboards.console.sources import PageSources
from dashboards.console.stream import PageStream

OPEN = 500


class Shown(msgspec.Struct):
    key: str


class Readers:
    def clock(self) -> int:
        return 0

    @contextmanager
    def at_once(self) -> Iterator[None]:
        yield


class Sources:
    readers = Readers()


class Console:
    """A page stream whose thread waits until all have asked; `order` is the pages in the order of their reading."""

    def __init__(self) -> None:
        self.stream = PageStream(cast(PageSources, Sources()))
        self.order: list[str] = []
        self._begun, self._gate = threading.Event(), threading.Event()
        self._held = asyncio.ensure_future(self.stream.call(lambda _sources: self._wait()))

    @classmethod
    async def held(cls) -> "Console":
        console = cls()
        await asyncio.to_thread(console._begun.wait)
        return console

    def _wait(self) -> None:
        self._begun.set()
        self._gate.wait()

    def view(self, _sources: PageSources, key: str) -> Shown:
        self.order.append(key)
        return Shown(key)

    async def follow(self, key: str, asker: str) -> Awaitable[object]:
        """Open a live page; what is returned ends with its first panels."""
        events: AsyncIterator[bytes] = self.stream.events(self.view, key, asker)
        await anext(events)
        return asyncio.ensure_future(_panels(events))

    async def ask(self, key: str, asker: str) -> Awaitable[object]:
        asked = asyncio.ensure_future(self.stream.read_once(self.view, key, asker))
        await asyncio.sleep(0)
        return asked

    async def read_all(self, asked: list[Awaitable[object]]) -> None:
        self._gate.set()
        await asyncio.gather(self._held, *asked)


async def _panels(events: AsyncIterator[bytes]) -> None:
    async for event in events:
        if event.startswith(b"event: panels"):
            return


How = Callable[[Console, str, str], Awaitable[Awaitable[object]]]
HOW = [pytest.param(Console.follow, id="live"), pytest.param(Console.ask, id="once")]


def order_of(how: How, asked: list[tuple[str, str]]) -> list[str]:
    """The pages in the order in which they are read, where all these (page, asker) were asked before the first."""

    async def play() -> list[str]:
        console = await Console.held()
        await console.read_all([await how(console, key, asker) for key, asker in asked])
        first = list(dict.fromkeys(console.order))
        assert console.order[: len(first)] == first
        console.stream.close()
        return first

    return asyncio.run(play())


@pytest.mark.parametrize("how", HOW)
def test_first_page_of_somebody_else_is_read_second_of_five_hundred(how: How) -> None:
    asked = [(f"r{number}", "192.0.2.1") for number in range(OPEN)]
    order = order_of(how, [*asked, ("hers", "192.0.2.2")])
    assert order == ["r0", "hers", *(key for key, _ in asked[1:])]


@pytest.mark.parametrize("how", HOW)
def test_page_that_others_wait_for_too_is_read_once_at_the_better_turn(how: How) -> None:
    asked = [(f"r{number}", "192.0.2.1") for number in range(OPEN)]
    order = order_of(how, [*asked, (f"r{OPEN - 1}", "192.0.2.2")])
    assert order == ["r0", f"r{OPEN - 1}", *(key for key, _ in asked[1:-1])]


@pytest.mark.parametrize("how", HOW)
def test_pages_of_several_are_read_by_turns(how: How) -> None:
    asked = [(f"{asker}{number}", asker) for asker in "abc" for number in range(3)]
    assert order_of(how, asked) == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]


def test_pages_that_were_closed_before_their_turn_are_not_read_and_count_no_more() -> None:
    async def play() -> list[str]:
        console = await Console.held()
        for number in range(OPEN):
            left = cast(AsyncGenerator[bytes, None], console.stream.events(console.view, f"r{number}", "a"))
            async with aclosing(left):
                await anext(left)
        asked = [await console.follow("a's", "a"), await console.follow("b's", "b")]
        await console.read_all(asked)
        console.stream.close()
        return console.order[:2]

    assert asyncio.run(play()) == ["a's", "b's"]
