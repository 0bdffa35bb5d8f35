"""Bluesky's Jetstream, versions 1 (`/subscribe`) and 2 (`/xrpc/network.bsky.jetstream.subscribeEvents`).

A cursor of version 1 is a time in microseconds, and the server does not say that it keeps less than was missed: it
begins with the oldest that it has. So it is asked for the last message that came, once more:

    asked for 4:   4 5 6 …     5 goes on                       8 9 …     4 is gone: a gap from 4 to 8

A message may name a stray time, and a cursor behind one would leave out what comes until then. So the cursor's time is
the least of three that were named one after the other, and it has the marks of what was told since:

    named   1 2 3 9 4 5 6     cursor   1+23, 2+39, 3+94, 3+945, 4+956 …     what 9 named moved nothing

Version 2 counts its messages (`seq`) and refuses a cursor that is too old; then the time is asked for instead, and it
says so where even that is older than what it keeps. At another host the numbers are others, and the times nearly the
same: there the last seconds are asked for again, and engagement counts an id once.
Sources: https://docs.bsky.app/blog/jetstream, the lexicon network.bsky.jetstream.subscribeEvents.
"""

from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from yarl import URL

from streams.clock import system_clock
from streams.events.codec import FAR_AHEAD_MS
from streams.events.schema import Platform
from streams.ingest.platforms.jetstream import COLLECTIONS
from streams.ingest.protocols.received import (
    FROM_NOW,
    MESSAGE_BYTES,
    Connected,
    FeedRefused,
    FeedUnavailable,
    Gap,
    Item,
    Received,
    skipped,
)
from streams.ingest.protocols.web import Endpoint, MessageTooLarge, WebFeed, WebUrl, connected, texts
from streams.ingest.secret import Secrets

PATH_V2: Final = "/xrpc/network.bsky.jetstream.subscribeEvents"
SUBPROTOCOL_V2: Final = "xrpc.v1.json"
REWIND_US: Final = 5_000_000
"""How far back another host is asked: each has times of its own."""
AHEAD_US: Final = 5_000_000
"""So far ahead of ours a time may be a stray one: it is no cursor as long as it is one of the first."""
IN_A_ROW: Final = 3
"""So many times one after the other, all different, are not all stray ones."""
FAR_AHEAD_US: Final = FAR_AHEAD_MS * 1000
"""Farther ahead a time is always a stray one."""
MAX_TOLD: Final = 100
"""Messages since the cursor's time that are known again."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class JetstreamFeed(WebFeed, frozen=True, kw_only=True, tag="jetstream"):
    """`kind: jetstream`."""

    url: WebUrl = "wss://jetstream2.us-east.bsky.network/subscribe"
    platform: Platform = "bluesky"
    collections: tuple[str, ...] = tuple(sorted(COLLECTIONS))
    dids: Annotated[tuple[str, ...], Meta(max_length=10_000)] = ()
    """Accounts to hear; all, where none is named."""

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        names = {*self.query, *URL(self.url).query, *map(str.lower, self.headers)}
        if names & {"compress", "socket-encoding"}:
            yield "`query`: leave compression out: it can be read with a dictionary alone that is not here"

    def way_in(self, secrets: Secrets) -> "Jetstream":
        return Jetstream(self.endpoint(secrets), self.collections, self.dids)


class JetstreamCursor(msgspec.Struct, omit_defaults=True):
    """Up to where all was told: the cursor, as JSON."""

    host: str
    time_us: int
    seq: int = 0
    """Version 2's number of it."""
    told: list[str] = []
    """Version 1: digests of the messages since the one of that time."""


class _Payload(msgspec.Struct):
    kind: str = msgspec.field(name="$type", default="")
    seq: int = 0
    time: str = ""
    heard: str = msgspec.field(name="witnessedAt", default="")
    name: str = ""

    @property
    def is_notice(self) -> bool:
        """Whether it is about the stream, and no event."""
        return self.kind.endswith("#info")


class _Frame(msgspec.Struct):
    """What of a message the protocol itself reads, in both versions."""

    time_us: int = 0
    kind: str = msgspec.field(name="$type", default="")
    payload: _Payload = msgspec.field(default_factory=_Payload)
    error: str = ""
    message: str = ""


_read = msgspec.json.Decoder(_Frame).decode
_read_cursor = msgspec.json.Decoder(JetstreamCursor).decode
_write = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Jetstream:
    """One server's stream."""

    endpoint: Endpoint
    collections: tuple[str, ...] = tuple(sorted(COLLECTIONS))
    dids: tuple[str, ...] = ()
    finite: bool = False

    async def messages(self, cursor: str | None) -> AsyncIterator[Item]:
        last = _cursor(cursor)
        second = self.endpoint.url.path.rstrip("/") == PATH_V2
        async for item in self._second(last) if second else self._first(last):
            yield item

    async def _first(self, last: JetstreamCursor | None) -> AsyncIterator[Item]:
        """Version 1."""
        host = self._host
        asked = [("wantedCollections", name) for name in self.collections]
        asked += [("wantedDids", did) for did in self.dids]
        asked.append(("maxMessageSizeBytes", str(MESSAGE_BYTES)))
        here = last is not None and last.host == host
        if last is not None:
            # One before the last: a server may begin at the cursor, or behind it.
            asked.append(("cursor", str(last.time_us - (1 if here else REWIND_US))))
        if last is None or not here or _ahead_us(last.time_us) > FAR_AHEAD_US:
            here, last = False, JetstreamCursor(host, 0)
        place = _Place(host, last.time_us, last.told)
        told = frozenset(last.told)
        joined = not here
        async with connected(self.endpoint, asked) as socket:
            yield Connected()
            try:
                async for raw in texts(socket, self.endpoint):
                    time_us = _frame(raw).time_us
                    if not time_us:
                        yield Received(raw)  # no message: the feed counts that
                        continue
                    mark = blake2b(raw if isinstance(raw, bytes) else raw.encode(), digest_size=6).hexdigest()
                    if not joined and time_us > last.time_us and mark not in told:
                        yield Gap(last.time_us // 1000, time_us // 1000, None, "cursor_too_old")
                    joined = True
                    place.take(time_us, mark)
                    if mark not in told:
                        yield Received(raw, place.cursor())
            except MessageTooLarge:
                # Its time is not known: the server ignores what it was asked for, and is gone on with from now on.
                now_ms = system_clock()
                yield Gap(place.time_us // 1000 or now_ms, now_ms, None, "too_large", FROM_NOW)
                raise

    async def _second(self, last: JetstreamCursor | None) -> AsyncIterator[Item]:
        """Version 2: by number where that is known here, else by time."""
        if last is None or (last.seq and last.host == self._host):
            try:
                async for item in self._numbered(last, None if last is None else last.seq):
                    yield item
            except _CursorRefused:
                pass
            else:
                return
        if last is not None:
            rewound_us = 0 if last.host == self._host else REWIND_US
            async for item in self._numbered(last, last.time_us - rewound_us):
                yield item

    async def _numbered(self, last: JetstreamCursor | None, cursor: int | None) -> AsyncIterator[Item]:
        by_seq = last is not None and cursor == last.seq
        told, outdated = last.seq if last is not None and by_seq else 0, False
        newest = 0
        place = _Place(self._host, last.time_us if last is not None and last.host == self._host else 0)
        try:
            async with connected(self.endpoint, self._asked(cursor), subprotocols=(SUBPROTOCOL_V2,)) as socket:
                yield Connected()
                async for raw in texts(socket, self.endpoint):
                    frame = _frame(raw)
                    self._check(frame, by_seq)
                    outdated = outdated or frame.payload.name == "OutdatedCursor"
                    if frame.payload.is_notice or 0 < frame.payload.seq <= told:
                        continue
                    if not frame.payload.seq:
                        yield Received(raw)  # no message: the feed counts that
                        continue
                    time_us = _us(frame.payload.heard or frame.payload.time)
                    if outdated and last is not None:
                        yield Gap(last.time_us // 1000, time_us // 1000, None, "cursor_too_old")
                    outdated = False
                    place.take(time_us)
                    newest = max(newest, frame.payload.seq)
                    yield Received(raw, place.cursor(newest))
        except MessageTooLarge:
            # Servers are asked for no such message: one that tells it all the same is asked for the number behind it.
            number = max(newest, told)
            yield skipped(place.cursor(number + 1) if number else FROM_NOW)
            raise
        except FeedRefused:
            if by_seq:
                raise _CursorRefused from None
            raise

    def _asked(self, cursor: int | None) -> list[tuple[str, str]]:
        asked = [("collections", name) for name in self.collections] + [("dids", did) for did in self.dids]
        asked += [("kinds", "commit"), ("kinds", "account"), ("maxMessageSizeBytes", str(MESSAGE_BYTES))]
        return asked if cursor is None else [*asked, ("cursor", str(cursor))]

    def _check(self, frame: _Frame, by_seq: bool) -> None:
        """Raises what a frame means that tells of no event."""
        if frame.kind == "error":
            raise FeedUnavailable(f"{self.endpoint} ends the stream: {frame.error} {frame.message}"[:300])
        if frame.payload.name == "FutureCursor" and by_seq:
            raise _CursorRefused

    @property
    def _host(self) -> str:
        url = self.endpoint.url
        return f"{url.host}:{url.port}"


def _ahead_us(time_us: int) -> int:
    return time_us - system_clock() * 1000


class _Place:
    """How far a stream was told, by messages of which some name a stray time. It never goes back."""

    def __init__(self, host: str, time_us: int, told: Sequence[str] = ()) -> None:
        self._host = host
        self.time_us = time_us
        self._is_sure = time_us > 0
        self._named: deque[int] = deque(maxlen=IN_A_ROW)
        """The last times, each once."""
        self._told = [(time_us, mark) for mark in told]
        """The marks of messages since the one of `time_us`, with the times that they named."""

    def take(self, named_us: int, mark: str = "") -> None:
        """One more message was told."""
        if mark and mark not in (known for _, known in self._told):
            self._told.append((named_us, mark))
        if named_us > 0 and named_us not in self._named and _ahead_us(named_us) <= FAR_AHEAD_US:
            self._named.append(named_us)
        if len(self._named) == IN_A_ROW:
            self._go_to(max(min(self._named), self.time_us if self._is_sure else 0))
            self._is_sure = True
        elif not self._is_sure:
            self.time_us = max((time for time in self._named if _ahead_us(time) <= AHEAD_US), default=0)

    def cursor(self, seq: int = 0) -> str | None:
        """None as long as no time is known but stray ones."""
        if not self.time_us:
            return None
        return _write(JetstreamCursor(self._host, self.time_us, seq, [mark for _, mark in self._told])).decode()

    def _go_to(self, time_us: int) -> None:
        if time_us != self.time_us:
            self.time_us = time_us
            first = next((at for at, (named, _) in enumerate(self._told) if named == time_us), 0)
            self._told = [one for at, one in enumerate(self._told) if at >= first or one[0] >= time_us]
        del self._told[:-MAX_TOLD]


class _CursorRefused(Exception):
    """The number means nothing to the server: it keeps less, or is another archive."""


def _cursor(text: str | None) -> JetstreamCursor | None:
    try:
        return _read_cursor(text) if text else None
    except msgspec.DecodeError:
        return None


def _frame(raw: str | bytes) -> _Frame:
    """What the protocol reads of a message; nothing of what is no message: the feed counts that."""
    try:
        return _read(raw)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return _Frame()


def _us(time: str) -> int:
    try:
        return (datetime.fromisoformat(time) - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, TypeError):
        return 0
