"""Server-sent events: each event's data is one of the feed's messages, and its id is the cursor.

After a cut the last id goes back as `Last-Event-ID`, and a server that keeps its events goes on behind it. An event
that was cut before its blank line was none. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html.
"""

import re
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Final

from streams.ingest.feed_entry import Seconds
from streams.ingest.protocols.received import (
    MESSAGE_BYTES,
    Connected,
    FeedRefused,
    FeedUnavailable,
    Item,
    Received,
    skipped,
)
from streams.ingest.protocols.web import Endpoint, WebFeed, answered, session
from streams.ingest.secret import Secrets

MEDIA_TYPE: Final = "text/event-stream"
ID_BYTES: Final = 1_000
DEFAULT_EVENT: Final = "message"
_ENDS: Final = re.compile(rb"[\r\n]")


class SseFeed(WebFeed, frozen=True, kw_only=True, tag="sse"):
    """`kind: sse`."""

    events: frozenset[str] = frozenset()
    """Names of the events that are read; all, where none is named."""
    numbered: bool = False
    """Its ids are numbers that grow by one: what is left out between two is a gap of so many messages. A server that
    begins anew counts from its first number again, and one may tell again what it told: both are read (`retells`)."""
    quiet_seconds: Seconds = 120.0
    """Without a word for so long, not even a comment, it is connected anew."""

    @property
    def retells(self) -> bool:
        return self.numbered

    def way_in(self, secrets: Secrets) -> "ServerSentEvents":
        return ServerSentEvents(self.endpoint(secrets), self.events, self.numbered, self.quiet_seconds)


@dataclass(frozen=True, slots=True)
class SentEvent:
    """One event: its name, its data, the id that holds from it on. One beyond the bound has no data."""

    name: str
    data: str
    last_id: str
    too_large: bool = False


@dataclass
class EventReader:
    """Events from bytes, cut wherever they are. Of what is beyond the bound nothing is kept."""

    last_id: str = ""
    retry_seconds: float = 0.0
    """How long the server wants us to wait before we connect again."""
    _rest: list[bytes] = field(default_factory=list)
    """Parts of a line that has not ended, joined once it has: one that comes by a few bytes costs no more."""
    _rest_bytes: int = 0
    _name: str = ""
    _data: list[str] = field(default_factory=list)
    _bytes: int = 0
    _cut_line: bool = False
    """Within a line whose beginning was too long to be kept."""
    _next_id: str | None = None
    _begun: bool = False

    def feed(self, part: bytes) -> Iterator[SentEvent]:
        """The events that end in these bytes."""
        if self._begun and not _ENDS.search(part) and not (self._rest and self._rest[-1].endswith(b"\r")):
            self._keep(part)
            return
        text = b"".join(self._rest) + part
        self._rest, self._rest_bytes = [], 0
        if not self._begun:
            if len(text) < 3 and BOM_UTF8.startswith(text):
                self._rest = [text]
                return
            text, self._begun = text.removeprefix(BOM_UTF8), True
        at = 0
        while (end := _line_end(text, at)) is not None:
            line, at = text[at : end[0]], end[1]
            if self._cut_line:
                self._cut_line = False
            elif (event := self._line(line)) is not None:
                yield event
        self._keep(text[at:])

    def _keep(self, part: bytes) -> None:
        """What has not ended yet; of a line beyond the bound nothing but half an end."""
        self._rest.append(part)
        self._rest_bytes += len(part)
        if self._rest_bytes > MESSAGE_BYTES:
            self._cut_line, self._bytes, self._data = True, MESSAGE_BYTES + 1, []
        if self._cut_line:
            self._rest, self._rest_bytes = [b"\r"] if part.endswith(b"\r") else [], 0

    def _line(self, line: bytes) -> SentEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        text = value.removeprefix(b" ").decode(errors="replace")
        if name == b"data":
            self._bytes += len(value)
            if self._bytes <= MESSAGE_BYTES:
                self._data.append(text)
            else:
                self._data.clear()
        elif name == b"event":
            self._name = text
        elif name == b"id" and "\0" not in text and len(value) <= ID_BYTES:
            self._next_id = text
        elif name == b"retry" and text.isdecimal():
            self.retry_seconds = min(int(text[:9]) / 1000, 3_600.0)
        return None

    def _dispatch(self) -> SentEvent | None:
        if self._next_id is not None:
            self.last_id = self._next_id
        name, too_large = self._name or DEFAULT_EVENT, self._bytes > MESSAGE_BYTES
        event = SentEvent(name, "\n".join(self._data), self.last_id, too_large) if self._data or too_large else None
        self._name, self._data, self._bytes, self._next_id = "", [], 0, None
        return event


def _line_end(text: bytes, at: int) -> tuple[int, int] | None:
    """Where a line ends and where the next begins: at LF, CR LF or CR; None while the end has not come. A CR at
    the very end may be half of a CR LF."""
    newline, carriage = text.find(b"\n", at), text.find(b"\r", at)
    if carriage >= 0 and (newline < 0 or carriage < newline):
        if carriage + 1 == len(text):
            return None
        return carriage, carriage + (2 if text[carriage + 1 : carriage + 2] == b"\n" else 1)
    return (newline, newline + 1) if newline >= 0 else None


@dataclass(frozen=True)
class ServerSentEvents:
    """One address."""

    endpoint: Endpoint
    events: frozenset[str] = frozenset()
    numbered: bool = False
    quiet_seconds: float = 120.0
    finite: bool = False

    async def messages(self, cursor: str | None) -> AsyncIterator[Item]:
        last = cursor
        async for event in sent_events(self.endpoint, cursor, self.quiet_seconds):
            if isinstance(event, Connected):
                yield event
                continue
            if self.events and event.name not in self.events:
                continue
            missed = _missed(last, event.last_id) if self.numbered else None
            last = event.last_id or last
            if event.too_large:
                yield skipped(event.last_id or None)
            else:
                yield Received(event.data, event.last_id or None, missed=missed)


async def sent_events(
    endpoint: Endpoint, last_id: str | None, quiet_seconds: float
) -> AsyncIterator[SentEvent | Connected]:
    """The events of an address, to the end of the connection. Raises FeedUnavailable, FeedRefused."""
    asked = {"Accept": MEDIA_TYPE, "Cache-Control": "no-store"}
    if last_id:
        asked["Last-Event-ID"] = last_id
    reader = EventReader(last_id or "")
    async with session(quiet_seconds) as client, answered(client, endpoint, endpoint.address(), asked, None) as answer:
        if answer.content_type != MEDIA_TYPE:
            raise FeedRefused(f"{endpoint} answers {answer.content_type}, which is no event stream: look at `url`")
        yield Connected()
        async for part in answer.content.iter_any():
            for event in reader.feed(part):
                yield event
    raise FeedUnavailable(f"{endpoint} ended the connection", reader.retry_seconds)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) <= 18 else None


def _missed(before: str | None, now: str) -> int | None:
    """Messages between two ids; None where nothing is known to be missing: one told before, or counted anew."""
    first, second = _number(before), _number(now)
    if first is None or second is None or second <= first + 1:
        return None
    return second - first - 1
