"""What is stored of rooms and brands is forgotten when nothing came of them for long.

    seen:<day>   hash   key → ""      keys with a record on a day of the log; kept a little longer than what it is about

When a day begins, the keys that were seen on the day that is now too old are looked at: those without a later record
leave the ledger. The hashes themselves have a time to live too, so that a partition that nobody reads any more goes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from streams.clock import DAY_MS

ROOMS_KEPT_DAYS = 30
BRANDS_KEPT_DAYS = 90
"""A brand's level of talk takes weeks to learn."""
MAX_DAYS = 400
"""That a log may leap at once and still be looked through."""
_DAY_SECONDS = 86_400


def seen_suffix(day: int) -> str:
    """`day` counts from the epoch."""
    return f"seen:{day}"


@dataclass
class Forgetting:
    """Which keys of a partition were seen today, and from when on they are forgotten."""

    kept_days: int
    day: int = 0
    due: Sequence[int] = ()
    """The days whose keys are to be looked at with this batch."""
    _seen: set[str] = field(default_factory=set)
    _begun: bool = False

    def see(self, keys: Iterable[str], log_ms: int) -> dict[str, bytes | None]:
        """Take in the keys of a batch's records; returns those to be noted under today."""
        day = log_ms // DAY_MS
        if day > self.day:
            self.due = range(max(self.day, day - MAX_DAYS) - self.kept_days, day - self.kept_days) if self.day else ()
            self.day, self._seen, self._begun = day, set(), False
        new = sorted(set(keys) - self._seen)
        self._seen.update(new)
        return dict.fromkeys(new, b"")

    def ttl_seconds(self, suffixes: Iterable[str], noted: bool) -> dict[str, int]:
        """Times to live to be set with this batch: of the hashes once a day, of today's keys when some are noted."""
        kept = (self.kept_days + 2) * _DAY_SECONDS
        ttl = {} if self._begun else dict.fromkeys(suffixes, kept)
        self._begun = True
        return {**ttl, **({seen_suffix(self.day): kept} if noted else {})}

    def is_forgotten(self, last_log_ms: int) -> bool:
        """Whether the last record of a key is too old."""
        return last_log_ms // DAY_MS < self.day - self.kept_days
