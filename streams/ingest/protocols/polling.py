"""An address that is asked again and again: what is new in each answer, whatever overlaps with the one before.

    poll 1    e d c b a          five new ones, told from a to e
    poll 2    g f e d c          two new ones: f, g
    poll 3    m l k j i          no overlap: what was between g and i is a gap
    304, 204, the same answer    nothing

An answer's messages go out before the next poll; the cursor moves behind the last of them, so that a poll that is cut
is made again. 429 and 503 are waited for as long as they ask.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from streams.clock import Clock, system_clock
from streams.ingest.protocols.received import Connected, FeedRefused, FeedUnavailable, Gap, Item, Received
from streams.ingest.protocols.web import (
    ANSWER_BYTES,
    ANSWER_SECONDS,
    NOTHING_NEW,
    Endpoint,
    Query,
    answered,
    body,
    same_host,
    session,
)

SEEN: Final = 2_000
"""Messages of one poll that are known again in the next."""
EMPTY_PAGES: Final = 3
"""After so many pages without a message there is none: a filter may leave one empty, and the next one is not."""
PAGE_TRIES: Final = 4
PAGE_SECONDS: Final = 120.0
"""As long as a server may ask us to wait between two pages; where it is longer, the poll is made again."""


@dataclass(frozen=True, slots=True)
class Polled:
    """One message of an answer."""

    name: str
    """By which it is known again; empty where it has none: then its content is."""
    message: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, read. Its messages are in the order of the answer."""

    messages: Sequence[Polled]
    next: str | None = None
    """Where the next page is: an address."""
    since: str | None = None
    """What to ask for in the next poll."""


class Known:
    """What the poll before told."""

    def __init__(self, seen: Mapping[str, str]) -> None:
        self._seen = seen

    def has(self, name: str) -> bool:
        """Whether it told a message of this name."""
        return _digest(name) in self._seen

    def told(self, one: Polled) -> bool:
        """Whether it told this message, word for word."""
        return _digest(one.message) in self._seen.get(_digest(one.name or one.message), "").split()


NOTHING_KNOWN: Final = Known({})
Read = Callable[[bytes, Mapping[str, str], URL, Known], Page]
"""Reads an answer, its headers and its address. Raises FeedUnavailable for what cannot be read."""


class PollState(msgspec.Struct, omit_defaults=True):
    """What the next poll has to know of this one: the cursor, as JSON."""

    at_ms: int = 0
    address: str = ""
    """Digest of the address that `etag` and `modified` are of."""
    etag: str = ""
    modified: str = ""
    since: str | None = None
    seen: dict[str, str] = {}
    """By the digest of a message's name: those of the contents that the answer had of it."""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(PollState).decode


@dataclass(frozen=True)
class Poll:
    """One address that is polled."""

    endpoint: Endpoint
    read: Read
    every_seconds: float
    accept: str = "application/json"
    since_parameter: str | None = None
    newest_first: bool = True
    pages: int = 20
    named: bool = True
    """Its messages have names: two polls without a common one are a gap."""
    finite: bool = False
    clock: Clock = system_clock
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)

    async def messages(self, cursor: str | None) -> AsyncIterator[Item]:
        state = _state(cursor)
        while True:
            async with session() as client:
                polled, state, gap = await self._poll(client, state)
            yield Connected()
            if gap is not None:
                yield gap
            for place, one in enumerate(polled, 1):
                yield Received(one.message, _encode(state).decode() if place == len(polled) else None)
            await self.sleep(self.every_seconds)

    async def _poll(
        self, client: aiohttp.ClientSession, state: PollState
    ) -> tuple[list[Polled], PollState, Gap | None]:
        """What is new, oldest first; the state behind it; and the gap before it, where there is one."""
        asked: Query = {self.since_parameter: state.since} if self.since_parameter and state.since else {}
        url: URL | None = self.endpoint.address(asked)
        found, left = list[Polled](), ANSWER_BYTES
        begun_ms, known, overlaps, empty = self.clock(), state, False, 0
        before = Known(known.seen)
        fresh = PollState(begun_ms, _digest(str(url)), since=state.since)
        for number in range(self.pages):
            if url is None:
                break
            headers = _conditions(state, fresh.address) if number == 0 else {}
            answer = await self._asked(client, url, headers, left, before, patient=number > 0)
            if answer is None and number == 0:
                return [], state, None
            if answer is None:
                url = None
                break
            page, told, size = answer
            left -= size
            if number == 0:
                fresh.etag, fresh.modified = told.get("ETag", ""), told.get("Last-Modified", "")
            found += page.messages
            if page.since is not None and (number == 0 or not self.newest_first):
                fresh.since = page.since
            overlaps = overlaps or any(before.has(one.name) for one in page.messages if one.name)
            empty = 0 if page.messages else empty + 1
            if (self.newest_first and overlaps) or empty >= EMPTY_PAGES:
                break
            url = self._next(page, url)
        return self._new(found, known, fresh, overlaps or (url is None and self.since_parameter is not None))

    async def _asked(
        self,
        client: aiohttp.ClientSession,
        url: URL,
        headers: Mapping[str, str],
        left: int,
        before: Known,
        *,
        patient: bool,
    ) -> tuple[Page, Mapping[str, str], int] | None:
        """A page, the headers of its answer and its bytes; None for nothing new. A server that asks for time amid the
        pages is given it, `patient`: at the first page again it would ask for it at the same one."""
        for tries in range(PAGE_TRIES, 0, -1):
            try:
                async with answered(
                    client, self.endpoint, url, {"Accept": self.accept, **headers}, ANSWER_SECONDS
                ) as answer:
                    if answer.status in NOTHING_NEW:
                        return None
                    text = await body(answer, self.endpoint, left)
                    return self.read(text, answer.headers, answer.url, before), answer.headers, len(text)
            except FeedUnavailable as error:
                if not patient or tries == 1 or not 0 < error.after_seconds <= PAGE_SECONDS:
                    raise
                await self.sleep(error.after_seconds)
        raise AssertionError

    def _new(
        self, found: list[Polled], known: PollState, fresh: PollState, joins: bool
    ) -> tuple[list[Polled], PollState, Gap | None]:
        if self.newest_first:
            found.reverse()
        before, new, seen = Known(known.seen), list[Polled](), dict[tuple[str, str], None]()
        for one in found:
            told = _digest(one.name or one.message), _digest(one.message)
            if told not in seen and not before.told(one):
                new.append(one)
            seen[told] = None
        missing = bool(self.named and known.seen and new and not joins and self.newest_first)
        for name, content in list(seen)[-SEEN:]:
            fresh.seen[name] = f"{fresh.seen.get(name, '')} {content}".lstrip()
        fresh.seen = fresh.seen or known.seen
        return new, fresh, Gap(known.at_ms, fresh.at_ms, None, "lost") if missing else None

    def _next(self, page: Page, url: URL) -> URL | None:
        if page.next is None:
            return None
        there = url.join(URL(page.next))
        if not same_host(url, there):
            raise FeedRefused(f"{self.endpoint}: its next page is at another host: look at `next`")
        return there if there != url else None


def _conditions(state: PollState, address: str) -> dict[str, str]:
    """What lets a server answer that nothing has changed."""
    if address != state.address:
        return {}
    conditions = {"If-None-Match": state.etag, "If-Modified-Since": state.modified}
    return {name: value for name, value in conditions.items() if value}


def _state(cursor: str | None) -> PollState:
    try:
        return _decode(cursor) if cursor else PollState()
    except msgspec.DecodeError:
        return PollState()


def _digest(text: str | bytes) -> str:
    data = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    return blake2b(data, digest_size=6).hexdigest()
