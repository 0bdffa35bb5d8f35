"""A room's likes by its platform's own running total, where the messages themselves are a sample.

    total told     1000   1010   1007   1025        (1007 was sent before 1010; each message brought 3 likes)
    counted           3     10      0     15

A collector's first total is its baseline: what was liked before it came is no growth. Several collectors of a room tell
one total, so each has what it is `behind`: likes that are counted and that its total has yet to tell, because another
collector told them first, or a message without a total did. Only what it grows beyond that counts.

A total that falls is noise, unless it is lower in FALLS messages running, each sent after the highest one, or is the
first after a stream began or ended: then the platform counts anew, and its total has a new baseline.

    liked:<day>   hash   platform and room → LikeTotal
"""

from collections.abc import Iterable, Mapping

from streams.clock import MINUTE_MS
from streams.engagement.day_marks import DayMark, DayMarks, day_of
from streams.engagement.deltas import Deltas, LikeReport, NewestTotal
from streams.engagement.dictionary import SAMPLED_SLOT, SLOTS
from streams.ledger.stored import Stored

LIKED = "liked"
FALLS = 3
BEHIND_MS = 10 * MINUTE_MS
"""A collector that is lower than another one, heard so lately, tells the same total later."""
MAX_COLLECTORS = 8
"""Of a room, those heard last: others begin anew."""
MAX_BEHIND = 2**60
_SEPARATOR = "\x1f"


class CollectorTotal(Stored):
    """What one collector told in one session."""

    highest: int
    at_ms: int
    """Event time of the latest message that told no less."""
    behind: int = 0
    """Likes that are counted, and that its total has yet to tell."""
    stretch: int = 0
    """How often the platform had begun to count anew."""
    falls: int = 0
    fell_from: int = 0
    """The lowest of the falls, before the likes of its message."""
    fell_to: int = 0
    """The highest of them."""


class LikeTotal(DayMark):
    """What is known of a room's running total."""

    turned_ms: int = 0
    """When a stream began or ended last."""
    collectors: dict[str, CollectorTotal] = {}
    """By source and session."""


class LikeTotals:
    """One partition's."""

    def __init__(self) -> None:
        self._marks = DayMarks(LIKED, LikeTotal, "likes of")

    def to_load(self, reports: Iterable[LikeReport]) -> dict[str, list[str]]:
        """The rooms that must be loaded before these reports are counted, by suffix."""
        days = ((report.room, day_of(report.where[1])) for report in reports)
        return self._marks.to_load((room, (day - 1, day, day + 1)) for room, day in days)

    def add_loaded(self, wanted: Mapping[str, Iterable[str]], found: Mapping[str, Mapping[str, bytes]]) -> None:
        """Hold what was loaded."""
        self._marks.add_loaded(wanted, found)

    def count(self, reports: Iterable[LikeReport], deltas: Deltas) -> dict[str, dict[str, bytes | None]]:
        """Add the growth of these totals to the deltas, in order; returns the marks to store, by suffix."""
        touched: set[str] = set()
        for report in reports:
            day = day_of(report.where[1])
            mark = self._marks.get(report.room, day)
            if mark is None and report.total is None:
                if report.sampled:
                    deltas.add(report.where, SAMPLED_SLOT, report.likes)
                continue
            mark = mark or LikeTotal(day)
            _note(mark, report, deltas)
            mark.day = max(mark.day, day)
            self._marks.put(report.room, mark)
            touched.add(report.room)
        return self._marks.encoded(touched)

    def evict_oldest(self) -> None:
        """Called when the marks are stored."""
        self._marks.evict_oldest()


def _note(mark: LikeTotal, report: LikeReport, deltas: Deltas) -> None:
    if report.turns:
        mark.turned_ms = max(mark.turned_ms, report.at_ms)
    elif report.total is None:
        _counted(mark, report, report.likes)
    else:
        _told(mark, report, report.total, deltas)


def _told(mark: LikeTotal, report: LikeReport, total: int, deltas: Deltas) -> None:
    name = f"{report.source}{_SEPARATOR}{report.session}"
    known = mark.collectors.get(name)
    if known is None or _is_former(known, mark, report):
        told = _baseline(mark, report, total - report.likes, known)
    elif total >= known.highest:
        told = known
    elif report.at_ms > known.at_ms and _falls(known, total, report.likes) >= FALLS:
        told, total = _baseline(mark, report, known.fell_from, known), known.fell_to
    else:
        return
    growth = total - told.highest
    new = max(0, growth - told.behind)
    told.behind = max(0, told.behind - growth)
    told.highest, told.at_ms, told.falls = total, max(told.at_ms, report.at_ms), 0
    mark.collectors.pop(name, None)
    _counted(mark, report, new)
    mark.collectors[name] = told
    if len(mark.collectors) > MAX_COLLECTORS:
        del mark.collectors[next(iter(mark.collectors))]
    if new:
        deltas.add(report.where, SLOTS["likes"], new)
    if told.stretch == max(one.stretch for one in mark.collectors.values()):
        deltas.note_total(report.where, NewestTotal(told.at_ms, told.highest))


def _counted(mark: LikeTotal, report: LikeReport, likes: int) -> None:
    """Likes that are counted now, and that no other collector's total has told yet."""
    for name, one in mark.collectors.items():
        if _may_be_of(name, report.session):
            one.behind = min(MAX_BEHIND, one.behind + likes)


def _is_former(told: CollectorTotal, mark: LikeTotal, report: LikeReport) -> bool:
    """Whether what was told is of a stream before the report's."""
    return told.at_ms < mark.turned_ms <= report.at_ms


def _falls(told: CollectorTotal, total: int, likes: int) -> int:
    """How many there were with this one."""
    told.fell_from = min(told.fell_from, total - likes) if told.falls else total - likes
    told.fell_to = max(told.fell_to, total) if told.falls else total
    told.falls += 1
    return told.falls


def _baseline(mark: LikeTotal, report: LikeReport, level: int, former: CollectorTotal | None) -> CollectorTotal:
    """A collector as it begins at this level, which may be behind another one's."""
    stretch = 0 if former is None else former.stretch + 1
    others = [
        one
        for name, one in mark.collectors.items()
        if one is not former
        and one.stretch >= stretch
        and _may_be_of(name, report.session)
        and not _is_former(one, mark, report)
        and abs(report.at_ms - one.at_ms) <= BEHIND_MS
    ]
    if not others:
        newest = max((one.stretch for one in mark.collectors.values()), default=0)
        return CollectorTotal(level, report.at_ms, stretch=max(stretch, newest))
    ahead = max(others, key=lambda one: (one.stretch, one.highest))
    behind = ahead.behind + ahead.highest - level
    return CollectorTotal(level, report.at_ms, min(MAX_BEHIND, max(0, behind)), ahead.stretch)


def _may_be_of(collector: str, session: str) -> bool:
    """Whether what a collector told may be of the session: not where it names another."""
    named = collector.rpartition(_SEPARATOR)[2]
    return named == session or not named or not session
