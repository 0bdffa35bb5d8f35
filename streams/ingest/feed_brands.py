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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Owners:
    """Account → the brands whose own it is, by the platform's user id and by its pseudonym."""

    catalogue: Catalogue
    by_user_id: Mapping[str, tuple[str, ...]]
    by_pseudonym: Mapping[str, tuple[str, ...]]


class OwnAccounts:
    """The own accounts of all brands on one platform, in the catalogue that is in force. As a container it holds their
    user ids; events have pseudonyms."""

    def __init__(self, catalogue: Callable[[], Catalogue], platform: Platform, pseudonyms: Pseudonyms) -> None:
        self._catalogue = catalogue
        self._platform = platform
        self._pseudonyms = pseudonyms
        self._known: _Owners | None = None

    def __contains__(self, user_id: object) -> bool:
        return user_id in self._owners().by_user_id

    def brands_of(self, pseudonym: str | None) -> Sequence[str] | None:
        """The brands whose own account it is; None where it is nobody's."""
        return None if pseudonym is None else self._owners().by_pseudonym.get(pseudonym)

    def _owners(self) -> _Owners:
        catalogue = self._catalogue()
        if self._known is None or self._known.catalogue is not catalogue:
            owners: dict[str, tuple[str, ...]] = {}
            for brand in catalogue.brands.values():
                for user_id in brand.own_accounts.get(self._platform, ()):
                    owners[user_id] = (*owners.get(user_id, ()), brand.id)
            hidden = {self._pseudonyms.pseudonym(self._platform, user_id): names for user_id, names in owners.items()}
            self._known = _Owners(catalogue, owners, hidden)
        return self._known


def event_id_of_brand(event_id: str, brand: str) -> str:
    """The id of the event that goes to one of its brands."""
    return short_id(f"{event_id}#{brand}")


class CatalogueBrands:
    """The brands of one feed's events."""

    def __init__(self, catalogue: Callable[[], Catalogue], own: OwnAccounts, memory: BrandMemory) -> None:
        self._catalogue = catalogue
        self._own = own
        self._memory = memory

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
            own = self._own.brands_of(event.actor.id if event.actor else None) or ()
            return found + [name for name in own if name not in found]
        if event.kind == "follow":
            return list(self._own.brands_of(event.subject_id) or ())
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
            owners = self._own.brands_of(actor.id)
            official = actor.official if owners is None else brand in owners
            actor = msgspec.structs.replace(actor, official=official)
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
