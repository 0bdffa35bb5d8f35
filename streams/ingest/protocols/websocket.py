"""A generic WebSocket: each message that it sends is one of the feed's.

It keeps nothing: what it tells while nobody listens is gone, and counted as a gap.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp

from streams.ingest.feed_entry import Seconds
from streams.ingest.protocols.received import Connected, FeedUnavailable, Item, Received
from streams.ingest.protocols.web import MESSAGE_BYTES, Endpoint, Text, WebFeed, failing_kindly, session
from streams.ingest.secret import Secrets


class WebSocketFeed(WebFeed, frozen=True, kw_only=True, tag="websocket"):
    """`kind: websocket`."""

    send: tuple[Text, ...] = ()
    """Sent once connected, as a subscription; each may be a secret."""
    heartbeat_seconds: Seconds = 30.0
    """How often it is asked whether it is still there."""

    def way_in(self, secrets: Secrets) -> "WebSocket":
        return WebSocket(
            self.endpoint(secrets), tuple(secrets.text(text) for text in self.send), self.heartbeat_seconds
        )


@dataclass(frozen=True)
class WebSocket:
    """One address."""

    endpoint: Endpoint
    send: tuple[str, ...] = ()
    heartbeat_seconds: float = 30.0
    finite: bool = False

    async def messages(self, cursor: str | None) -> AsyncIterator[Item]:  # noqa: ARG002 - it has none
        async with (
            session() as client,
            failing_kindly(self.endpoint),
            client.ws_connect(
                self.endpoint.address(),
                headers=self.endpoint.headers,
                heartbeat=self.heartbeat_seconds,
                max_msg_size=MESSAGE_BYTES,
            ) as socket,
        ):
            for text in self.send:
                await socket.send_str(text)
            yield Connected()
            async for message in texts(socket, self.endpoint):
                yield Received(message)


async def texts(socket: aiohttp.ClientWebSocketResponse, where: object) -> AsyncIterator[str | bytes]:
    """The messages of a socket, to its end. Raises FeedUnavailable where it does not end in order."""
    async for message in socket:
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            yield message.data
        elif message.type == aiohttp.WSMsgType.ERROR:
            raise FeedUnavailable(f"{where} ended the connection: {message.data or socket.exception()}")
    code = socket.close_code
    if code not in (None, aiohttp.WSCloseCode.OK, aiohttp.WSCloseCode.GOING_AWAY):
        raise FeedUnavailable(f"{where} ended the connection with code {code}")
