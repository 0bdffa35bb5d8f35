"""One connection's facts, which every event of its feed has: platform, brand, room, pseudonyms."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Actor, Event, Kind, Platform
from streams.ingest.foreign import digest

MAX_TEXT_CHARS = 20_000

MAX_ID_CHARS = 128
MAX_FOLLOWERS = 10**10
"""As streams.events.schema has it."""


@dataclass(frozen=True)
class FeedContext:
    """One connection to a platform on behalf of a brand, in a room where it is a live feed."""

    source: str
    platform: Platform
    brand_id: str
    pseudonyms: Pseudonyms
    room_id: str | None = None
    session_id: str | None = None
    host: str | None = None
    """The host's user id at the platform: captions are the host's."""
    jurisdiction: str | None = None
    """Whose law the stream is under, as a country of ISO 3166; None where only the platform is known."""
    own_accounts: frozenset[str] = frozenset()
    """User ids of the brand's own accounts: their posts are brand posts, following them is following the brand."""
    brands_accounts: Container[str] = ()
    """The same of all brands of a catalogue, which may change."""
    gift_prices: Mapping[str, int] = field(default_factory=dict)
    """Gift id → unit price in minor units, for platforms whose messages do not have it."""
    coin_price: float | None = None
    """Minor units of money that one coin of the platform costs, for gifts whose price is told in coins."""

    @property
    def id_space(self) -> str:
        """Who numbers what is told: in a live room the platform does, so that two collectors of one room tell the same
        event by the same id; elsewhere the feed."""
        return self.source if self.room_id is None else f"{self.platform}-live"

    def actor(self, user_id: str | int, followers: int = 0, verified: bool = False) -> Actor | None:
        """A user under a pseudonym; None for an anonymous viewer, whose id is 0 or empty. More followers than anybody
        can have are unknown."""
        name = str(user_id)
        if name in ("", "0"):
            return None
        reach = followers if 0 <= followers <= MAX_FOLLOWERS else 0
        return Actor(self.pseudonymise(name), reach, verified, self.is_own(name) or name == self.host)

    def is_own(self, user_id: str) -> bool:
        """Whether an account is the brand's own, or one of the catalogue's brands'."""
        return user_id in self.own_accounts or user_id in self.brands_accounts

    def masked_actor(self, mark: str) -> Actor | None:
        """A user whom the platform hides, told from others by a mark that it gives them; None without one. The mark is
        weak (32 bits of a hash), so the pseudonym holds within the room alone."""
        return Actor(self.pseudonymise(f"masked:{self.room_id}:{mark}"), masked=True) if mark else None

    def pseudonymise(self, identifier: str) -> str:
        """The pseudonym of an identifier that names a person."""
        return self.pseudonyms.pseudonym(self.platform, identifier)

    def streak(self, user_id: str | int, group_id: str | int) -> str | None:
        """The subject id of a user's gift streak in this room; None for a single gift (group 0 or empty)."""
        if str(group_id) in ("", "0"):
            return None
        return self.subject_id(self.pseudonymise(str(user_id))[:16], group_id)

    def subject_id(self, *parts: str | int) -> str:
        """The id of something in this room that several events are about: a caption, a streak."""
        return short_id(":".join(map(str, (self.room_id, *parts))))

    def own_id(self, platform_id: str | int) -> str:
        """The `event_id` of what the platform, or a decoder for it, calls by this id."""
        return short_id(f"{self.id_space}:{platform_id}")

    def event(self, kind: Kind, event_id: str | int, at_ms: int, received_ms: int, **fields: Any) -> Event:
        """An event of this feed, its text cut; `event_id` is the platform's own."""
        text = fields.pop("text", None)
        return Event(
            event_id=self.own_id(event_id),
            source=self.source,
            platform=self.platform,
            kind=kind,
            brand_id=self.brand_id,
            room_id=self.room_id,
            session_id=self.session_id,
            event_time_ms=at_ms,
            ingest_time_ms=received_ms,
            text=None if text is None else text[:MAX_TEXT_CHARS],
            jurisdiction=self.jurisdiction,
            **fields,
        )

    def retraction(self, retracted_id: str | int, at_ms: int, received_ms: int) -> Event:
        """The retraction of the event whose own id at the platform is `retracted_id`."""
        return self.event(
            "retraction", f"{retracted_id}:retracted", at_ms, received_ms, retracts=self.own_id(retracted_id)
        )


def short_id(name: str) -> str:
    """An id as the schema allows it: a longer one ends in the digest of all of it."""
    if len(name) <= MAX_ID_CHARS:
        return name
    return f"{name[: MAX_ID_CHARS - 33]}:{digest(name)}"
