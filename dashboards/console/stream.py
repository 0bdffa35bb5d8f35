"""Pages kept up to date by server-sent events: when the ledgers move, a page is read again and its changes go out.

    watch    every WATCH_SECONDS: the stored offsets, the versions of alerts and decisions. Did anything move?
    page     if so, at most every MIN_SECONDS, and every MAX_SECONDS in any case, since windows slide: read again
    events   panels whose bytes differ from those last sent to this client; a beat every BEAT_SECONDS

All clients of a page share its reading, which ends with the last of them.

    event: panels   {"room": …, "notices": …}     whole panels, all of them first
    event: beat     {"now_ms": …, "trouble": "…"}  alive; trouble says what cannot be read
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import msgspec

from dashboards.console.sources import PageSources
from streams.errors import PulsewatchError, Unavailable

LOG = logging.getLogger(__name__)
WATCH_SECONDS = 0.2
MIN_SECONDS = 0.4
MAX_SECONDS = 5.0
BEAT_SECONDS = 2.0

View = Callable[[PageSources, str], msgspec.Struct]
Panels = Mapping[str, bytes]
"""JSON by the name of the panel."""
Result = TypeVar("Result")


def panels(view: msgspec.Struct) -> dict[str, bytes]:
    """Each field of a page's struct as JSON, by name."""
    return {name: msgspec.json.encode(getattr(view, name)) for name in view.__struct_fields__}


def joined(parts: Panels) -> bytes:
    """Panels as one JSON object."""
    return b"{" + b",".join(b'"' + name.encode() + b'":' + value for name, value in parts.items()) + b"}"


@dataclass
class FollowedPage:
    """One page with its clients. `version` grows with each reading."""

    view: View
    key: str
    parts: Panels = field(default_factory=dict)
    trouble: str = ""
    clients: int = 0
    version: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    task: "asyncio.Task[None] | None" = None


class PageStream:
    """Reads pages in one thread, for any number of clients. Used on one event loop."""

    def __init__(self, sources: PageSources) -> None:
        self._sources = sources
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readers")
        self._pages: dict[tuple[View, str], FollowedPage] = {}
        self._moved = asyncio.Condition()
        self._state: Any = None
        self._moves = 0

    async def call(self, act: Callable[[PageSources], Result]) -> Result:
        """Run `act` as one reading in the one thread that uses the readers. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._at_once, act)

    async def read_once(self, view: View, key: str) -> bytes:
        """A page as it is now, as one JSON object. Raises Unavailable."""
        return joined(await self.call(partial(_read, view, key)))

    async def events(self, view: View, key: str) -> AsyncIterator[bytes]:
        """Server-sent events until the client leaves."""
        page = self._page(view, key)
        page.clients += 1
        sent: dict[str, bytes] = {}
        try:
            while True:
                version = page.version
                fresh = {name: value for name, value in page.parts.items() if sent.get(name) != value}
                if fresh:
                    sent.update(fresh)
                    yield _event("panels", joined(fresh))
                yield _event(
                    "beat", msgspec.json.encode({"now_ms": self._sources.readers.clock(), "trouble": page.trouble})
                )
                await _until(page.changed, partial(_is_newer, page, version), BEAT_SECONDS)
        finally:
            page.clients -= 1
            if not page.clients and page.task is not None:
                page.task.cancel()
                self._pages.pop((view, key), None)

    async def watch(self) -> None:
        """Look whether anything moved, for ever, while a page is open."""
        while True:
            if self._pages:
                try:
                    state = await self.call(_state_of)
                except Unavailable:
                    state = None
                if state is None or state != self._state:
                    self._state = state
                    self._moves += 1
                    async with self._moved:
                        self._moved.notify_all()
            await asyncio.sleep(WATCH_SECONDS)

    def close(self) -> None:
        for page in self._pages.values():
            if page.task is not None:
                page.task.cancel()
        self._thread.shutdown(wait=True)

    def _at_once(self, act: Callable[[PageSources], Result]) -> Result:
        with self._sources.readers.at_once():
            return act(self._sources)

    def _moved_since(self, moves: int) -> bool:
        return self._moves != moves

    def _page(self, view: View, key: str) -> FollowedPage:
        page = self._pages.get((view, key))
        if page is None:
            page = self._pages[view, key] = FollowedPage(view, key)
            page.task = asyncio.get_running_loop().create_task(self._read_again(page))
        return page

    async def _read_again(self, page: FollowedPage) -> None:
        """Read a page whenever something moved, for ever."""
        while True:
            moves = self._moves
            try:
                page.parts, page.trouble = await self.call(partial(_read, page.view, page.key)), ""
            except PulsewatchError as error:
                page.trouble = str(error)
            except Exception:
                LOG.exception("the page %s %s cannot be read", page.view.__module__, page.key)
                page.trouble = "this page cannot be read; the console's log says why"
            page.version += 1
            async with page.changed:
                page.changed.notify_all()
            await asyncio.sleep(MIN_SECONDS)
            await _until(self._moved, partial(self._moved_since, moves), MAX_SECONDS - MIN_SECONDS)


def _read(view: View, key: str, sources: PageSources) -> Panels:
    return panels(view(sources, key))


def _is_newer(page: FollowedPage, version: int) -> bool:
    return page.version != version


async def _until(condition: asyncio.Condition, holds: Callable[[], bool], seconds: float) -> None:
    """Wait until `holds()`, checked at each notification, but at most `seconds`."""
    try:
        async with asyncio.timeout(seconds), condition:
            await condition.wait_for(holds)
    except TimeoutError:
        return


def _state_of(sources: PageSources) -> Any:
    """A value that changes whenever a page may have. Raises Unavailable."""
    return (
        sources.readers.offsets(),
        sources.topics.alert_log.version,
        sources.topics.state.ends,
        sources.readers.decisions.version(),
    )


def _event(name: str, data: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
