"""What is remembered of a subject on the day of its last report and the day after: stored under that day, so that it
expires by itself.

    <kind>:<day>   hash   subject → mark
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from streams.clock import DAY_MS, MINUTE_MS
from streams.ledger.stored import Stored, StoredCodec

MARKS_KEPT_SECONDS = 3 * 86_400
MAX_SUBJECTS = 100_000
"""Subjects held in memory: those reported last; the others are loaded with their next report."""
_MINUTES_A_DAY = DAY_MS // MINUTE_MS


class DayMark(Stored):
    """Begins with the day of the last report, in days since the epoch."""

    day: int


Mark = TypeVar("Mark", bound=DayMark)


def day_of(minute: int) -> int:
    """The day of a minute, both since the epoch."""
    return minute // _MINUTES_A_DAY


class DayMarks(Generic[Mark]):
    """One partition's marks of one kind, those in use held in memory."""

    def __init__(self, kind: str, mark: type[Mark], about: str) -> None:
        self._kind, self._about = kind, about
        self._codec = StoredCodec(mark)
        self._held: OrderedDict[str, Mark | None] = OrderedDict()

    def suffix(self, day: int) -> str:
        """The suffix of a day's hash."""
        return f"{self._kind}:{day}"

    def to_load(self, wanted: Iterable[tuple[str, Iterable[int]]]) -> dict[str, list[str]]:
        """The subjects, of these and the days under which they may be, that are not held: by suffix."""
        missing: dict[str, set[str]] = {}
        for subject, days in wanted:
            if subject not in self._held:
                for day in days:
                    missing.setdefault(self.suffix(day), set()).add(subject)
        return {suffix: sorted(subjects) for suffix, subjects in missing.items()}

    def add_loaded(self, wanted: Mapping[str, Iterable[str]], found: Mapping[str, Mapping[str, bytes]]) -> None:
        """Hold what was loaded; of several marks of a subject, the latest day's counts."""
        for subjects in wanted.values():
            for subject in subjects:
                self._held.setdefault(subject, None)
        for suffix in wanted:
            for subject, value in found.get(suffix, {}).items():
                mark, known = self._codec.decode_or_none(value, f"{self._about} {subject}"), self._held.get(subject)
                if mark is not None and (known is None or known.day <= mark.day):
                    self._held[subject] = mark

    def get(self, subject: str, day: int) -> Mark | None:
        """None where the last report was before the previous day, even if the mark is still in memory: a later worker
        would not find it."""
        mark = self._held.get(subject)
        return None if mark is None or mark.day < day - 1 else mark

    def put(self, subject: str, mark: Mark) -> None:
        self._held[subject] = mark
        self._held.move_to_end(subject)

    def encoded(self, subjects: Iterable[str]) -> dict[str, dict[str, bytes | None]]:
        """The marks of these subjects as they are stored, by suffix."""
        stored: dict[str, dict[str, bytes | None]] = {}
        for subject in subjects:
            mark = self._held[subject]
            if mark is not None:
                stored.setdefault(self.suffix(mark.day), {})[subject] = self._codec.encode(mark)
        return stored

    def evict_oldest(self) -> None:
        """Hold no more than MAX_SUBJECTS; called when the marks are stored."""
        while len(self._held) > MAX_SUBJECTS:
            self._held.popitem(last=False)
