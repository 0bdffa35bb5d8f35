"""What the workers counted and raised, held against the truth: every counter, every person, every alert.

Sums, followers, gauges and dead letters must be exact. Other people are estimated by HyperLogLogs, whose standard error
is 0.81 %: an estimate may be off by four of those, or by two persons where that is more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from streams.alerts.alert import Alert
from streams.engagement.dictionary import PEOPLE, SCOPES, SUMS, AudienceMetric, GaugeMetric, Scope, SumMetric, Window
from streams.simulate.alert_comparison import Verdict, compare_alerts
from streams.simulate.truth import Truth

HYPERLOGLOG_ERROR = 0.0081
SIGMAS = 4
FEW_PEOPLE = 2
SUM_WINDOWS: tuple[Window, ...] = ("1m", "5m", "60m", "24h")
PEOPLE_WINDOWS: tuple[Window, ...] = ("60m", "24h")


class CounterReader(Protocol):
    """What is read of the engagement counters (streams.engagement.reader); windows end with the minute of `at_ms`."""

    def ids(self, scope: Scope) -> Iterable[str]: ...

    def sums(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int, *, session_id: str | None = None
    ) -> Mapping[SumMetric, int]: ...

    def people(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int, *, session_id: str | None = None
    ) -> Mapping[AudienceMetric, int]: ...

    def gauges(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int, *, session_id: str | None = None
    ) -> Mapping[GaugeMetric, int]: ...


@dataclass(frozen=True)
class Row:
    """One figure that was checked."""

    scope: str
    scope_id: str
    window: str
    name: str
    expected: int
    found: int
    tolerance: int = 0

    @property
    def agrees(self) -> bool:
        return abs(self.found - self.expected) <= self.tolerance


@dataclass(frozen=True)
class Comparison:
    """All that was checked, and what did not agree."""

    figures: int
    differences: Sequence[Row]
    verdicts: Sequence[Verdict]

    @property
    def agrees(self) -> bool:
        return not self.differences and not any(verdict.fault for verdict in self.verdicts)


def compare(
    truth: Truth, counters: CounterReader, alerts: Iterable[Alert], dead_letters: Mapping[str, int]
) -> Comparison:
    """`alerts` are the records of the alerts topic, `dead_letters` counts by reason."""
    rows = [*counter_rows(truth, counters), *_dead_letter_rows(truth, dead_letters)]
    return Comparison(len(rows), [row for row in rows if not row.agrees], compare_alerts(truth.alerts, alerts))


def counter_rows(truth: Truth, counters: CounterReader) -> Iterator[Row]:
    """Every sum, person and gauge of every room, product, brand, platform and session; unknown ids are rows too."""
    for scope in SCOPES:
        for scope_id in sorted(set(truth.scopes.get(scope, {})) | set(counters.ids(scope))):
            yield from _scope_rows(truth, counters, scope, scope_id)
    yield from _session_rows(truth, counters)


def _scope_rows(truth: Truth, counters: CounterReader, scope: Scope, scope_id: str) -> Iterator[Row]:
    known = scope_id in truth.scopes.get(scope, {})
    for window in SUM_WINDOWS:
        expected = truth.sums(scope, scope_id, window) if known else {}
        found = counters.sums(scope, scope_id, window, truth.ended_at_ms)
        yield from _exact(scope, scope_id, window, expected, found)
    for window in PEOPLE_WINDOWS:
        expected_people = truth.scopes[scope][scope_id].people[window] if known else {}
        found_people = counters.people(scope, scope_id, window, truth.ended_at_ms)
        yield from _estimated(scope, scope_id, window, expected_people, found_people)


def _session_rows(truth: Truth, counters: CounterReader) -> Iterator[Row]:
    for session, expected in truth.sessions.items():
        room, at_ms = expected.room_id, truth.ended_at_ms
        sums = counters.sums("room", room, "session", at_ms, session_id=session)
        people = counters.people("room", room, "session", at_ms, session_id=session)
        gauges = counters.gauges("room", room, "session", at_ms, session_id=session)
        yield from _exact("room", room, session, expected.sums, sums)
        yield from _estimated("room", room, session, expected.people, people)
        yield Row("room", room, session, "viewers_peak", expected.viewers_peak, gauges.get("viewers_peak", 0))
        yield Row("room", room, session, "viewers_now", expected.viewers_last, gauges.get("viewers_now", 0))


def _exact(
    scope: str, scope_id: str, window: str, expected: Mapping[str, int], found: Mapping[SumMetric, int]
) -> Iterator[Row]:
    for name in SUMS:
        yield Row(scope, scope_id, window, name, expected.get(name, 0), found.get(name, 0))


def _estimated(
    scope: str, scope_id: str, window: str, expected: Mapping[str, int], found: Mapping[AudienceMetric, int]
) -> Iterator[Row]:
    for name in PEOPLE:
        number = expected.get(name, 0)
        tolerance = 0 if name == "new_followers" else max(FEW_PEOPLE, round(SIGMAS * HYPERLOGLOG_ERROR * number))
        yield Row(scope, scope_id, window, name, number, found.get(name, 0), tolerance)


def _dead_letter_rows(truth: Truth, found: Mapping[str, int]) -> Iterator[Row]:
    for reason in sorted(set(truth.dead_letters) | set(found)):
        yield Row("dead letters", reason, "", "records", truth.dead_letters.get(reason, 0), found.get(reason, 0))
