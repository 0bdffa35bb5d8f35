"""A room of TikTok LIVE through the library TikTokLive, which is not part of Pulsewatch: `pip install TikTokLive`.

Mind its licence (MIT up to 6.6, a modified AGPL-3.0 as of 7.0), and that it asks a signing service of its makers' for
each connection. The room keeps nothing: what it tells while nobody listens is gone, and counted as a gap.
"""

import asyncio
import importlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final, Protocol

from msgspec import Meta

from streams.cancellation import end
from streams.errors import UsageError
from streams.events.schema import Platform
from streams.ingest.feed_entry import FeedEntry
from streams.ingest.protocols.received import Connected, FeedRefused, FeedUnavailable, Item, Received
from streams.ingest.secret import Secret, Secrets

OFFLINE_SECONDS: Final = 60.0
"""Until it is asked again whether a host who is not live is live."""
QUEUED: Final = 10_000


class Client(Protocol):
    """TikTokLive's client, as far as it is used."""

    def add_listener(self, event: Any, f: Callable[[Any], Any]) -> Any: ...
    async def start(self) -> "asyncio.Task[Any]": ...
    async def disconnect(self) -> None: ...


class TikTokFeed(FeedEntry, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="tiktok"):
    """`kind: tiktok`: the room of a host."""

    platform: Platform = "tiktok"
    user: Annotated[str, Meta(pattern=r"^@?[A-Za-z0-9._]{1,64}$")]
    """The host's name, as in the room's address."""
    sign_key: Secret | None = None
    """A key of the signing service, for more connections than it gives to anybody."""

    @property
    def address(self) -> str:
        return f"tiktok.com/@{self.user.removeprefix('@')}/live"

    def secrets(self) -> Iterator[Secret]:
        if self.sign_key is not None:
            yield self.sign_key

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.room is None:
            yield "`room` is missing: what the room is called in the console"

    def way_in(self, secrets: Secrets) -> "TikTokRoom":
        try:
            library = importlib.import_module("TikTokLive")
            events = importlib.import_module("TikTokLive.events.proto_events").EVENT_MAPPINGS
            defaults = importlib.import_module("TikTokLive.client.web.web_settings").WebDefaults
        except ImportError:
            raise UsageError("`kind: tiktok` needs a library that is not there: pip install TikTokLive") from None
        if self.sign_key is not None:
            defaults.tiktok_sign_api_key = secrets.read(self.sign_key)
        return TikTokRoom(partial(library.TikTokLiveClient, unique_id=self.user), events)


@dataclass(frozen=True)
class TikTokRoom:
    """One host's room."""

    client: Callable[[], Client]
    events: Mapping[str, Any]
    """The library's class for each of the platform's methods."""
    finite: bool = False

    async def messages(self, cursor: str | None) -> AsyncIterator[Item]:  # noqa: ARG002 - it has none
        client = self.client()
        told: asyncio.Queue[bytes] = asyncio.Queue(QUEUED)
        for method, event in self.events.items():
            client.add_listener(event, partial(_tell, told, method))
        try:
            running = await client.start()
        except Exception as error:
            with suppress(Exception):
                await client.disconnect()
            raise _trouble(error) from error
        try:
            yield Connected()
            while not (running.done() and told.empty()):
                getting = asyncio.ensure_future(told.get())
                try:
                    await asyncio.wait({getting, running}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    await end(getting)
                if not getting.cancelled():
                    yield Received(getting.result())
            if running.exception() is not None:
                raise FeedUnavailable(f"TikTok ended the connection: {running.exception()!r}")
        finally:
            with suppress(Exception):
                await client.disconnect()


async def _tell(told: "asyncio.Queue[bytes]", method: str, event: Any) -> None:
    """A message as the platform's decoder reads it: protobuf's JSON, and its method."""
    await told.put(json.dumps({**event.to_dict(), "method": method}).encode())


def _trouble(error: Exception) -> FeedRefused | FeedUnavailable:
    """By the names of the library's errors."""
    name = type(error).__name__
    if "NotFound" in name or "AgeRestricted" in name:
        return FeedRefused(f"TikTok: {name}: look at `user`")
    if "Offline" in name:
        return FeedUnavailable("TikTok: the host is not live", OFFLINE_SECONDS)
    return FeedUnavailable(f"TikTok: {name}: {str(error)[:200]}", OFFLINE_SECONDS)
