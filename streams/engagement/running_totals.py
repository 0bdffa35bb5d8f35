"""Growing counts: gift streaks and snapshots. How high each subject was seen is kept in the ledger, by the day of its
last report, so that a subject is remembered for the day of its last report and the day after, and costs nothing later.

    marks:<day>   hash   subject → Mark
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from streams.clock import DAY_MS, MINUTE_MS
from streams.engagement.deltas import Deltas, RunningTotal, TakeBack
from streams.engagement.stateful import add_growth
from streams.ledger.stored import Stored, StoredCodec

MARKS_KEPT_SECONDS = 3 * 86_400
REPORTS_REMEMBERED = 16
"""How many of a subject's last reports a retraction may name."""
MAX_SUBJECTS = 100_000
"""Subjects held in the process; those heard last are kept, the others are loaded when they are heard again."""
_MINUTES_A_DAY = DAY_MS // MINUTE_MS


class HighWaterMark(Stored):
    """How high a subject was seen, on which day last, and what its last reports added: {event_id: growth}."""

    day: int
    highest: int
    added: dict[str, int]


_codec = StoredCodec(HighWaterMark)


def marks_of(day: int) -> str:
    return f"marks:{day}"


def day_of(minute: int) -> int:
    return minute // _MINUTES_A_DAY


def _days_of(report: RunningTotal | TakeBack) -> tuple[int, ...]:
    """Where the subject's mark may be: a report in time is of the watermark's day or the day before it."""
    if isinstance(report, TakeBack):
        return report.today - 1, report.today
    day = day_of(report.where[1])
    return day - 1, day, day + 1


class HighWaterMarks:
    """One partition's, with those in use held in the process."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, HighWaterMark | None] = OrderedDict()

    def unknown(self, reports: Iterable[RunningTotal | TakeBack]) -> dict[str, list[str]]:
        """What must be loaded before these reports can be counted: subjects by suffix."""
        wanted: dict[str, set[str]] = {}
        for report in reports:
            if report.subject not in self._held:
                for near in _days_of(report):
                    wanted.setdefault(marks_of(near), set()).add(report.subject)
        return {suffix: sorted(subjects) for suffix, subjects in wanted.items()}

    def learn(self, wanted: Mapping[str, Iterable[str]], found: Mapping[str, Mapping[str, bytes]]) -> None:
        """Take what was loaded; of several marks of a subject the latest day's holds."""
        for subjects in wanted.values():
            for subject in subjects:
                self._held.setdefault(subject, None)
        for fields in found.values():
            for subject, value in fields.items():
                mark, known = _codec.decode(value), self._held.get(subject)
                if known is None or known.day <= mark.day:
                    self._held[subject] = mark

    def count(self, reports: Iterable[RunningTotal | TakeBack], changes: Deltas) -> dict[str, dict[str, bytes | None]]:
        """Add what the reports grew by to the changes, in order; returns the marks to store, by suffix."""
        touched: set[str] = set()
        for report in reports:
            mark = self._taken_back(report, changes) if isinstance(report, TakeBack) else self._grown(report, changes)
            if mark is not None:
                self._held[report.subject] = mark
                touched.add(report.subject)
        return self._stored(touched)

    def forget_oldest(self) -> None:
        """Keep within MAX_SUBJECTS; called when what was counted is stored."""
        while len(self._held) > MAX_SUBJECTS:
            self._held.popitem(last=False)

    def _mark(self, subject: str, day: int) -> HighWaterMark | None:
        """None where the subject was last heard before yesterday: to forget must not depend on who remembers."""
        mark = self._held.get(subject)
        return None if mark is None or mark.day < day - 1 else mark

    def _grown(self, report: RunningTotal, changes: Deltas) -> HighWaterMark:
        self._held.move_to_end(report.subject)
        day = day_of(report.where[1])
        before = self._mark(report.subject, day)
        if before is None:
            before = HighWaterMark(day, 0 if report.from_zero else report.total, {})
        growth = report.total - before.highest
        if growth <= 0:
            return HighWaterMark(max(day, before.day), before.highest, before.added)
        add_growth(changes, report.where, report.kind, growth, report.amount)
        added = dict([*before.added.items(), (report.event_id, growth)][-REPORTS_REMEMBERED:])
        return HighWaterMark(max(day, before.day), report.total, added)

    def _taken_back(self, report: TakeBack, changes: Deltas) -> HighWaterMark | None:
        mark = self._mark(report.subject, report.today)
        if mark is None or report.event_id not in mark.added:
            return None
        add_growth(changes, report.where, report.kind, -mark.added[report.event_id], report.amount)
        return HighWaterMark(
            mark.day, mark.highest, {one: n for one, n in mark.added.items() if one != report.event_id}
        )

    def _stored(self, touched: Iterable[str]) -> dict[str, dict[str, bytes | None]]:
        stored: dict[str, dict[str, bytes | None]] = {}
        for subject in touched:
            mark = self._held[subject]
            if mark is not None:
                stored.setdefault(marks_of(mark.day), {})[subject] = _codec.encode(mark)
        return stored
