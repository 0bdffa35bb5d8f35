"""Pages kept up to date by server-sent events: a page is read again when the ledgers moved, and what changed goes out.

    pulse    every PULSE_SECONDS: the stored offsets, the alerts' and the decisions' versions. Did anything move?
    page     if so, at most every MIN_SECONDS, and every MAX_SECONDS in any case, since windows slide: read again
    stream   panels whose bytes differ from what this reader was sent; a beat every BEAT_SECONDS

All readers of a page share its reading, which ends with the last of them.

    event: panels   {"room": …, "notices": …}     whole panels, all of them first
    event: beat     {"now_ms": …, "trouble": "…"}  alive; trouble says what cannot be read
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from dashboards.console.sources import PageSources
from streams.errors import PulsewatchError, Unavailable

LOG = logging.getLogger(__name__)
PULSE_SECONDS = 0.2
MIN_SECONDS = 0.4
MAX_SECONDS = 5.0
BEAT_SECONDS = 2.0

View = Callable[[PageSources, str], msgspec.Struct]
Panels = Mapping[str, bytes]


def panels(view: msgspec.Struct) -> dict[str, bytes]:
    """Each field as JSON."""
    return {name: msgspec.json.encode(getattr(view, name)) for name in view.__struct_fields__}


def joined(parts: Panels) -> bytes:
    """Panels as one JSON object."""
    return b"{" + b",".join(b'"' + name.encode() + b'":' + value for name, value in parts.items()) + b"}"


@dataclass
class Page:
    """One page with its readers."""

    view: View
    key: str
    parts: Panels = field(default_factory=dict)
    trouble: str = ""
    readers: int = 0
    version: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    task: "asyncio.Task[None] | None" = None


class PageStream:
    """Reads pages in one thread, for as many readers as there are. Used on one event loop."""

    def __init__(self, sources: PageSources) -> None:
        self._sources = sources
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk")
        self._pages: dict[tuple[View, str], Page] = {}
        self._moved = asyncio.Condition()
        self._mark: Any = None
        self._turn = 0

    async def call(self, act: Callable[[PageSources], Any]) -> Any:
        """Do something at the sources, in its thread, as one reading."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._at_once, act)

    def _at_once(self, act: Callable[[PageSources], Any]) -> Any:
        with self._sources.readers.at_once():
            return act(self._sources)

    async def once(self, view: View, key: str) -> bytes:
        """A page as it is now, as one JSON object. Raises Unavailable."""
        return joined(panels(await self.call(lambda sources: view(sources, key))))

    async def stream(self, view: View, key: str) -> AsyncIterator[bytes]:
        """Server-sent events until the reader leaves."""
        page = self._page(view, key)
        page.readers += 1
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
            page.readers -= 1
            if not page.readers and page.task is not None:
                page.task.cancel()
                self._pages.pop((view, key), None)

    async def pulse(self) -> None:
        """Look whether anything moved, for ever."""
        while True:
            if self._pages:
                try:
                    mark = await self.call(_mark)
                except Unavailable:
                    mark = None
                if mark is None or mark != self._mark:
                    self._mark = mark
                    self._turn += 1
                    async with self._moved:
                        self._moved.notify_all()
            await asyncio.sleep(PULSE_SECONDS)

    def close(self) -> None:
        for page in self._pages.values():
            if page.task is not None:
                page.task.cancel()
        self._thread.shutdown(wait=True)

    def _moved_since(self, turn: int) -> bool:
        return self._turn != turn

    def _page(self, view: View, key: str) -> Page:
        page = self._pages.get((view, key))
        if page is None:
            page = self._pages[view, key] = Page(view, key)
            page.task = asyncio.get_running_loop().create_task(self._keep(page))
        return page

    async def _keep(self, page: Page) -> None:
        """Read a page again and again."""
        while True:
            turn = self._turn
            try:
                page.parts, page.trouble = panels(await self.call(lambda sources: page.view(sources, page.key))), ""
            except PulsewatchError as error:
                page.trouble = str(error)
            except Exception:
                LOG.exception("the page %s %s cannot be read", page.view.__module__, page.key)
                page.trouble = "this page cannot be read; the console's log says why"
            page.version += 1
            async with page.changed:
                page.changed.notify_all()
            await asyncio.sleep(MIN_SECONDS)
            await _until(self._moved, partial(self._moved_since, turn), MAX_SECONDS - MIN_SECONDS)


def _is_newer(page: Page, version: int) -> bool:
    return page.version != version


async def _until(condition: asyncio.Condition, holds: Callable[[], bool], seconds: float) -> None:
    """Wait until it holds, but not for longer."""
    try:
        async with asyncio.timeout(seconds), condition:
            await condition.wait_for(holds)
    except TimeoutError:
        return


def _mark(sources: PageSources) -> Any:
    """Differs from the last one if anything moved. Raises Unavailable."""
    return (
        sources.readers.offsets(),
        sources.topics.alert_log.version,
        sources.topics.state.ends,
        sources.readers.decisions.version(),
    )


def _event(name: str, data: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
