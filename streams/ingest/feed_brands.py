"""Whose event it is: a feed's own brand, or those that the catalogue finds in its text.

    a text                        the brands that it is about, and the one whose own account it is
    a like, a repost of a text    the brands of that text, as long as it is remembered
    a retraction, an edit         the same
    an account's deletion         the brands of all its texts that are remembered
    anything else without a text  nobody's

One event goes out for each brand; the second brand's has an id of its own, or it would be taken for a repetition.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from streams.catalogue.brand import Brand
from streams.catalogue.matcher import BrandMatcher
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event, Platform
from streams.ingest.context import short_id
from streams.ingest.feed_memory import FeedMemory


def event_id_of_brand(event_id: str, brand: str, place: int) -> str:
    """The id of the event that goes to a brand which is the so-manieth of the event's."""
    return short_id(f"{event_id}#{brand}") if place else event_id


class CatalogueBrands:
    """The brands of a feed's events."""

    def __init__(self, brands: Sequence[Brand], platform: Platform, pseudonyms: Pseudonyms, memory: FeedMemory) -> None:
        self._matcher = BrandMatcher(brands)
        self._memory = memory
        self._own = _own_accounts(brands, platform, pseudonyms)

    def events(self, event: Event) -> list[Event]:
        """The event of each of its brands; none for a text that is about no brand."""
        if event.brand_id:  # its mapping says whose it is
            return [event]
        names = self._brands(event)
        if not names:
            return []
        if event.kind not in ("retraction", "account_deletion"):
            self._remember(event, names)
        return [self._of(event, name, place) for place, name in enumerate(names)]

    def _brands(self, event: Event) -> list[str]:
        if event.kind == "retraction":
            return self._memory.get_all("brands", event.retracts or "")
        if event.kind == "account_deletion":
            return self._memory.get_all("brands", event.actor.id) if event.actor else []
        if event.text:
            found = self._matcher.brands(event.text)
            own = self._own.get(event.actor.id, ()) if event.actor else ()
            return found + [name for name in own if name not in found]
        return self._memory.get_all("brands", event.subject_id) if event.subject_id else []

    def _remember(self, event: Event, names: list[str]) -> None:
        self._memory.put_all("brands", event.event_id, names)
        if event.actor is not None and event.text:
            known = self._memory.get_all("brands", event.actor.id)
            self._memory.put_all("brands", event.actor.id, known + [name for name in names if name not in known])

    def _of(self, event: Event, brand: str, place: int) -> Event:
        actor = event.actor
        if actor is not None and event.room_id is None:
            actor = msgspec.structs.replace(actor, official=brand in self._own.get(actor.id, ()))
        # An account's deletion has no other id to tell its brands apart by, and its brands may be more another time.
        place = place or int(event.kind == "account_deletion")
        return msgspec.structs.replace(
            event,
            brand_id=brand,
            event_id=event_id_of_brand(event.event_id, brand, place),
            actor=actor,
            retracts=event.retracts and event_id_of_brand(event.retracts, brand, place),
            subject_id=event.subject_id and self._subject(event.subject_id, brand),
        )

    def _subject(self, subject_id: str, brand: str) -> str:
        """What the event is about, by the id that it has for this brand."""
        names = self._memory.get_all("brands", subject_id)
        return event_id_of_brand(subject_id, brand, names.index(brand)) if brand in names else subject_id


def _own_accounts(brands: Iterable[Brand], platform: Platform, pseudonyms: Pseudonyms) -> Mapping[str, tuple[str, ...]]:
    """Pseudonym → the brands whose own account it is."""
    own: dict[str, tuple[str, ...]] = {}
    for brand in brands:
        for account in brand.own_accounts.get(platform, ()):
            name = pseudonyms.pseudonym(platform, account)
            own[name] = (*own.get(name, ()), brand.id)
    return own
