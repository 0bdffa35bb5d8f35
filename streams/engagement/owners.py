"""Which platform an id belongs to: the first that used it in the partition has the bare name, any other a qualified one
(streams.events.identity). A session's id belongs to a room in the same way, or to a platform where it names no room.

    owners:<n>   hash   `r:`, `p:` or `s:` and the id → its owner      n counts stretches of 16 days of event time

An owner is written anew in each stretch in which it is met, and forgotten after a whole stretch without it.
"""

from collections.abc import Iterable, Mapping

from streams.clock import DAY_MS
from streams.events.identity import parted, qualified

STRETCH_MS = 16 * DAY_MS
OWNERS_KEPT_SECONDS = 33 * 86_400
"""To the end of the stretch after the one that it was written in."""


def owners_of(stretch: int) -> str:
    """The suffix of a stretch's hash."""
    return f"owners:{stretch}"


def stretches_until(at_ms: int) -> tuple[int, int]:
    """The stretch before the one of a time, and that one."""
    return at_ms // STRETCH_MS - 1, at_ms // STRETCH_MS


class IdOwners:
    """One partition's."""

    def __init__(self, before: Mapping[str, bytes] = {}, now: Mapping[str, bytes] = {}, at_ms: int = 0) -> None:
        self._before = {field: owner.decode() for field, owner in before.items()}
        self._now = {field: owner.decode() for field, owner in now.items()}
        self._stretch = at_ms // STRETCH_MS
        self._new: dict[str, str] = {}

    def enter(self, at_ms: int) -> bool:
        """Go on to the stretch of a time; whether it follows another one. What is new is stored in the one entered."""
        stretch = at_ms // STRETCH_MS
        if stretch <= self._stretch:
            return False
        if not self._stretch:  # nothing was counted before
            self._stretch = stretch
            return False
        self._before = self._now if stretch == self._stretch + 1 else {}
        self._now, self._stretch = dict(self._new), stretch
        return True

    def name(self, code: str, bare: str, platform: str) -> str:
        """A room's or product's name. An id that looks qualified is always qualified, so that names stay unique."""
        if parted(bare)[1] is None and self._owner(f"{code}:{bare}", platform) == platform:
            return bare
        return qualified(bare, platform)

    def session(self, session_id: str, place: str) -> str:
        """A session's name: the bare id for the first place that used it."""
        return session_id if self._owner(f"s:{session_id}", place) == place else session_name(session_id, place)

    def pop_new(self) -> dict[str, dict[str, bytes | None]]:
        """What to store since the last call, by suffix."""
        new, self._new = self._new, {}
        return {owners_of(self._stretch): {field: owner.encode() for field, owner in new.items()}} if new else {}

    def _owner(self, field: str, claimant: str) -> str:
        owner = self._now.get(field)
        if owner is None:
            owner = self._now[field] = self._new[field] = self._before.get(field, claimant)
        return owner


def session_name(session_id: str, place: str) -> str:
    return f"{session_id}\x1f{place}"


def session_id_of(name: str) -> str:
    """The id that a feed gave to the session."""
    return name.partition("\x1f")[0]


def latest(stored: Iterable[bytes | None]) -> str | None:
    """The owner, of what the stretches have from the older to the newer."""
    known = [owner for owner in stored if owner is not None]
    return known[-1].decode() if known else None
