"""Pages kept up to date by server-sent events: when the ledgers move, a page is read again and its changes go out.

    watch    every WATCH_SECONDS: the stored offsets, the versions of alerts, decisions and the catalogue. Did any move?
    page     if so, at most every MIN_SECONDS, and every MAX_SECONDS in any case, since windows slide: read again; less
             often where so many pages are open that reading them takes more than REFRESH_SHARE of the time
    events   panels whose bytes differ from those last sent to this client; a beat every BEAT_SECONDS

All clients of a page share its reading, which ends with the last of them. A page that is read for the first time goes
before those that are read again, and first readings are taken in turn by who asks (dashboards.console.reading_thread).

    event: panels   {"room": …, "notices": …}     whole panels, all of them first
    event: beat     {"now_ms": …, "read_ms": …, "trouble": {…}}  alive; when the panels were last read, 0 if never;
                                                                 trouble says why they cannot be, else null
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import msgspec

from dashboards.console.reading_thread import Reading, ReadingThread, Urgency
from dashboards.console.sources import PageSources
from streams.errors import PulsewatchError, Unavailable
from streams.refusals import Problem, Refused, problem_of

LOG = logging.getLogger(__name__)
WATCH_SECONDS = 0.2
MIN_SECONDS = 0.4
MAX_SECONDS = 5.0
BEAT_SECONDS = 2.0
REFRESH_SHARE = 0.5
"""Of the reading thread's time, for pages that are shown already."""

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


class Beat(msgspec.Struct, frozen=True):
    """A sign of life of a page's stream."""

    now_ms: int
    read_ms: int
    trouble: Problem | None


@dataclass
class FollowedPage:
    """One page with its clients. `version` grows with each reading, the first of which is `first`."""

    view: View
    key: str
    first: Reading[Panels]
    parts: Panels = field(default_factory=dict)
    trouble: Problem | None = None
    clients: int = 0
    version: int = 0
    read_ms: int = 0
    """When it was last read; 0 before the first time."""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    task: "asyncio.Task[None] | None" = None


class PageStream:
    """Reads pages in one thread, for any number of clients. Used on one event loop."""

    def __init__(self, sources: PageSources) -> None:
        self._sources = sources
        self._thread = ReadingThread()
        self._once: dict[tuple[View, str], tuple[Reading[Panels], asyncio.Task[Panels]]] = {}
        self._reading_seconds = 0.0
        self._pages: dict[tuple[View, str], FollowedPage] = {}
        self._moved = asyncio.Condition()
        self._state: Any = None
        self._moves = 0

    async def call(
        self,
        act: Callable[[PageSources], Result],
        urgency: Urgency = Urgency.AWAITED,
        asker: str | None = None,
    ) -> Result:
        """Run `act` as one reading in the one thread that uses the readers. Raises what it raises."""
        return await self._thread.call(partial(self._at_once, act), urgency, asker)

    async def read_once(self, view: View, key: str, asker: str) -> bytes:
        """A page as it is now, as one JSON object; who asks while it is being read gets that reading. Raises
        Unavailable."""
        reading, task = self._once.get((view, key), (None, None))
        if reading is None or task is None:
            reading = self._thread.ask(partial(self._at_once, partial(_read, view, key)), asker=asker)
            task = asyncio.get_running_loop().create_task(reading.result())
            self._once[view, key] = reading, task
            task.add_done_callback(partial(self._read_once_done, (view, key)))
        else:
            self._thread.ask_too(reading, asker)
        return joined(await asyncio.shield(task))

    async def events(self, view: View, key: str, asker: str) -> AsyncIterator[bytes]:
        """Server-sent events until the client leaves."""
        page = self._page(view, key, asker)
        page.clients += 1
        sent: dict[str, bytes] = {}
        try:
            while True:
                version = page.version
                fresh = {name: value for name, value in page.parts.items() if sent.get(name) != value}
                if fresh:
                    sent.update(fresh)
                    yield _event("panels", joined(fresh))
                beat = Beat(self._sources.readers.clock(), page.read_ms, page.trouble)
                yield _event("beat", msgspec.json.encode(beat))
                await _until(page.changed, partial(_is_newer, page, version), BEAT_SECONDS)
        finally:
            page.clients -= 1
            if not page.clients and page.task is not None:
                page.first.future.cancel()
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
        self._thread.close()

    def _read_once_done(self, page: tuple[View, str], task: asyncio.Task[Panels]) -> None:
        self._once.pop(page, None)
        if not task.cancelled():
            # Who asked may have left: the exception counts as seen.
            task.exception()

    def _at_once(self, act: Callable[[PageSources], Result]) -> Result:
        with self._sources.readers.at_once():
            return act(self._sources)

    def _moved_since(self, moves: int) -> bool:
        return self._moves != moves

    def _page(self, view: View, key: str, asker: str) -> FollowedPage:
        page = self._pages.get((view, key))
        if page is None:
            first = self._thread.ask(partial(self._at_once, partial(self._timed, view, key)), asker=asker)
            page = self._pages[view, key] = FollowedPage(view, key, first)
            page.task = asyncio.get_running_loop().create_task(self._read_again(page))
        else:
            self._thread.ask_too(page.first, asker)
        return page

    async def _read_again(self, page: FollowedPage) -> None:
        """Read a page whenever something moved, for ever."""
        again = partial(self._timed, page.view, page.key)
        while True:
            moves = self._moves
            reading = self.call(again, Urgency.REFRESH) if page.version else page.first.result()
            try:
                page.parts, page.trouble = await reading, None
                page.read_ms = self._sources.readers.clock()
            except PulsewatchError as error:
                page.trouble = problem_of(error)
            except Exception:
                LOG.exception("the page %s %s cannot be read", page.view.__module__, page.key)
                page.trouble = problem_of(Refused("page_broken"))
            page.version += 1
            async with page.changed:
                page.changed.notify_all()
            pause = self._pause_seconds()
            await asyncio.sleep(pause)
            await _until(self._moved, partial(self._moved_since, moves), max(0.0, MAX_SECONDS - pause))

    def _pause_seconds(self) -> float:
        """Between two readings of a page, so that all that are open take REFRESH_SHARE of the thread at most."""
        return max(MIN_SECONDS, len(self._pages) * self._reading_seconds / REFRESH_SHARE)

    def _timed(self, view: View, key: str, sources: PageSources) -> Panels:
        began = time.perf_counter()
        parts = _read(view, key, sources)
        self._reading_seconds += (time.perf_counter() - began - self._reading_seconds) / 8
        return parts


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
    catalogue = sources.facts.live
    if catalogue is not None:
        catalogue.fresh()
    return (
        sources.readers.offsets(),
        sources.topics.alert_log.version,
        sources.topics.state.ends,
        sources.readers.decisions.version(),
        None if catalogue is None else catalogue.status(),
    )


def _event(name: str, data: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
