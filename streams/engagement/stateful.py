"""The events that need a look at what came before: running totals, gauges, memberships, retractions.

Fields that cannot go together are found here too, since only these kinds have any:

    gift, not final, without subject_id          its growth cannot be told from a new gift
    viewers without room_id                      nobody knows where they are
    retraction without retracts
    snapshot of a kind that has no running total (an order, a payment, a stay …)
    gift as a snapshot without subject_id
"""

from collections.abc import Mapping
from typing import NamedTuple

from streams.clock import DAY_MS, HOUR_MS, MINUTE_MS
from streams.engagement.dedup import Columns, DedupWindow, Numbers, Occurrence
from streams.engagement.deltas import SESSION_ONLY, Deltas, Gauge, RunningTotal, ScopeMinute, TakeBack
from streams.engagement.dictionary import CONTRIBUTIONS, SLOTS
from streams.engagement.scopes import CountingPlan, followers_of, session_bucket
from streams.events.codec import Reason, Unreadable
from streams.events.schema import Event, Kind

FOLLOWERS_REMEMBERED_MS = 50 * HOUR_MS
"""The longest window and the longest lateness, and some: whoever followed before is as if they never had."""


class RetainedEvent(NamedTuple):
    """An event that is kept whole, with where and how it was read."""

    event: Event
    offset: int
    value: bytes


class StatefulEvents:
    """One stretch's, `kept` by their positions in it."""

    def __init__(
        self,
        window: DedupWindow,
        kept: Mapping[int, RetainedEvent],
        columns: Columns,
        highest_ms: Numbers,
        changes: Deltas,
    ) -> None:
        self._window = window
        self._kept = kept
        self._columns = columns
        self._highest_ms = highest_ms
        self._changes = changes

    def take(self, at: int) -> bool:
        """Do what the event at this position asks for; False where it is not to be counted as applied."""
        event = self._kept[at].event
        profile = self._columns.profiles.all[self._columns.profile[at]]
        if event.kind == "retraction":
            return self._retraction(at, event)
        where = profile.place, event.event_time_ms // MINUTE_MS
        if event.kind == "viewers":
            return self._viewers(at, event, where, self._changes)
        if event.kind == "gift" or event.value_mode == "snapshot":
            return self._running_total(at, event, where, self._changes)
        self._follow(at, event, profile, self._changes)
        return True

    def take_back(self, event: Occurrence, retraction: Occurrence, at: int) -> None:
        """Take back what an event counts, and count its retraction where that happened. The later of both is the
        event at this position."""
        changes = self._changes
        changes.add((retraction.profile.place, retraction.time_ms // MINUTE_MS), SLOTS["retracted"], 1)
        amends_session = event.late and event.profile.kind == "refund"
        if event.late and not amends_session:
            return
        where = event.profile.place, SESSION_ONLY if amends_session else event.time_ms // MINUTE_MS
        report = event.report
        if report is not None:
            today = int(self._highest_ms[at + 1]) // DAY_MS
            changes.reports.append(
                TakeBack(_subject(report), report.event_id, report.kind, where, report.amount, today)
            )
            return
        measures = 1, event.value, event.amount, event.value * event.amount
        for slot, measure in event.profile.adds:
            changes.add(where, slot, -measures[measure])

    def _viewers(self, at: int, event: Event, where: ScopeMinute, changes: Deltas) -> bool:
        if event.room_id is None:
            return self._refuse(at, "missing_field", "viewers without room_id", changes)
        place, minute = where
        changes.gauge((place.outer or place, minute), Gauge(event.value, event.event_time_ms, event.value))
        return True

    def _running_total(self, at: int, event: Event, where: ScopeMinute, changes: Deltas) -> bool:
        if event.kind == "gift" and event.subject_id is None:
            return self._refuse(at, "missing_field", "a gift that may still grow, without subject_id", changes)
        if event.kind != "gift" and not has_running_total(event.kind):
            return self._refuse(at, "contradiction", f"a snapshot of {event.kind}", changes)
        changes.reports.append(
            RunningTotal(
                _subject(event), event.event_id, event.kind, where, event.value, event.amount,
                from_zero=event.kind == "gift",
            )
        )  # fmt: skip
        return True

    def _follow(self, at: int, event: Event, profile: CountingPlan, changes: Deltas) -> None:
        if event.actor is None:
            return
        since = event.event_time_ms if event.kind == "follow" else None
        horizon_ms = max(0, int(self._highest_ms[at + 1]) - FOLLOWERS_REMEMBERED_MS)
        change = event.actor.id, since, horizon_ms
        for field in profile.place.all_fields:
            changes.members[followers_of(field)].append(change)
        if event.session_id is not None:
            changes.members[followers_of(session_bucket(event.session_id))].append((event.actor.id, since, 0))

    def _retraction(self, at: int, event: Event) -> bool:
        if event.retracts is None:
            return self._refuse(at, "missing_field", "retraction without retracts", self._changes)
        found = self._window.taken_back(event.retracts, at)
        if found is None:
            self._changes.fates["retraction_unmatched"] += 1
            return False
        self.take_back(found, self._columns.at(at), at)
        return True

    def _refuse(self, at: int, reason: Reason, detail: str, changes: Deltas) -> bool:
        _, offset, value = self._kept[at]
        changes.unreadable.append(Unreadable(offset, value, reason, detail))
        return False


def has_running_total(kind: Kind) -> bool:
    """Whether a snapshot of the kind says something: its one sum is a sum of values."""
    return [measure for _, measure in CONTRIBUTIONS[kind].adds] == ["value"]


def is_running_total(event: Event) -> bool:
    """Whether what the event counted depends on what was reported before it."""
    return event.value_mode == "snapshot" or event.kind == "gift"


def _subject(event: Event) -> str:
    """What a running total is about: a streak in its room, a post, or the room or brand itself."""
    if event.kind == "gift":
        return f"gift|{event.platform}|{event.room_id or ''}|{event.subject_id}"
    place = f"r:{event.room_id}" if event.room_id is not None else f"b:{event.brand_id}"
    about = f"s:{event.subject_id}" if event.subject_id is not None else place
    return f"{event.kind}|{event.platform}|{about}"


def add_growth(changes: Deltas, where: ScopeMinute, kind: Kind, growth: int, amount: int) -> None:
    """Count what a running total grew by; negative to take it back."""
    for name, measure in CONTRIBUTIONS[kind].adds:
        changes.add(where, SLOTS[name], growth * amount if measure == "worth" else growth)
