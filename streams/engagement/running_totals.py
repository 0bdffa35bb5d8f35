"""Running totals: gift streaks and snapshots, of which only the growth counts.

    reports of a streak    3   5   4   9        high-water mark   3   5   5   9
    counted                3   2   0   4

A subject's high-water mark is stored under the day of its last report, so that it is remembered on that day and the day
after, and expires by itself.

    marks:<day>   hash   subject → HighWaterMark
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from streams.clock import DAY_MS, MINUTE_MS
from streams.engagement.deltas import Deltas, RetractedReport, RunningTotal
from streams.engagement.stateful import add_growth
from streams.ledger.stored import Stored, StoredCodec

MARKS_KEPT_SECONDS = 3 * 86_400
REPORTS_REMEMBERED = 16
"""How many of a subject's last reports a retraction may name."""
MAX_SUBJECTS = 100_000
"""Subjects held in memory: those reported last; the others are loaded with their next report."""
_MINUTES_A_DAY = DAY_MS // MINUTE_MS


class HighWaterMark(Stored):
    """The highest total of a subject, the day of its last report (since the epoch), and what its last reports added:
    {event_id: growth}."""

    day: int
    highest: int
    added: dict[str, int]


_codec = StoredCodec(HighWaterMark)


def marks_of(day: int) -> str:
    """The suffix of a day's hash."""
    return f"marks:{day}"


def day_of(minute: int) -> int:
    """The day of a minute, both since the epoch."""
    return minute // _MINUTES_A_DAY


def _days_of(report: RunningTotal | RetractedReport) -> tuple[int, ...]:
    """The days under which the subject's mark may be: a report that is not late is of the watermark's day or the day
    before."""
    if isinstance(report, RetractedReport):
        return report.today - 1, report.today
    day = day_of(report.where[1])
    return day - 1, day, day + 1


class HighWaterMarks:
    """One partition's, those in use held in memory."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, HighWaterMark | None] = OrderedDict()

    def to_load(self, reports: Iterable[RunningTotal | RetractedReport]) -> dict[str, list[str]]:
        """The subjects that must be loaded before these reports are counted, by suffix."""
        wanted: dict[str, set[str]] = {}
        for report in reports:
            if report.subject not in self._held:
                for near in _days_of(report):
                    wanted.setdefault(marks_of(near), set()).add(report.subject)
        return {suffix: sorted(subjects) for suffix, subjects in wanted.items()}

    def add_loaded(self, wanted: Mapping[str, Iterable[str]], found: Mapping[str, Mapping[str, bytes]]) -> None:
        """Hold what was loaded; of several marks of a subject, the latest day's counts."""
        for subjects in wanted.values():
            for subject in subjects:
                self._held.setdefault(subject, None)
        for suffix in wanted:
            for subject, value in found.get(suffix, {}).items():
                mark, known = _codec.decode_or_none(value, f"running total {subject}"), self._held.get(subject)
                if mark is not None and (known is None or known.day <= mark.day):
                    self._held[subject] = mark

    def count(
        self, reports: Iterable[RunningTotal | RetractedReport], deltas: Deltas
    ) -> dict[str, dict[str, bytes | None]]:
        """Add the growth of these reports to the deltas, in order; returns the marks to store, by suffix."""
        touched: set[str] = set()
        for report in reports:
            mark = self._raised(report, deltas) if isinstance(report, RunningTotal) else self._retracted(report, deltas)
            if mark is not None:
                self._held[report.subject] = mark
                touched.add(report.subject)
        return self._stored(touched)

    def evict_oldest(self) -> None:
        """Hold no more than MAX_SUBJECTS; called when the marks are stored."""
        while len(self._held) > MAX_SUBJECTS:
            self._held.popitem(last=False)

    def _mark(self, subject: str, day: int) -> HighWaterMark | None:
        """None where the last report was before the previous day, even if the mark is still in memory: a later worker
        would not find it."""
        mark = self._held.get(subject)
        return None if mark is None or mark.day < day - 1 else mark

    def _raised(self, report: RunningTotal, deltas: Deltas) -> HighWaterMark:
        self._held.move_to_end(report.subject)
        day = day_of(report.where[1])
        before = self._mark(report.subject, day)
        if before is None:
            before = HighWaterMark(day, 0 if report.from_zero else report.total, {})
        growth = report.total - before.highest
        if growth <= 0:
            return HighWaterMark(max(day, before.day), before.highest, before.added)
        add_growth(deltas, report.where, report.kind, growth, report.amount)
        added = dict([*before.added.items(), (report.event_id, growth)][-REPORTS_REMEMBERED:])
        return HighWaterMark(max(day, before.day), report.total, added)

    def _retracted(self, report: RetractedReport, deltas: Deltas) -> HighWaterMark | None:
        mark = self._mark(report.subject, report.today)
        if mark is None or report.event_id not in mark.added:
            return None
        add_growth(deltas, report.where, report.kind, -mark.added[report.event_id], report.amount)
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
