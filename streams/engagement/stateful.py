"""The events that depend on what came before: running totals, gauges, memberships, retractions."""

from collections.abc import Mapping
from typing import NamedTuple

from streams.clock import DAY_MS, HOUR_MS, MINUTE_MS
from streams.engagement.dedup import Columns, DedupWindow, Numbers, Occurrence
from streams.engagement.deltas import (
    SESSION_ONLY,
    Deltas,
    Gauge,
    LikeReport,
    RetractedReport,
    RunningTotal,
    ScopeMinute,
)
from streams.engagement.dictionary import CONTRIBUTIONS, SLOTS
from streams.engagement.orders import names_order, order_change
from streams.engagement.scopes import ORDER_KINDS, TURNS, CountingPlan, followers_of
from streams.events.codec import Unreadable, contradiction
from streams.events.identity import retracted_identity
from streams.events.schema import Event, Kind

FOLLOWERS_REMEMBERED_MS = 50 * HOUR_MS
"""Longest window plus longest lateness plus a margin. Follows older than this are forgotten."""


class RetainedEvent(NamedTuple):
    """A stateful event, whole, with its offset and its undecoded value."""

    event: Event
    offset: int
    value: bytes


class StatefulEvents:
    """One run's stateful events, by position; `highest_ms` is the watermark before each event, and after the last."""

    def __init__(
        self,
        window: DedupWindow,
        retained: Mapping[int, RetainedEvent],
        columns: Columns,
        highest_ms: Numbers,
        deltas: Deltas,
    ) -> None:
        self._window = window
        self._retained = retained
        self._columns = columns
        self._highest_ms = highest_ms
        self._deltas = deltas

    def handle(self, at: int) -> bool:
        """Count the event at this position; False where it was refused or had no effect, so is not applied."""
        event, offset, value = self._retained[at]
        refused = contradiction(event)
        if refused is not None:
            self._deltas.unreadable.append(Unreadable(offset, value, *refused))
            return False
        plan = self._columns.plans.plan(int(self._columns.plan[at]))
        if event.kind == "retraction":
            return self._retraction(at, event)
        if event.kind == "account_deletion":
            return True  # it takes back texts, which are not held here
        where = plan.scope, event.event_time_ms // MINUTE_MS
        if event.kind == "viewers":
            self._viewers(event, where)
        elif event.kind == "gift" or event.value_mode == "snapshot":
            self._running_total(event, where)
        elif event.kind == "like" or event.kind in TURNS:
            self._likes(event, where)
        elif event.kind in ORDER_KINDS:
            self._deltas.orders.append(order_change(event, where, 1))
        else:
            self._follow(at, event, plan)
        return True

    def retract(self, event: Occurrence, retraction: Occurrence, at: int) -> None:
        """Take back what an event counted, and count its retraction in the retraction's own scope. The later of the
        two is at this position."""
        deltas = self._deltas
        deltas.add((retraction.plan.scope, retraction.time_ms // MINUTE_MS), SLOTS["retracted"], 1)
        amends_session = event.late and event.plan.kind == "refund"
        if event.late and not amends_session:
            return
        where = event.plan.scope, SESSION_ONLY if amends_session else event.time_ms // MINUTE_MS
        report = event.report
        if report is not None and names_order(report):
            deltas.orders.append(order_change(report, where, -1))
        elif report is not None and report.kind == "like" and report.value_mode != "snapshot":
            return  # the platform's total speaks for itself
        elif report is not None:
            today = int(self._highest_ms[at + 1]) // DAY_MS
            deltas.reports.append(
                RetractedReport(_subject(report), report.event_id, report.kind, where, report.amount, today)
            )
            return
        measures = 1, event.value, event.amount, event.value * event.amount
        for slot, measure in event.plan.adds:
            deltas.add(where, slot, -measures[measure])

    def _viewers(self, event: Event, where: ScopeMinute) -> None:
        scope, minute = where
        self._deltas.gauge(
            (scope.without_product, minute), Gauge(event.value, event.event_time_ms, event.value, event.total or 0)
        )

    def _likes(self, event: Event, where: ScopeMinute) -> None:
        is_like = event.kind == "like"
        self._deltas.likes.append(
            LikeReport(
                room=f"{event.platform}|{event.room_id}",
                source=event.source,
                session=event.session_id or "",
                where=where,
                at_ms=event.event_time_ms,
                likes=event.value if is_like else 0,
                total=event.total if is_like else None,
                sampled=is_like and event.sampled,
                turns=not is_like,
            )
        )

    def _running_total(self, event: Event, where: ScopeMinute) -> None:
        self._deltas.reports.append(
            RunningTotal(
                subject=_subject(event),
                event_id=event.event_id,
                kind=event.kind,
                where=where,
                total=event.value,
                amount=event.amount,
                from_zero=event.kind == "gift",
            )
        )

    def _follow(self, at: int, event: Event, plan: CountingPlan) -> None:
        if event.actor is None:
            return
        since = event.event_time_ms if event.kind == "follow" else None
        horizon_ms = max(0, int(self._highest_ms[at + 1]) - FOLLOWERS_REMEMBERED_MS)
        change = event.actor.id, since, horizon_ms
        for field in plan.scope.all_fields:
            self._deltas.memberships[followers_of(field)].append(change)
        for bucket, _ in plan.scope.session:
            self._deltas.memberships[followers_of(bucket)].append((event.actor.id, since, 0))

    def _retraction(self, at: int, event: Event) -> bool:
        named = retracted_identity(event)
        found = None if named is None else self._window.retracted_by(at, named)
        if found is None:
            self._deltas.fates["retraction_unmatched"] += 1
            return False
        self.retract(found, self._columns.at(at), at)
        return True


def is_remembered(event: Event) -> bool:
    """Whether what the event adds depends on earlier records of its subject."""
    return event.value_mode == "snapshot" or event.kind == "gift" or names_order(event) or tells_likes(event)


def tells_likes(event: Event) -> bool:
    """Whether it brings the platform's own total of a room's likes, which counts in place of its value."""
    return event.kind == "like" and event.total is not None and event.room_id is not None


def _subject(event: Event) -> str:
    """What a running total is about: a streak in its room, a post, or the room or brand itself."""
    if event.kind == "gift":
        return f"gift|{event.platform}|{event.room_id or ''}|{event.subject_id}"
    scope = f"r:{event.room_id}" if event.room_id is not None else f"b:{event.brand_id}"
    about = f"s:{event.subject_id}" if event.subject_id is not None else scope
    return f"{event.kind}|{event.platform}|{about}"


def add_growth(deltas: Deltas, where: ScopeMinute, kind: Kind, growth: int, amount: int) -> None:
    """Add what a running total grew by; a negative growth takes it back."""
    for name, measure in CONTRIBUTIONS[kind].adds:
        deltas.add(where, SLOTS[name], growth * amount if measure == "worth" else growth)
