"""What a worker holds of a partition that it owns, and how a batch's deltas become effects on what is stored."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain

from streams.clock import MINUTE_MS, Clock
from streams.engagement.buckets import SHORT_BYTES, HeldTotals, Totals, set_gauge, set_likes
from streams.engagement.counting import BatchCounter
from streams.engagement.day_marks import MARKS_KEPT_SECONDS
from streams.engagement.deltas import SESSION_ONLY, Deltas, Gauge, NewestTotal, ScopeMinute, SlotSums
from streams.engagement.dictionary import PEOPLE_SLOT
from streams.engagement.like_totals import LIKED, LikeTotals
from streams.engagement.orders import ORDERS_KEPT_SECONDS, OrderMarks
from streams.engagement.owners import OWNERS_KEPT_SECONDS, IdOwners
from streams.engagement.pending import PENDING_MINUTES, Fold, PendingRollUps
from streams.engagement.people_logs import PeopleLogs
from streams.engagement.running_totals import MARKS, HighWaterMarks
from streams.engagement.scopes import (
    HOURS_KEPT_SECONDS,
    MINUTES_KEPT_SECONDS,
    BucketTarget,
    minute_bucket,
    people_log,
    sessions_of,
)
from streams.engagement.stateful import FOLLOWERS_REMEMBERED_MS
from streams.ledger.expiry import Expiry
from streams.ledger.protocol import Claim, Effects, Ledger

CLOCK = "clock"
"""hash  watermark → ms, block:<n> → the watermark before block n's first event. Has no time to live."""
WATERMARK = "watermark"
_BLOCK = "block:"
_FOLLOWERS_KEPT_SECONDS = FOLLOWERS_REMEMBERED_MS // 1000 + 3600
_SESSIONS_REMEMBERED = 100_000

Values = dict[str, dict[str, bytes | None]]


def watermark_of(stored_clock: Mapping[str, bytes]) -> int:
    """The stored watermark in milliseconds; 0 where nothing was counted yet."""
    return int(stored_clock.get(WATERMARK, 0))


class PartitionCounters:
    """The running state under one claim."""

    def __init__(
        self,
        claim: Claim,
        stored_clock: Mapping[str, bytes],
        owners: IdOwners,
        pending: PendingRollUps,
        session_ttl_seconds: int,
        clock: Clock,
    ) -> None:
        self.claim = claim
        self.stored_offset = claim.next_offset
        watermark_ms = watermark_of(stored_clock)
        blocks = {int(name[len(_BLOCK) :]): int(ms) for name, ms in stored_clock.items() if name.startswith(_BLOCK)}
        self.counter = BatchCounter(claim.next_offset, watermark_ms, blocks, owners)
        self._session_ttl_seconds = session_ttl_seconds
        self._blocks_stored = set(blocks)
        self._totals = Totals(watermark_ms // MINUTE_MS)
        self._marks = HighWaterMarks()
        self._likes = LikeTotals()
        self._orders = OrderMarks()
        self._pending = pending
        self._people_logs = PeopleLogs()
        self._expiry = Expiry(clock)
        self._newest_minute = 0
        self._sessions_seen: dict[tuple[str, str], int] = {}
        self._written_minute = watermark_ms // MINUTE_MS
        """No later minute of a session is written, but for those seen."""

    async def effects(
        self, deltas: Deltas, ledger: Ledger, watermark_ms: int, block_watermarks_ms: Mapping[int, int]
    ) -> Effects:
        """Everything that a batch does to what is stored; called once for each batch, in order. Raises Unavailable.

        1. Take what was pending for hours and sessions for long enough.
        2. Load the marks and totals that it touches and that are not held, in one round trip.
        3. Count the growth of its running totals, likes and orders; add what happened to products to their parents.
        4. Add its sums, gauges and people to the totals of minutes, and to what is pending.
        5. Append the people that the totals have no room for to logs; load and fold those that have grown.
        """
        pending = self._pending.fold(watermark_ms // MINUTE_MS)
        waits_after = watermark_ms // MINUTE_MS - PENDING_MINUTES
        at_once = await self._load(deltas, pending, waits_after, ledger)
        values = self._marks.count(deltas.reports, deltas) | self._likes.count(deltas.likes, deltas)
        values |= self._orders.count(deltas.orders, deltas) | deltas.owners
        deltas.roll_up()
        values |= self._add_to_totals(deltas, pending, at_once)
        maxima, later = self._later_sessions(pending, at_once)
        values |= later
        values[CLOCK] = self._clock_fields(watermark_ms, block_watermarks_ms)
        folded, appended = await self._append_people(ledger)
        folded |= pending.emptied
        appended |= self._pending.pop_new()
        touched = [*values, *folded, *appended, *deltas.memberships, *maxima]
        return Effects(
            values=values,
            set_strings=folded,
            append_strings=appended,
            memberships=deltas.memberships,
            maxima=maxima,
            ttl_seconds=self._ttl_seconds(touched),
        )

    def stored(self, next_offset: int, watermark_ms: int) -> None:
        """Called when the effects are in the ledger."""
        self.stored_offset = next_offset
        self._marks.evict_oldest()
        self._likes.evict_oldest()
        self._orders.evict_oldest()
        minute = watermark_ms // MINUTE_MS
        if minute > self._newest_minute:
            self._newest_minute = minute
            self._totals.evict_old()

    async def _load(
        self, deltas: Deltas, pending: Fold, waits_after: int, ledger: Ledger
    ) -> dict[ScopeMinute, tuple[BucketTarget, ...]]:
        """Load what the batch touches, and what is given what was pending; returns the buckets of what may not wait.

        A report's scope is loaded whether or not it grew: that shows only when its mark is here.
        """
        marks, orders = self._marks.to_load(deltas.reports), self._orders.to_load(deltas.orders)
        likes = self._likes.to_load(deltas.likes)
        touched = {*deltas.sums, *deltas.gauges, *deltas.people}
        touched.update(change.where for change in (*deltas.reports, *deltas.orders))
        touched.update(report.where for report in deltas.likes if report.total is not None)
        for _ in range(2):  # from a product to its room, from a room to its brand
            touched |= {(scope.parent, minute) for scope, minute in touched if scope.parent is not None}
        at_once, minutes = dict[ScopeMinute, tuple[BucketTarget, ...]](), defaultdict[int, list[str]](list)
        for where in touched:
            scope, minute = where
            if minute > waits_after and scope.pending_groups:
                minutes[minute] += scope.fields
            else:
                at_once[where] = _targets(where)
        given = chain(at_once.values(), (roll_up.targets for roll_up in pending.roll_ups))
        of_minutes = (BucketTarget(minute_bucket(minute), fields) for minute, fields in minutes.items())
        totals = self._totals.to_load(chain(of_minutes, chain.from_iterable(given)))
        if marks or likes or orders or totals:
            found = await ledger.load_fields(self.claim, {**marks, **likes, **orders, **totals})
            self._marks.add_loaded(marks, found)
            self._likes.add_loaded(likes, found)
            self._orders.add_loaded(orders, found)
            self._totals.add_loaded(totals, found)
        return at_once

    def _add_to_totals(
        self, deltas: Deltas, pending: Fold, at_once: Mapping[ScopeMinute, tuple[BucketTarget, ...]]
    ) -> Values:
        totals, long_logs, people, gauges = self._totals, self._people_logs, deltas.people, deltas.gauges
        for roll_up in pending.roll_ups:
            totals.add(roll_up.targets, roll_up.slots, roll_up.log, long_logs)
            if roll_up.gauge is not None:
                totals.gauge(roll_up.targets, roll_up.gauge)
            if roll_up.liked is not None:
                totals.note_likes(roll_up.targets, roll_up.liked)
        for where in dict.fromkeys(chain(deltas.sums, people, gauges, deltas.like_totals)):
            slots, log, gauge = deltas.sums.get(where, {}), b"".join(people.get(where, ())), gauges.get(where)
            liked = deltas.like_totals.get(where)
            scope, minute = where
            if where in at_once:
                totals.add(at_once[where], slots, log, long_logs)
                if gauge is not None:
                    totals.gauge(at_once[where], gauge)
                if liked is not None:
                    totals.note_likes(at_once[where], liked)
                continue
            totals.add_to(minute_bucket(minute), scope.fields, slots, log, long_logs)
            if gauge is not None:
                totals.gauge([scope.minute_target(minute)], gauge)
            if liked is not None:
                totals.note_likes([scope.minute_target(minute)], liked)
            self._let_wait(where, slots, log, gauge, liked)
        return totals.pop_changed()

    def _let_wait(
        self, where: ScopeMinute, slots: SlotSums, log: bytes, gauge: Gauge | None, liked: NewestTotal | None
    ) -> None:
        """Leave the batch's part of an hour and a session for later, but for people that their totals have no room
        for."""
        scope, minute = where
        totals: HeldTotals = slots
        if len(log) > SHORT_BYTES:
            for bucket, fields in scope.roll_up_targets(minute):
                for field in fields:
                    self._people_logs.append(people_log(bucket, field), log)
        elif log:
            totals[PEOPLE_SLOT] = log
        if gauge is not None and scope.is_room:
            set_gauge(totals, gauge)
        if liked is not None and scope.is_room:
            set_likes(totals, liked)
        for field, group in zip(scope.fields, scope.pending_groups, strict=True) if totals else ():
            self._pending.add(group, (field, scope.session_name, minute, totals))

    async def _append_people(self, ledger: Ledger) -> tuple[dict[str, bytes], dict[str, bytes]]:
        appended, long = self._people_logs.pop_pending()
        stored = await ledger.load_strings(self.claim, long)
        return self._people_logs.fold(dict(zip(long, stored, strict=True)), appended), appended

    def _clock_fields(self, watermark_ms: int, block_watermarks_ms: Mapping[int, int]) -> dict[str, bytes | None]:
        fields: dict[str, bytes | None] = {WATERMARK: b"%d" % watermark_ms}
        for block in self._blocks_stored - block_watermarks_ms.keys():
            fields[f"{_BLOCK}{block}"] = None
        for block in block_watermarks_ms.keys() - self._blocks_stored:
            fields[f"{_BLOCK}{block}"] = b"%d" % block_watermarks_ms[block]
        self._blocks_stored = set(block_watermarks_ms)
        return fields

    def _later_sessions(
        self, pending: Fold, at_once: Iterable[ScopeMinute]
    ) -> tuple[dict[str, dict[str, int]], Values]:
        """The last minute of each session, by room and product, where it is later than the one written: to raise what
        an owner before may have written, and to set where none of them can have come so far."""
        minutes = dict(pending.sessions)
        for scope, minute in at_once:
            field, session = scope.session_field, scope.session_name
            if field is not None and session is not None:
                minutes[field, session] = max(minute, minutes.get((field, session), SESSION_ONLY))
        seen, raised, later = self._sessions_seen, dict[str, dict[str, int]](), Values()
        if len(seen) > _SESSIONS_REMEMBERED:
            seen.clear()
            self._written_minute = self.counter.watermark_ms // MINUTE_MS
        for (field, session), minute in minutes.items():
            if seen.get((field, session), SESSION_ONLY) < minute:
                seen[field, session] = minute
                if minute > self._written_minute:
                    later.setdefault(sessions_of(field), {})[session] = b"%d" % minute
                else:
                    raised.setdefault(sessions_of(field), {})[session] = minute
        return raised, later

    def _ttl_seconds(self, suffixes: Iterable[str]) -> dict[str, int]:
        needing = self._expiry.needing_ttl(suffixes)
        return {suffix: self._kept_seconds(suffix) for suffix in needing if suffix != CLOCK}

    def _kept_seconds(self, suffix: str) -> int:
        kind, _, rest = suffix.removeprefix("people:").partition(":")
        if kind == "followers" and not rest.startswith("session:"):
            return _FOLLOWERS_KEPT_SECONDS
        kept = {
            "minute": MINUTES_KEPT_SECONDS,
            "hour": HOURS_KEPT_SECONDS,
            MARKS: MARKS_KEPT_SECONDS,
            LIKED: MARKS_KEPT_SECONDS,
            "orders": ORDERS_KEPT_SECONDS,
            "owners": OWNERS_KEPT_SECONDS,
            "pending": max(HOURS_KEPT_SECONDS, self._session_ttl_seconds),
        }
        return kept.get(kind, self._session_ttl_seconds)


def _targets(where: ScopeMinute) -> tuple[BucketTarget, ...]:
    """Every bucket that counts a scope's events of a minute."""
    scope, minute = where
    return scope.session if minute == SESSION_ONLY else (scope.minute_target(minute), *scope.roll_up_targets(minute))
