"""One feed of feeds.yaml: what all kinds have in common, and what each kind of them answers for.

    kind ──► way_in()    where its messages come from         (streams.ingest.protocols)
        ├──► address     the same for people: without credentials or a query
        └──► decoder()   what they are: a platform's, or somebody else's by a mapping

A kind is a subclass in its protocol's module, with its own fields, `way_in` and `address`;
streams.ingest.feed_list.AnyFeed is one of all of them. `way_in` raises UsageError where a secret or a library is
missing.
"""

import zoneinfo
from collections.abc import Container, Iterator, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from streams.errors import UsageError
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Id, Platform
from streams.ingest.context import FeedContext
from streams.ingest.feed import Decoder
from streams.ingest.mapping import mapped
from streams.ingest.mapping_fields import MessageMapping
from streams.ingest.platforms import bilibili, douyin, jetstream, mastodon, tiktok
from streams.ingest.preset import preset
from streams.ingest.protocols.received import Received
from streams.ingest.secret import Secret

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]

DECODERS: Mapping[Platform, Decoder] = {
    "tiktok": tiktok.DECODER, "douyin": douyin.DECODER, "bilibili": bilibili.DECODER, "bluesky": jetstream.DECODER,
    "mastodon": mastodon.DECODER,
}  # fmt: skip
"""The platforms whose messages need no mapping."""


class FeedEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every kind has. A kind subclasses it with a tag."""

    name: Name
    """The `source` of its events; it stays, or the cursor begins anew and ids are others."""
    platform: Platform = "other"
    """One of the closed set of the records' `platform`; a shop, forum or system of another name is `other`."""
    brand: Id | None = None
    """Whose texts they are; without it the catalogue says by each text (`--brands`)."""
    room: Id | None = None
    """The live room that all of it is about, by its platform's id."""
    session: Id | None = None
    """The stream within the room."""
    host: str | None = None
    """The host's user id at the platform: captions are the host's."""
    jurisdiction: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] | None = None
    """Whose rules hold, as ISO 3166 has it: `CN`."""
    own_accounts: frozenset[str] = frozenset()
    """User ids of the brand's own accounts; of brands of the catalogue they stand there."""
    zone: str = "UTC"
    """Of times that have no offset, as IANA names it; a mapping's `zone` goes before it. A brand's `time_zone` says
    what its days are, and reads no times."""
    mapping: MessageMapping | None = None
    """How JSON of no known platform becomes events (streams.ingest.mapping)."""
    preset: str | None = None
    """A mapping that many need, by its name: `mediacrawler/weibo` (streams.ingest.preset)."""
    gift_prices: dict[str, int] = {}
    """Gift id → unit price in minor units."""
    coin_price: float | None = None
    """Minor units of money that one coin costs."""

    @property
    def retells(self) -> bool:
        """Whether it tells again what it told before, as each poll does: what was told is then remembered."""
        return False

    @property
    def kind(self) -> str:
        """As feeds.yaml calls it."""
        return str(type(self).__struct_config__.tag)

    @property
    def of_platform(self) -> Platform:
        """The platform, as the entry or its preset says. Raises UsageError."""
        return preset(self.preset).platform if self.preset and self.platform == "other" else self.platform

    @property
    def says_brands(self) -> bool:
        """Whether its mapping says whose each event is."""
        return any(one.brand is not None for one in self._rules)

    @property
    def says_places(self) -> bool:
        """Whether its mapping says of events in which brand, room or session they are."""
        return any(one.brand or one.room or one.session for one in self._rules)

    @property
    def _rules(self) -> tuple[MessageMapping, ...]:
        return () if self.mapping is None else (self.mapping, *(self.mapping.rules or ()))

    def secrets(self) -> Iterator[Secret]:
        """Those that it names: `feeds check` looks whether they are there."""
        return iter(())

    def decoder(self) -> Decoder:
        """What its messages are. Raises UsageError."""
        mapping = preset(self.preset).mapping if self.preset else self.mapping
        if mapping is not None:
            return mapped(msgspec.structs.replace(mapping, zone=mapping.zone or self.zone))
        known = DECODERS.get(self.platform)
        if known is None:
            raise UsageError(f"give a `mapping`, a `preset`, or as `platform` one of {', '.join(DECODERS)}")
        return known

    def recorded(self, data: bytes) -> Iterator[Received]:
        """The messages of a recording: one a line, where a kind says nothing else."""
        return (Received(line) for line in data.split(b"\n") if line.strip())

    def faults(self) -> Iterator[str]:
        """What in it cannot be, each with what to do."""
        if self.room is not None and self.brand is None:
            yield "`brand` is missing: everything in a room is about the room's brand"
        if self.session is not None and self.room is None:
            yield "`room` is missing: a session belongs to a room"
        if self.mapping is not None and self.preset is not None:
            yield "`mapping` and `preset`: give one of them"
        if self.zone not in zoneinfo.available_timezones():
            yield f"`zone`: {self.zone} is no time zone of the IANA database (Asia/Shanghai)"
        try:
            self.decoder()
        except UsageError as error:
            yield f"`mapping`: {error}" if self.mapping else str(error)

    def context(self, pseudonyms: Pseudonyms, own_accounts: Container[str] = ()) -> FeedContext:
        """What its events have in common; `own_accounts` are those of the catalogue's brands."""
        return FeedContext(
            source=self.name,
            platform=self.of_platform,
            brand_id=self.brand or "",
            pseudonyms=pseudonyms,
            room_id=self.room,
            session_id=self.session,
            host=self.host,
            jurisdiction=self.jurisdiction,
            own_accounts=self.own_accounts,
            brands_accounts=own_accounts,
            gift_prices=self.gift_prices,
            coin_price=self.coin_price,
        )
