"""A room's socket at Bilibili: say who we are, send a heartbeat, hear packets. Web and open platform have it in common.

It keeps nothing: what it tells while nobody listens is gone, and counted as a gap.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, suppress
from typing import Any, Final, cast

import aiohttp
from yarl import URL

from streams.cancellation import end
from streams.ingest.foreign import Fields, ForeignError, read_json
from streams.ingest.protocols.bilibili_packets import (
    AUTH,
    AUTH_ANSWER,
    HEARTBEAT,
    MESSAGE,
    NoPacket,
    packed,
    packets,
)
from streams.ingest.protocols.received import Connected, FeedRefused, FeedUnavailable, Item, Received
from streams.ingest.protocols.web import ANSWER_BYTES, failing_kindly

HEARTBEAT_SECONDS: Final = 30.0
QUIET_SECONDS: Final = 75.0
"""Two heartbeats that nobody answers."""
USER_AGENT: Final = "Mozilla/5.0 (compatible; pulsewatch)"


async def room_messages(
    client: aiohttp.ClientSession, addresses: Sequence[URL], credentials: bytes, heartbeat_seconds: float
) -> AsyncIterator[Item]:
    """What the room tells, from the first of these servers that answers. Raises FeedUnavailable, FeedRefused."""
    socket, where = await _first(client, addresses)
    async with socket:
        await socket.send_bytes(packed(AUTH, credentials))
        beating = asyncio.create_task(_beat(socket, heartbeat_seconds))
        try:
            async with aclosing(cast(Any, _heard(socket, where))) as items:
                async for item in items:
                    yield item
        finally:
            await end(beating)


async def _first(
    client: aiohttp.ClientSession, addresses: Sequence[URL]
) -> tuple[aiohttp.ClientWebSocketResponse, URL]:
    trouble: FeedUnavailable | FeedRefused = FeedUnavailable("Bilibili names no server for the room")
    for address in addresses:
        try:
            async with failing_kindly(address):
                socket = await client.ws_connect(
                    address, headers={"User-Agent": USER_AGENT}, max_msg_size=ANSWER_BYTES, autoping=True
                )
                return socket, address
        except (FeedUnavailable, FeedRefused) as error:
            trouble = error
    raise trouble


async def _beat(socket: aiohttp.ClientWebSocketResponse, seconds: float) -> None:
    with suppress(ConnectionError, aiohttp.ClientError):  # who hears the room is told the same
        while True:
            await asyncio.sleep(seconds)
            await socket.send_bytes(packed(HEARTBEAT))


async def _heard(socket: aiohttp.ClientWebSocketResponse, where: URL) -> AsyncIterator[Item]:
    while True:
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                message = await socket.receive()
        except TimeoutError:
            raise FeedUnavailable(f"{where.host} has been quiet for {QUIET_SECONDS:.0f} s") from None
        if message.type == aiohttp.WSMsgType.BINARY:
            for item in _items(message.data):
                yield item
        elif message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED):
            return
        elif message.type == aiohttp.WSMsgType.ERROR:
            raise FeedUnavailable(f"{where.host} ended the connection: {message.data or socket.exception()}")


def _items(data: bytes) -> list[Item]:
    """What a message of the socket holds; what is no packet is told as it came, and costs itself alone."""
    found: list[Item] = []
    try:
        for packet in packets(data):
            if packet.operation == MESSAGE and packet.body:
                found.append(Received(packet.body))
            elif packet.operation == AUTH_ANSWER:
                _check_answer(packet.body)
                found.append(Connected())
    except NoPacket as error:
        found.append(Received(data, place=f"socket: {error}"))
    return found


def _check_answer(body: bytes) -> None:
    try:
        answer = read_json(body)
    except ForeignError:
        answer = None
    code = Fields(answer).number_or_none("code") if isinstance(answer, dict) else None
    if code != 0:
        raise FeedRefused("Bilibili's room server refuses us: look at `cookie`, or at the keys of the open platform")
