"""Mastodon's streaming API, over WebSocket or server-sent events, with the timeline asked for what a cut left out.

    connected ─► timeline since the last status, oldest first ─► what streamed meanwhile and since

The stream keeps nothing. A status's id follows its time, and one of another server may come later than one with a
higher id: the timeline is asked from some minutes before the last id on, and what was told is told once (`retells`).
Deletions and edits during a cut are in no timeline: an edit shows with the status, a deletion is not known. Sources:
https://docs.joinmastodon.org/methods/streaming/, https://docs.joinmastodon.org/methods/timelines/.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal, cast

import msgspec
from msgspec import Meta

from streams.cancellation import end
from streams.clock import MINUTE_MS, system_clock
from streams.events.schema import Platform
from streams.ingest.foreign import Fields, ForeignError, read_json
from streams.ingest.protocols.received import (
    Connected,
    FeedRefused,
    FeedUnavailable,
    Gap,
    Item,
    Received,
    skipped,
)
from streams.ingest.protocols.sse import sent_events
from streams.ingest.protocols.web import (
    ANSWER_SECONDS,
    Endpoint,
    Query,
    WebFeed,
    answered,
    body,
    connected,
    session,
    texts,
)
from streams.ingest.secret import Secrets

Stream = Literal["public", "public:local", "public:remote", "hashtag", "hashtag:local", "list", "user"]
PATH: Final = "/api/v1/streaming"
PAGE: Final = 40
LATE_MS: Final = 10 * MINUTE_MS
"""How much later a status of another server may come than one with a higher id."""
_ID_SHIFT: Final = 16
"""Ids are milliseconds times 2^16 and something more."""
_TIMELINES: Final[dict[Stream, tuple[str, Query]]] = {
    "public": ("public", {}), "public:local": ("public", {"local": "true"}),
    "public:remote": ("public", {"remote": "true"}), "hashtag": ("tag/{of}", {}),
    "hashtag:local": ("tag/{of}", {"local": "true"}), "list": ("list/{of}", {}), "user": ("home", {}),
}  # fmt: skip


class MastodonFeed(WebFeed, frozen=True, kw_only=True, tag="mastodon"):
    """`kind: mastodon`; `url` is the server's."""

    platform: Platform = "mastodon"
    stream: Stream = "public"
    of: str | None = None
    """The hashtag without #, or the list's id."""
    transport: Literal["websocket", "sse"] = "websocket"
    pages: Annotated[int, Meta(ge=1, le=1000)] = 50
    """Pages of 40 statuses that are asked for after a cut."""

    @property
    def retells(self) -> bool:
        return True

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if (self.of is None) == self.stream.startswith(("hashtag", "list")):
            yield "`of`: hashtag and list need one (the tag without #, the list's id), other streams have none"

    def way_in(self, secrets: Secrets) -> "Mastodon":
        return Mastodon(self.endpoint(secrets), self.stream, self.of or "", self.transport, self.pages)


@dataclass(frozen=True)
class Mastodon:
    """One stream of one server."""

    endpoint: Endpoint
    stream: Stream = "public"
    of: str = ""
    transport: Literal["websocket", "sse"] = "websocket"
    pages: int = 50
    finite: bool = False

    async def messages(self, cursor: str | None) -> AsyncIterator[Item]:
        last = int(cursor) if cursor and cursor.isdecimal() else 0
        streamed: asyncio.Queue[Item | Exception] = asyncio.Queue(10_000)
        listening = asyncio.create_task(self._listen(streamed))
        try:
            yield await _next(streamed)
            filled = set[str]()
            if last:
                async for item in self._timeline(last):
                    if isinstance(item, Received):
                        own_id = _status_id(item.message)
                        filled.add(own_id)
                        last = max(last, int(own_id) if own_id.isdecimal() else 0)
                        item = replace(item, cursor=str(last))
                    yield item
            while True:
                item = await _next(streamed)
                if isinstance(item, Received):
                    own_id = _status_id(item.message)
                    if own_id in filled:
                        filled.discard(own_id)
                        continue
                    last = max(last, int(own_id) if own_id.isdecimal() else 0)
                    item = replace(item, cursor=str(last) if last else None)
                yield item
        finally:
            await end(listening)

    async def _listen(self, streamed: "asyncio.Queue[Item | Exception]") -> None:
        """What streams, stamped when it came; and how it ended."""
        error: Exception = FeedUnavailable(f"{self.endpoint} ended the connection")
        try:
            live = self._sse() if self.transport == "sse" else self._websocket()
            async with aclosing(cast(Any, live)) as items:
                async for item in items:
                    await streamed.put(
                        replace(item, received_ms=system_clock()) if isinstance(item, Received) else item
                    )
        except Exception as ended:  # whoever waits for what streams has to know of any
            error = ended
        await streamed.put(error)

    async def _websocket(self) -> AsyncIterator[Item]:
        named = {"hashtag": "tag", "hashtag:local": "tag", "list": "list"}.get(self.stream)
        asked = {"stream": self.stream, **({named: self.of} if named else {})}
        where = self.endpoint.at(PATH)
        async with connected(replace(where, url=where.url.with_scheme(self._scheme("ws"))), asked) as socket:
            yield Connected()
            async for raw in texts(socket, self.endpoint):
                yield Received(raw)

    async def _sse(self) -> AsyncIterator[Item]:
        path = self.stream.replace(":", "/")
        named = {"hashtag": "tag", "hashtag/local": "tag", "list": "list"}.get(path)
        where = self.endpoint.at(f"{PATH}/{path}")
        if named:
            where = replace(where, query={**where.query, named: self.of})
        async for event in sent_events(where, None, 120.0):
            if isinstance(event, Connected):
                yield event
            elif event.too_large:
                yield skipped()
            else:
                yield Received(msgspec.json.encode({"event": event.name, "payload": event.data}))

    async def _timeline(self, last: int) -> AsyncIterator[Item]:
        """Statuses from some minutes before the last one on, oldest first, and a gap where they are too many or are not
        shown."""
        path, query = _TIMELINES[self.stream]
        where = self.endpoint.at(f"/api/v1/timelines/{path.format(of=self.of)}")
        since = str(max(1, _before(last)))
        async with session() as client:
            for _ in range(self.pages):
                asked = {**dict(query), "limit": str(PAGE), "min_id": since}
                try:
                    async with answered(client, where, where.address(asked), {}, ANSWER_SECONDS) as answer:
                        statuses = _statuses(await body(answer, where), where)
                except FeedRefused:
                    yield Gap(_ms(last), system_clock(), None, "no_cursor")
                    return
                if not statuses:
                    return
                for status in sorted(statuses, key=_number):
                    yield Received(msgspec.json.encode({"event": "update", "payload": status}))
                newest = str(max(map(_number, statuses)))
                if newest == since:
                    return
                since = newest
        yield Gap(_ms(int(since)), system_clock(), None, "cursor_too_old")

    def _scheme(self, kind: str) -> str:
        return kind + ("s" if self.endpoint.url.scheme in ("https", "wss") else "")


async def _next(streamed: "asyncio.Queue[Item | Exception]") -> Item:
    """What streams next. Raises how it ended."""
    item = await streamed.get()
    if isinstance(item, Exception):
        raise item
    return item


def _status_id(raw: bytes | str) -> str:
    """The id of a new status; empty for every other message."""
    try:
        message = read_json(raw)
    except ForeignError:
        return ""
    if not isinstance(message, dict) or message.get("event") != "update":
        return ""
    return Fields(message).part("payload").identifier("id")


def _statuses(answer: bytes, where: object) -> list[dict[str, Any]]:
    try:
        value = read_json(answer)
    except ForeignError as error:
        raise FeedUnavailable(f"{where} answers what cannot be read: {error}") from None
    return [status for status in value if isinstance(status, dict)] if isinstance(value, list) else []


def _number(status: dict[str, Any]) -> int:
    own_id = Fields(status).identifier("id")
    return int(own_id) if own_id.isdecimal() else 0


def _ms(number: int) -> int:
    """When a status with this id was written; now, where ids are no times."""
    time_ms = number >> _ID_SHIFT
    return time_ms if time_ms > 10**12 else system_clock()


def _before(number: int) -> int:
    """The id of some minutes before, where ids are times."""
    return number - (LATE_MS << _ID_SHIFT) if number >> _ID_SHIFT > 10**12 else number
