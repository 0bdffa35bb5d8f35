"""A generic WebSocket: each message that it sends is one of the feed's.

Most keep nothing: what they tell while nobody listens is gone, and counted as a gap. One that does keep its messages
says where each stands, and takes that back in its address:

    cursor: {field: seq, parameter: after}        …?after=<the last message's seq>
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from streams.ingest.expression import Expression, ExpressionError
from streams.ingest.feed_entry import Seconds
from streams.ingest.foreign import ForeignError, read_json, whole_number
from streams.ingest.protocols.received import FROM_NOW, Connected, Item, Received, skipped
from streams.ingest.protocols.web import Endpoint, MessageTooLarge, Text, WebFeed, connected, texts
from streams.ingest.secret import Secrets


class CursorField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a message says its place, and how the server is asked for what follows."""

    field: str
    """An expression over the message."""
    parameter: Annotated[str, Meta(min_length=1, max_length=64)]
    """Of the address."""


class WebSocketFeed(WebFeed, frozen=True, kw_only=True, tag="websocket"):
    """`kind: websocket`."""

    send: tuple[Text, ...] = ()
    """Sent once connected, as a subscription; each may be a secret."""
    subprotocols: tuple[str, ...] = ()
    cursor: CursorField | None = None
    heartbeat_seconds: Seconds = 30.0
    """How often it is asked whether it is still there."""

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.cursor is not None:
            try:
                Expression(self.cursor.field)
            except ExpressionError as error:
                yield f"`cursor.field`: {error}"

    def way_in(self, secrets: Secrets) -> "WebSocket":
        return WebSocket(
            self.endpoint(secrets),
            tuple(secrets.text(text) for text in self.send),
            self.subprotocols,
            Expression(self.cursor.field) if self.cursor else None,
            self.cursor.parameter if self.cursor else "",
            self.heartbeat_seconds,
        )


@dataclass(frozen=True)
class WebSocket:
    """One address."""

    endpoint: Endpoint
    send: tuple[str, ...] = ()
    subprotocols: tuple[str, ...] = ()
    place: Expression | None = None
    parameter: str = ""
    heartbeat_seconds: float = 30.0
    finite: bool = False

    async def messages(self, cursor: str | None) -> AsyncIterator[Item]:
        behind = {self.parameter: cursor} if self.place is not None and cursor else {}
        async with connected(
            self.endpoint, behind, subprotocols=self.subprotocols, heartbeat_seconds=self.heartbeat_seconds
        ) as socket:
            for text in self.send:
                await socket.send_str(text)
            yield Connected()
            last = cursor
            try:
                async for message in texts(socket, self.endpoint):
                    place = self._place(message)
                    last = place or last
                    if place is not None and place == cursor:
                        continue  # a server that begins with the cursor's own message
                    yield Received(message, place)
            except MessageTooLarge:
                yield skipped(self._behind(last))
                raise

    def _behind(self, last: str | None) -> str | None:
        """The cursor behind a message whose place nobody read: of numbers the next, else what comes from now on."""
        if self.place is None:
            return None
        return str(int(last) + 1) if last and last.isdecimal() else FROM_NOW

    def _place(self, message: str | bytes) -> str | None:
        if self.place is None:
            return None
        try:
            found = self.place.of(read_json(message))
        except ForeignError:
            return None
        number = whole_number(found)
        return (found if isinstance(found, str) else None) if number is None else str(number)
