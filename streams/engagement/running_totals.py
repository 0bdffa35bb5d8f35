"""Running totals: gift streaks and snapshots, of which only the growth counts.

    reports of a streak    3   5   4   9        high-water mark   3   5   5   9
    counted                3   2   0   4

A subject's high-water mark is stored under the day of its last report (streams.engagement.day_marks).

    marks:<day>   hash   subject → HighWaterMark
"""

from collections.abc import Iterable, Mapping

from streams.engagement.day_marks import DayMark, DayMarks, day_of
from streams.engagement.deltas import Deltas, RetractedReport, RunningTotal
from streams.engagement.stateful import add_growth

MARKS = "marks"
REPORTS_REMEMBERED = 16
"""How many of a subject's last reports a retraction may name."""


class HighWaterMark(DayMark):
    """The highest total of a subject, the day of its last report (since the epoch), and what its last reports added:
    {event_id: growth}."""

    highest: int
    added: dict[str, int]


def _days_of(report: RunningTotal | RetractedReport) -> tuple[int, ...]:
    """The days under which the subject's mark may be: a report that is not late is of the watermark's day or the day
    before."""
    if isinstance(report, RetractedReport):
        return report.today - 1, report.today
    day = day_of(report.where[1])
    return day - 1, day, day + 1


class HighWaterMarks:
    """One partition's."""

    def __init__(self) -> None:
        self._marks = DayMarks(MARKS, HighWaterMark, "running total")

    def to_load(self, reports: Iterable[RunningTotal | RetractedReport]) -> dict[str, list[str]]:
        """The subjects that must be loaded before these reports are counted, by suffix."""
        return self._marks.to_load((report.subject, _days_of(report)) for report in reports)

    def add_loaded(self, wanted: Mapping[str, Iterable[str]], found: Mapping[str, Mapping[str, bytes]]) -> None:
        """Hold what was loaded."""
        self._marks.add_loaded(wanted, found)

    def count(
        self, reports: Iterable[RunningTotal | RetractedReport], deltas: Deltas
    ) -> dict[str, dict[str, bytes | None]]:
        """Add the growth of these reports to the deltas, in order; returns the marks to store, by suffix."""
        touched: set[str] = set()
        for report in reports:
            mark = self._raised(report, deltas) if isinstance(report, RunningTotal) else self._retracted(report, deltas)
            if mark is not None:
                self._marks.put(report.subject, mark)
                touched.add(report.subject)
        return self._marks.encoded(touched)

    def evict_oldest(self) -> None:
        """Called when the marks are stored."""
        self._marks.evict_oldest()

    def _raised(self, report: RunningTotal, deltas: Deltas) -> HighWaterMark:
        day = day_of(report.where[1])
        before = self._marks.get(report.subject, day)
        if before is None:
            before = HighWaterMark(day, 0 if report.from_zero else report.total, {})
        growth = report.total - before.highest
        if growth <= 0:
            return HighWaterMark(max(day, before.day), before.highest, before.added)
        add_growth(deltas, report.where, report.kind, growth, report.amount)
        added = dict([*before.added.items(), (report.event_id, growth)][-REPORTS_REMEMBERED:])
        return HighWaterMark(max(day, before.day), report.total, added)

    def _retracted(self, report: RetractedReport, deltas: Deltas) -> HighWaterMark | None:
        mark = self._marks.get(report.subject, report.today)
        if mark is None or report.event_id not in mark.added:
            return None
        add_growth(deltas, report.where, report.kind, -mark.added[report.event_id], report.amount)
        return HighWaterMark(
            mark.day, mark.highest, {one: n for one, n in mark.added.items() if one != report.event_id}
        )
