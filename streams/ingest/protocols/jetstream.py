"""Bluesky's Jetstream, versions 1 (`/subscribe`) and 2 (`/xrpc/network.bsky.jetstream.subscribeEvents`).

A cursor of version 1 is a time in microseconds, and the server does not say that it keeps less than was missed: it
begins with the oldest that it has. So it is asked for the last message that came, once more:

    asked for 4:   4 5 6 …     5 goes on                       8 9 …     4 is gone: a gap from 4 to 8

A time that lies ahead of ours moves no cursor, unless the two before it, all different, lay ahead too, as where the
server's clock does: behind a stray one nothing would be told until then.

Version 2 counts its messages (`seq`) and refuses a cursor that is too old; then the time is asked for instead, and it
says so where even that is older than what it keeps. At another host the numbers are others, and the times nearly the
same: there the last seconds are asked for again, and engagement counts an id once.
Sources: https://docs.bsky.app/blog/jetstream, the lexicon network.bsky.jetstream.subscribeEvents.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from streams.clock import system_clock
from streams.events.codec import AHEAD_MS
from streams.events.schema import Platform
from streams.ingest.platforms.jetstream import COLLECTIONS
from streams.ingest.protocols.received import (
    MESSAGE_BYTES,
    Connected,
    FeedRefused,
    FeedUnavailable,
    Gap,
    Item,
    Received,
)
from streams.ingest.protocols.web import Endpoint, WebFeed, WebUrl, connected, texts
from streams.ingest.secret import Secrets

PATH_V2: Final = "/xrpc/network.bsky.jetstream.subscribeEvents"
SUBPROTOCOL_V2: Final = "xrpc.v1.json"
REWIND_US: Final = 5_000_000
"""How far back another host is asked: each has times of its own."""
AHEAD_US: Final = 5_000_000
"""So far ahead of ours a time may be a stray one."""
IN_A_ROW: Final = 3
"""So many times ahead, with none between them that is not, are the server's clock."""
MOST_AHEAD_US: Final = AHEAD_MS * 1000
"""Farther ahead a time is always a stray one."""
MOST_AT_ONCE: Final = 100
"""Messages of one microsecond that are known again."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class JetstreamFeed(WebFeed, frozen=True, kw_only=True, tag="jetstream"):
    """`kind: jetstream`."""

    url: WebUrl = "wss://jetstream2.us-east.bsky.network/subscribe"
    platform: Platform = "bluesky"
    collections: tuple[str, ...] = tuple(sorted(COLLECTIONS))
    dids: Annotated[tuple[str, ...], Meta(max_length=10_000)] = ()
    """Accounts to hear; all, where none is named."""

    def way_in(self, secrets: Secrets) -> "Jetstream":
        return Jetstream(self.endpoint(secrets), self.collections, self.dids)


class JetstreamCursor(msgspec.Struct, omit_defaults=True):
    """What was told last: the cursor, as JSON."""

    host: str
    time_us: int
    seq: int = 0
    """Version 2's number of it."""
    told: list[str] = []
    """Version 1: digests of the messages of that very microsecond."""


class _Payload(msgspec.Struct):
    kind: str = msgspec.field(name="$type", default="")
    seq: int = 0
    time: str = ""
    heard: str = msgspec.field(name="witnessedAt", default="")
    name: str = ""


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
        place = JetstreamCursor(
            host, last.time_us if last and here else 0, told=list(last.told) if last and here else []
        )
        if _ahead_us(place.time_us) > MOST_AHEAD_US:
            here, place = False, JetstreamCursor(host, 0)
        joined, again = not here, here
        ahead: set[int] = set()
        async with connected(self.endpoint, asked) as socket:
            yield Connected()
            async for raw in texts(socket, self.endpoint):
                time_us = _frame(raw).time_us
                ahead = _still_ahead(ahead, time_us)
                if not time_us or (time_us > place.time_us and _is_stray(time_us, len(ahead))):
                    yield Received(raw)
                    continue
                if not joined and time_us > place.time_us:
                    yield Gap(place.time_us // 1000, time_us // 1000, None, "cursor_too_old")
                joined = True
                mark = blake2b(raw if isinstance(raw, bytes) else raw.encode(), digest_size=6).hexdigest()
                if again and (time_us < place.time_us or (time_us == place.time_us and mark in place.told)):
                    continue
                again = again and time_us <= place.time_us
                place = _behind(place, time_us, mark)
                yield Received(raw, _write(place).decode())

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
        newest, behind = 0, ""
        try:
            async with connected(self.endpoint, self._asked(cursor), subprotocols=(SUBPROTOCOL_V2,)) as socket:
                yield Connected()
                async for raw in texts(socket, self.endpoint):
                    frame = _frame(raw)
                    self._check(frame, by_seq)
                    outdated = outdated or frame.payload.name == "OutdatedCursor"
                    if frame.payload.seq <= told:
                        continue  # a notice, or the cursor's own
                    place = JetstreamCursor(
                        self._host, _us(frame.payload.heard or frame.payload.time), frame.payload.seq
                    )
                    if outdated and last is not None:
                        yield Gap(last.time_us // 1000, place.time_us // 1000, None, "cursor_too_old")
                    outdated = False
                    if place.seq > newest:
                        newest, behind = place.seq, _write(place).decode()
                    yield Received(raw, behind)
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


def _still_ahead(before: set[int], time_us: int) -> set[int]:
    """The times that lie ahead of ours without one between them that does not; no more than are asked for."""
    if _ahead_us(time_us) <= AHEAD_US:
        return set()
    return before if len(before) >= IN_A_ROW else before | {time_us}


def _is_stray(time_us: int, in_a_row: int) -> bool:
    return _ahead_us(time_us) > MOST_AHEAD_US or 0 < in_a_row < IN_A_ROW


def _behind(place: JetstreamCursor, time_us: int, mark: str) -> JetstreamCursor:
    """Where to go on after one more message; the place never goes back, whatever a server's times do."""
    if time_us < place.time_us:
        return place
    told = [*place.told[-MOST_AT_ONCE:], mark] if time_us == place.time_us else [mark]
    return JetstreamCursor(place.host, time_us, told=told)


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
