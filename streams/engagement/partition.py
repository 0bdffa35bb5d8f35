"""What a worker keeps of a partition that it owns, and how a batch's changes become effects on what is stored."""

from collections.abc import Iterable, Mapping

from streams.clock import MINUTE_MS, Clock
from streams.engagement.buckets import Totals
from streams.engagement.counting import BatchCounter
from streams.engagement.deltas import SESSION_ONLY, Deltas, ScopeMinute
from streams.engagement.expiry import Expiry
from streams.engagement.people_logs import PeopleLogs
from streams.engagement.running_totals import MARKS_KEPT_SECONDS, HighWaterMarks
from streams.engagement.scopes import HOURS_KEPT_SECONDS, MINUTES_KEPT_SECONDS, BucketTarget, sessions_of
from streams.engagement.stateful import FOLLOWERS_REMEMBERED_MS
from streams.ledger.protocol import Claim, Effects, Ledger

CLOCK = "clock"
"""hash  watermark → ms, block:<n> → the watermark before block n's first event. Has no time to live."""
WATERMARK = "watermark"
_BLOCK = "block:"
_FOLLOWERS_KEPT_SECONDS = FOLLOWERS_REMEMBERED_MS // 1000 + 3600
_SESSIONS_REMEMBERED = 100_000
_TARGETS_REMEMBERED = 5_000

Values = dict[str, dict[str, bytes | None]]


class PartitionCounters:
    """The running state under one claim."""

    def __init__(self, claim: Claim, stored_clock: Mapping[str, bytes], session_ttl_seconds: int, clock: Clock) -> None:
        self.claim = claim
        self.stored_offset = claim.next_offset
        watermark_ms = int(stored_clock.get(WATERMARK, 0))
        blocks = {int(name[len(_BLOCK) :]): int(ms) for name, ms in stored_clock.items() if name.startswith(_BLOCK)}
        self.counting = BatchCounter(claim.next_offset, watermark_ms, blocks)
        self._session_ttl_seconds = session_ttl_seconds
        self._blocks_stored = set(blocks)
        self._totals = Totals(watermark_ms // MINUTE_MS)
        self._marks = HighWaterMarks()
        self._crowds = PeopleLogs()
        self._expiry = Expiry(clock)
        self._newest_minute = 0
        self._targets_known: dict[ScopeMinute, tuple[BucketTarget, ...]] = {}
        self._sessions_seen: dict[tuple[str, str], int] = {}

    async def effects(
        self, changes: Deltas, ledger: Ledger, watermark_ms: int, block_watermarks_ms: Mapping[int, int]
    ) -> Effects:
        """Everything that a batch does to what is stored; once for each batch, in order.

        1. What its growing counts grew by, against the marks; then all that happened to products, where it happened.
        2. Its sums and gauges onto the totals.
        3. Its people onto the logs.
        """
        values = await self._count_reports(changes, ledger)
        changes.roll_up()
        values |= await self._join_totals(changes, ledger)
        values[CLOCK] = self._clock_fields(watermark_ms, block_watermarks_ms)
        blobs, appended = await self._join_crowds(changes, ledger)
        maxima = self._later_sessions({*changes.sums, *changes.people})
        touched = [*values, *blobs, *appended, *changes.members, *maxima]
        return Effects(
            values=values, set_strings=blobs, append_strings=appended, memberships=changes.members, maxima=maxima,
            ttl_seconds=self._due(touched),
        )  # fmt: skip

    def stored(self, next_offset: int, watermark_ms: int) -> None:
        """The effects are in the ledger."""
        self.stored_offset = next_offset
        self._marks.forget_oldest()
        minute = watermark_ms // MINUTE_MS
        if minute > self._newest_minute:
            self._newest_minute = minute
            self._totals.forget_old()

    async def _count_reports(self, changes: Deltas, ledger: Ledger) -> Values:
        wanted = self._marks.unknown(changes.reports)
        if wanted:
            self._marks.learn(wanted, await ledger.load_fields(self.claim, wanted))
        return self._marks.count(changes.reports, changes)

    async def _join_totals(self, changes: Deltas, ledger: Ledger) -> Values:
        totals = self._totals
        sums = [(self._targets(where), slots) for where, slots in changes.sums.items()]
        gauges = [(self._targets(where), gauge) for where, gauge in changes.gauges.items()]
        wanted = totals.unknown(target for targets, _ in (*sums, *gauges) for target in targets)
        if wanted:
            totals.learn(wanted, await ledger.load_fields(self.claim, wanted))
        for targets, slots in sums:
            totals.add(targets, slots)
        for targets, gauge in gauges:
            totals.gauge(targets, gauge)
        return totals.take_changed()

    async def _join_crowds(self, changes: Deltas, ledger: Ledger) -> tuple[dict[str, bytes], dict[str, bytes]]:
        for where, logs in changes.people.items():
            self._crowds.add(self._targets(where), b"".join(logs))
        appended, long = self._crowds.take()
        stored = await ledger.load_strings(self.claim, long)
        return self._crowds.fold(dict(zip(long, stored, strict=True)), appended), appended

    def _targets(self, where: ScopeMinute) -> tuple[BucketTarget, ...]:
        """Every bucket that a place's events of a minute count in."""
        place, minute = where
        if minute == SESSION_ONLY:
            return place.session
        if len(self._targets_known) > _TARGETS_REMEMBERED:
            self._targets_known.clear()
        targets = self._targets_known.get(where)
        if targets is None:
            targets = self._targets_known[where] = place.targets(minute)
        return targets

    def _clock_fields(self, watermark_ms: int, block_watermarks_ms: Mapping[int, int]) -> dict[str, bytes | None]:
        fields: dict[str, bytes | None] = {WATERMARK: b"%d" % watermark_ms}
        for block in self._blocks_stored - block_watermarks_ms.keys():
            fields[f"{_BLOCK}{block}"] = None
        for block in block_watermarks_ms.keys() - self._blocks_stored:
            fields[f"{_BLOCK}{block}"] = b"%d" % block_watermarks_ms[block]
        self._blocks_stored = set(block_watermarks_ms)
        return fields

    def _later_sessions(self, touched: Iterable[ScopeMinute]) -> dict[str, dict[str, int]]:
        """The last minute of each session, by room and product; only where it is a later one than was written."""
        seen, later = self._sessions_seen, dict[str, dict[str, int]]()
        if len(seen) > _SESSIONS_REMEMBERED:
            seen.clear()
        for place, minute in touched:
            field, session = place.session_field, place.session_id
            if field is not None and session is not None and seen.get((field, session), SESSION_ONLY) < minute:
                seen[field, session] = minute
                later.setdefault(sessions_of(field), {})[session] = minute
        return later

    def _due(self, suffixes: Iterable[str]) -> dict[str, int]:
        due = self._expiry.due(suffixes)
        return {suffix: self._kept_seconds(suffix) for suffix in due if suffix != CLOCK}

    def _kept_seconds(self, suffix: str) -> int:
        kind, _, rest = suffix.removeprefix("people:").partition(":")
        if kind == "followers" and not rest.startswith("session:"):
            return _FOLLOWERS_KEPT_SECONDS
        kept = {"minute": MINUTES_KEPT_SECONDS, "hour": HOURS_KEPT_SECONDS, "marks": MARKS_KEPT_SECONDS}
        return kept.get(kind, self._session_ttl_seconds)
