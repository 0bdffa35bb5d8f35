"""What a feed has to know of what it told: ids of what is told again, brands of texts, wordings that replace others.

It is bounded, and kept beside the cursor in the same act, so that after a kill it is what it was at the cursor:

    memory:<day>   hash   entry → its value, of a day since the epoch; kept for DAYS days
"""

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final, Literal

from streams.clock import DAY_MS

DAYS: Final = 8
MAX_ENTRIES: Final = 200_000
"""Entries; beyond it the oldest are forgotten."""
Subject = Literal["told", "brands", "accounts", "version", "place"]
"""`told` an event's id · `brands` of an event, by its id · `accounts` the brands of an account's texts · `version` the
newest wording of an event · `place` brand, room and session of an event whose message said them."""
_SEPARATOR: Final = "\x1f"


def suffix(day: int) -> str:
    """The ledger's key suffix of a day's entries."""
    return f"memory:{day}"


class FeedMemory:
    """One feed's; one event loop."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._changes: dict[int, dict[str, bytes | None]] = {}
        self.today = 0

    def at(self, now_ms: int) -> None:
        """What is put from now on belongs to this day."""
        self.today = now_ms // DAY_MS

    def load(self, day: int, entries: Mapping[str, bytes]) -> None:
        """What a former process kept of a day; days in their order."""
        for name, value in entries.items():
            self._entries[name] = (day, value.decode(errors="replace"))

    def get(self, subject: Subject, of: str) -> str | None:
        entry = self._entries.get(_name(subject, of))
        return None if entry is None else entry[1]

    def put(self, subject: Subject, of: str, value: str = "") -> None:
        name = _name(subject, of)
        former = self._entries.pop(name, None)
        self._entries[name] = (self.today, value)
        if former != (self.today, value):
            self._change(self.today, name, value.encode())
            if former is not None and former[0] != self.today:
                self._change(former[0], name, None)
        while len(self._entries) > MAX_ENTRIES:
            oldest, (day, _) = self._entries.popitem(last=False)
            self._change(day, oldest, None)

    def get_all(self, subject: Subject, of: str) -> list[str]:
        found = self.get(subject, of)
        return found.split(_SEPARATOR) if found else []

    def put_all(self, subject: Subject, of: str, values: list[str]) -> None:
        self.put(subject, of, _SEPARATOR.join(values))

    def newest(self, first_id: str) -> str | None:
        """See streams.ingest.feed.Wordings."""
        return self.get("version", first_id)

    def note(self, first_id: str, newest_id: str) -> None:
        self.put("version", first_id, newest_id)

    def changes(self) -> dict[int, dict[str, bytes | None]]:
        """What is to be stored, by day: a value, or None for what is forgotten."""
        return self._changes

    def stored(self) -> None:
        """Everything so far is in the ledger."""
        self._changes = {}

    def _change(self, day: int, name: str, value: bytes | None) -> None:
        self._changes.setdefault(day, {})[name] = value


def _name(subject: Subject, of: str) -> str:
    return f"{subject[0]}{blake2b(of.encode(errors='surrogatepass'), digest_size=8).hexdigest()}"
