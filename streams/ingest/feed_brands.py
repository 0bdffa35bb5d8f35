"""Whose event it is: a feed's own brand, or those that the catalogue finds in its text.

    a text                        the brands that it is about, and the one whose own account it is
    a like, a repost of a text    the brands of that text, as long as it is remembered
    a retraction, an edit         the same
    a follow                      the brands whose own account is followed
    an account's deletion         the brands of all its texts that are remembered
    anything else without a text  nobody's

One event goes out for each brand, and each has an id of its own that names its brand: `7001#acme`. So a copy is the
same event when it comes again, also where the catalogue finds another brand in it by then.
"""

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

import msgspec

from streams.catalogue.live import Catalogue
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event, Platform
from streams.ingest.context import short_id

Subject = Literal["brands", "accounts"]


class BrandMemory(Protocol):
    """Which brands an event went to, by its id, and those of an account's texts, by its pseudonym."""

    def get_all(self, subject: Subject, of: str, /) -> list[str]: ...

    def put_all(self, subject: Subject, of: str, values: list[str], /) -> None: ...


class OwnAccounts:
    """The user ids of the own accounts of all brands, in the catalogue that is in force."""

    def __init__(self, catalogue: Callable[[], Catalogue], platform: Platform) -> None:
        self._catalogue = catalogue
        self._platform = platform
        self._known: tuple[Catalogue, frozenset[str]] | None = None

    def __contains__(self, account: object) -> bool:
        catalogue = self._catalogue()
        if self._known is None or self._known[0] is not catalogue:
            brands = catalogue.brands.values()
            own = frozenset(name for brand in brands for name in brand.own_accounts.get(self._platform, ()))
            self._known = (catalogue, own)
        return account in self._known[1]


def event_id_of_brand(event_id: str, brand: str) -> str:
    """The id of the event that goes to one of its brands."""
    return short_id(f"{event_id}#{brand}")


class CatalogueBrands:
    """The brands of the events of one platform."""

    def __init__(
        self, catalogue: Callable[[], Catalogue], platform: Platform, pseudonyms: Pseudonyms, memory: BrandMemory
    ) -> None:
        self._catalogue = catalogue
        self._platform = platform
        self._pseudonyms = pseudonyms
        self._memory = memory
        self._own_of: tuple[Catalogue, Mapping[str, tuple[str, ...]]] | None = None

    def events(self, event: Event) -> list[Event]:
        """The event of each of its brands; none for a text that is about no brand."""
        if event.brand_id and event.kind != "retraction":  # its mapping says whose it is
            self._remember_account(event, [event.brand_id])
            return [event]
        names = self._brands(event)
        if not names:
            return [event] if event.brand_id else []
        if event.kind not in ("retraction", "account_deletion"):
            self._remember(event, names)
        return [self._of(event, name) for name in names]

    def _brands(self, event: Event) -> list[str]:
        if event.kind == "retraction":
            return self._memory.get_all("brands", event.retracts or "")
        if event.kind == "account_deletion":
            return self._memory.get_all("accounts", event.actor.id) if event.actor else []
        if event.text:
            found = self._catalogue().matcher.brands(event.text)
            own = self._own().get(event.actor.id, ()) if event.actor else ()
            return found + [name for name in own if name not in found]
        if event.kind == "follow":
            return list(self._own().get(event.subject_id or "", ()))
        return self._memory.get_all("brands", event.subject_id) if event.subject_id else []

    def _remember(self, event: Event, names: list[str]) -> None:
        self._remember_of("brands", event.event_id, names)
        self._remember_account(event, names)

    def _remember_account(self, event: Event, names: list[str]) -> None:
        if event.actor is not None and event.text:
            self._remember_of("accounts", event.actor.id, names)

    def _remember_of(self, subject: Subject, of: str, names: list[str]) -> None:
        known = self._memory.get_all(subject, of)
        self._memory.put_all(subject, of, known + [name for name in names if name not in known])

    def _of(self, event: Event, brand: str) -> Event:
        actor = event.actor
        if actor is not None and event.room_id is None:
            known = self._own().get(actor.id)
            actor = msgspec.structs.replace(actor, official=actor.official if known is None else brand in known)
        return msgspec.structs.replace(
            event,
            brand_id=brand,
            event_id=event_id_of_brand(event.event_id, brand),
            actor=actor,
            retracts=event.retracts and event_id_of_brand(event.retracts, brand),
            subject_id=event.subject_id and self._subject(event.subject_id, brand),
        )

    def _subject(self, subject_id: str, brand: str) -> str:
        """What the event is about, by the id that it has for this brand."""
        return event_id_of_brand(subject_id, brand) if self._memory.get_all("brands", subject_id) else subject_id

    def _own(self) -> Mapping[str, tuple[str, ...]]:
        """Pseudonym → the brands whose own account it is, in the catalogue that is in force."""
        catalogue = self._catalogue()
        if self._own_of is None or self._own_of[0] is not catalogue:
            own: dict[str, tuple[str, ...]] = {}
            for brand in catalogue.brands.values():
                for account in brand.own_accounts.get(self._platform, ()):
                    name = self._pseudonyms.pseudonym(self._platform, account)
                    own[name] = (*own.get(name, ()), brand.id)
            self._own_of = (catalogue, own)
        return self._own_of[1]
