"""The detection stage: scored texts and room events in, alerts out, state and offset in one act.

A worker holds only a copy of what the ledger has of a partition. The next owner of the partition finds the states, the
alerts that run and those that Kafka has not acknowledged, and goes on with the same alerts.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, get_args

import msgspec

from streams.alerts.alert import Alert, State, enters
from streams.alerts.keys import ACTIVE, RESOLVED, SHADOW
from streams.alerts.kinds import AlertKind
from streams.alerts.withdrawn import text_names, withdraw
from streams.clock import DAY_MS, MINUTE_MS, system_clock
from streams.detection.arrival import Arrivals
from streams.detection.brand.brand import Brand, Brands, window_tally
from streams.detection.config import DetectionConfig
from streams.detection.decode import Records, room_events, scored_texts
from streams.detection.dedup import (
    TOLD_OVER_TTL_SECONDS,
    TOLD_TTL_SECONDS,
    AppliedOffsets,
    ToldEvents,
    told_identity,
    told_suffixes,
)
from streams.detection.evidence import text_id_of, wording_of
from streams.detection.forgetting import BRANDS_KEPT_DAYS, ROOMS_KEPT_DAYS, Forgetting, seen_suffix
from streams.detection.partition import DetectorChanges, KeyedDetectors, KeySpec
from streams.detection.retractions import (
    COUNTED_TTL_SECONDS,
    CountedText,
    CountedTexts,
    counted_suffix,
    counted_suffixes,
    place_of,
    taken_id,
)
from streams.detection.room.room import Rooms
from streams.detection.room_event import RoomEvent
from streams.detection.views.keys import HEARD
from streams.detection.views.writer import ViewWriter
from streams.detection.watermark import SourceProgress
from streams.engagement.dedup import block_of
from streams.events.codec import Reason
from streams.events.dead_letters import DeadLetter, DeadLetterSink, dead_letters_for
from streams.events.schema import ScoredText
from streams.kafka.producer import Publisher
from streams.ledger.expiry import Expiry
from streams.ledger.protocol import Claim, Effects, Ledger, Update
from streams.ledger.retry import retrying
from streams.ledger.stored import UNREADABLE, Stored, StoredCodec
from streams.metrics import ALERT_CHANGES, DEAD_LETTERS, EVENTS, SHADOW_ALERT_CHANGES, from_zero
from streams.topology import DETECTION, LIVE, SCORED
from streams.transport.batch import Batch

WATCHED = "watched"
PROGRESS = "progress"


KEPT = ACTIVE, RESOLVED, SHADOW
KEPT_RESOLVED = 200
"""Resolved alerts that a partition keeps for its readers; the topic has all."""
KEPT_SHADOW = 200
"""Shadow alerts that a partition keeps."""
_LOADED_AT_ONCE = 500
_PUBLISHED_AT_ONCE = 100
"""Alerts: a hundred of the largest fit into a worker's memory, a thousand may not."""
Outcome = Literal["applied", "duplicate", "late", "retracted"]


class Progress(Stored):
    """How far a partition has come, beside its offset."""

    log: SourceProgress = msgspec.field(default_factory=SourceProgress)
    applied: AppliedOffsets = msgspec.field(default_factory=AppliedOffsets)
    resolved: list[str] = []
    """Fingerprints of the resolved alerts that are kept, oldest first."""
    shadow: dict[str, None] = {}
    """Fingerprints of the shadow alerts that are kept, oldest first."""
    arrivals: dict[str, Arrivals] = {}
    """By the partition that records come from, as `topic:partition`."""
    partitions: int = 0
    """How many the topic had; 0 where that was not written yet."""


_progress = StoredCodec(Progress)
_alert = msgspec.json.Decoder(Alert)


@dataclass
class Partition:
    """What a worker holds of a partition."""

    claim: Claim
    next_offset: int
    progress: Progress
    keys: KeySpec[Any]
    detectors: KeyedDetectors[Any]
    told: ToldEvents
    views: ViewWriter = field(default_factory=ViewWriter)
    counted: CountedTexts = field(default_factory=CountedTexts)
    forgetting: Forgetting = field(default_factory=lambda: Forgetting(ROOMS_KEPT_DAYS))
    expiry: Expiry = field(default_factory=lambda: Expiry(system_clock))
    quoted: dict[str, frozenset[str]] = field(default_factory=dict)
    """The texts, and their authors, that each kept alert quotes, by fingerprint."""
    over: dict[str, Alert] = field(default_factory=dict)
    """Kept alerts that run no more and that a retraction of this batch may change."""
    rewritten: dict[str, Alert] = field(default_factory=dict)
    """Those of them that it did change."""


class DetectionHandler:
    """A BatchHandler; see streams.transport.handler for who calls what when."""

    def __init__(
        self, ledger: Ledger, publisher: Publisher, dead_letters: DeadLetterSink, config: DetectionConfig
    ) -> None:
        self._ledger = ledger
        self._publisher = publisher
        self._dead_letters = dead_letters
        self._keys: dict[str, KeySpec[Any]] = {SCORED: Brands(config), LIVE: Rooms(config)}
        self._partitions: dict[tuple[str, int], Partition] = {}
        self._sizes: dict[str, int] = {}
        from_zero(ALERT_CHANGES, get_args(AlertKind), get_args(State))
        from_zero(DEAD_LETTERS, (DETECTION,), get_args(Reason))

    @property
    def stage(self) -> str:
        return DETECTION

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(self._keys)

    def sized(self, topic: str, partitions: int) -> None:
        """Take in how many partitions a topic has: where it grew, keys may have moved away from those that are held."""
        self._sizes[topic] = partitions
        for held in self._partitions.values():
            if held.claim.topic == topic:
                _fit(held, partitions)

    async def assigned(self, topic: str, partition: int) -> int:
        """Take the partition over.

        1. Fence the worker that owned it before.
        2. Load the progress, and the states of all keys with a timer.
        3. Publish the alerts that wait in the outbox.
        """
        if partition >= self._sizes.get(topic, 0):
            self.sized(topic, partition + 1)
        claim = await self._ledger.acquire(topic, partition)
        stored = await self._ledger.load_hash(claim, PROGRESS)
        where = f"detection's progress in {topic}:{partition}"
        progress = (_progress.decode_or_none(stored["state"], where) if "state" in stored else None) or Progress()
        keys = self._keys[topic]
        kept_days = BRANDS_KEPT_DAYS if topic == SCORED else ROOMS_KEPT_DAYS
        forgetting = Forgetting(kept_days, progress.log.low_ms // DAY_MS)
        detectors = KeyedDetectors(keys, progress.log)
        told = ToldEvents(
            block_of(claim.next_offset), *await self._ledger.load_strings(claim, told_suffixes(claim.next_offset))
        )
        held = Partition(claim, claim.next_offset, progress, keys, detectors, told, forgetting=forgetting)
        await self._restore(held, sorted(await self._ledger.load_hash(claim, WATCHED)), watched=True)
        _fit(held, self._sizes[topic])
        for kept in KEPT if topic == SCORED else ():
            for fingerprint, alert in (await self._ledger.load_hash(claim, kept)).items():
                with suppress(msgspec.DecodeError):  # of a newer version: it is shown by who can read it
                    held.quoted[fingerprint] = text_names(_alert.decode(alert))
        self._partitions[topic, partition] = held
        await self._publish_outbox(claim)
        return claim.next_offset

    def prepare(self, batch: Batch) -> Records:
        return scored_texts(batch) if batch.topic == SCORED else room_events(batch)

    async def apply(self, prepared: Records) -> None:
        """Detect and store.

        1. Dead-letter what cannot be read.
        2. Load the states of keys that are not in the process.
        3. Process the records in their order.
        4. Store states, views, alerts and offset in one act.
        5. Publish the alerts.
        """
        batch = prepared.batch
        held = self._partitions[batch.topic, batch.partition]
        if prepared.unreadable:
            await self._dead_letter(dead_letters_for(batch.topic, batch.partition, DETECTION, prepared.unreadable))
            EVENTS.labels(DETECTION, "dead_letter").inc(sum(one.count for one in prepared.unreadable))
        records = [record for record, _, _ in prepared.readable]
        await self._restore(held, held.detectors.keys_to_load(records))
        await self._restore(held, held.detectors.other_keys_to_load(records))

        retractions = [one for one in records if isinstance(one, ScoredText) and one.kind == "retraction"]
        await self._load_taken_back(held, retractions)
        await self._load_polled(held, prepared)
        await self._load_amended(held, records)
        outcomes = Counter(_process(held, *readable) for readable in prepared.readable)
        _settle(held)
        changes = held.detectors.drain()
        seen = held.forgetting.see(changes.states, held.progress.log.low_ms)
        effects = _effects(held, changes, seen, await self._forgotten(held))
        await self._ledger.apply(Update(held.claim, held.next_offset, batch.next_offset, effects))
        held.next_offset, held.views = batch.next_offset, ViewWriter()
        held.counted.stored()
        held.over, held.rewritten = {}, {}
        for outcome, count in outcomes.items():
            EVENTS.labels(DETECTION, outcome).inc(count)
        for alert in changes.alerts:
            if alert.shadow:
                SHADOW_ALERT_CHANGES.labels(alert.rule, alert.state).inc()
            elif enters(alert):
                ALERT_CHANGES.labels(alert.kind, alert.state).inc()
        if effects.outbox:
            await self._publish_outbox(held.claim)

    async def verify(self, topic: str, partition: int) -> None:
        held = self._partitions[topic, partition]
        await self._ledger.verify(held.claim, held.next_offset)

    async def revoked(self, topic: str, partition: int) -> None:
        self._partitions.pop((topic, partition), None)

    async def _restore(self, held: Partition, keys: Sequence[str], *, watched: bool = False) -> None:
        for start in range(0, len(keys), _LOADED_AT_ONCE):
            names = keys[start : start + _LOADED_AT_ONCE]
            stored = await self._ledger.load_fields(held.claim, {held.keys.suffix: names})
            for key, state in stored.get(held.keys.suffix, {}).items():
                held.detectors.restore(key, state, watched=watched)

    async def _forgotten(self, held: Partition) -> list[str]:
        """Keys of which nothing came for as long as they are kept; looked for when a day of the log begins."""
        days, held.forgetting.due = held.forgetting.due, ()
        old = sorted({key for day in days for key in await self._ledger.load_hash(held.claim, seen_suffix(day))})
        forgotten: list[str] = []
        for start in range(0, len(old), _LOADED_AT_ONCE):
            names = [name for name in old[start : start + _LOADED_AT_ONCE] if held.detectors.get(name) is None]
            stored = await self._ledger.load_fields(held.claim, {held.keys.suffix: names})
            for name, state in stored.get(held.keys.suffix, {}).items():
                with suppress(*UNREADABLE):
                    if held.forgetting.is_forgotten(held.keys.restore(state).last_log_ms):
                        forgotten.append(name)
        return forgotten

    async def _load_taken_back(self, held: Partition, retractions: Sequence[ScoredText]) -> None:
        """Load what retractions may take back: counted texts, and alerts that are over and quote them."""
        wanted: dict[str, set[str]] = {}
        for retraction in retractions:
            name = taken_id(retraction)
            wrote = name is None and await self._wrote(held, retraction)
            for suffix in counted_suffixes(retraction):
                if name is not None:
                    wanted.setdefault(suffix, set()).add(name)
                elif wrote:
                    held.counted.hold(suffix, await self._ledger.load_hash(held.claim, suffix))
        stored = await self._ledger.load_fields(held.claim, {suffix: sorted(names) for suffix, names in wanted.items()})
        for suffix, fields in stored.items():
            held.counted.hold(suffix, fields)
        gone = {taken_id(one) or (one.actor.id if one.actor else "") for one in retractions}
        kept = sorted(fingerprint for fingerprint, names in held.quoted.items() if not names.isdisjoint(gone))
        if kept:
            found = await self._ledger.load_fields(held.claim, {RESOLVED: kept, SHADOW: kept})
            held.over = {name: _alert.decode(value) for alerts in found.values() for name, value in alerts.items()}

    async def _load_polled(self, held: Partition, prepared: Records) -> None:
        """Load what the texts of a first poll have counted, which may move with those that come now."""
        wanted: dict[str, set[str]] = {}
        for (brand_id, source), is_ahead in _feeds(prepared).items():
            brand = held.detectors.get(brand_id)
            if isinstance(brand, Brand) and (is_ahead or brand.is_polled_ahead(source)):
                for number, name in brand.polled(source):
                    wanted.setdefault(counted_suffix(number, brand_id), set()).add(name)
        stored = await self._ledger.load_fields(held.claim, {suffix: sorted(names) for suffix, names in wanted.items()})
        for suffix, fields in stored.items():
            held.counted.hold(suffix, fields)

    async def _load_amended(self, held: Partition, records: Sequence[ScoredText | RoomEvent]) -> None:
        """Load what texts have counted whose scores may come now."""
        wanted: dict[str, set[str]] = {}
        for one in records:
            if isinstance(one, ScoredText) and held.progress.applied.awaits(one):
                number, name = place_of(one)
                wanted.setdefault(counted_suffix(number, one.brand_id), set()).add(name)
        stored = await self._ledger.load_fields(held.claim, {suffix: sorted(names) for suffix, names in wanted.items()})
        for suffix, fields in stored.items():
            held.counted.hold(suffix, fields)

    async def _wrote(self, held: Partition, retraction: ScoredText) -> bool:
        """Whether an account that is gone has a text among those that may be counted yet."""
        if retraction.actor is None:
            return False
        voices = (suffix.replace("counted:", "voices:", 1) for suffix in counted_suffixes(retraction))
        return bool(await self._ledger.load_fields(held.claim, {suffix: [retraction.actor.id] for suffix in voices}))

    async def _dead_letter(self, letters: Sequence[DeadLetter]) -> None:
        await retrying(lambda: self._dead_letters.send(letters))
        for letter in letters:
            DEAD_LETTERS.labels(DETECTION, letter.reason).inc()

    async def _publish_outbox(self, claim: Claim) -> None:
        """Kafka first, then the ledger: a death between the two publishes the same alerts again under the same keys."""
        while records := await self._ledger.peek_outbox(claim, _PUBLISHED_AT_ONCE):
            await retrying(partial(self._publisher.publish, records))
            await self._ledger.trim_outbox(claim, len(records))


def _feeds(prepared: Records) -> Mapping[tuple[str, str], bool]:
    """Each brand and source of a batch, and whether a text of theirs happens after its arrival by the feed's clock."""
    found: dict[tuple[str, str], bool] = {}
    for record, log_ms, _ in prepared.readable:
        if isinstance(record, ScoredText):
            key = record.brand_id, record.source
            found[key] = found.get(key, False) or record.event_time_ms > log_ms
    return found


def _fit(held: Partition, partitions: int) -> None:
    """Remember how many partitions the topic has. Where it had fewer, a key that is silent here may speak elsewhere."""
    if held.progress.partitions and held.progress.partitions != partitions:
        held.detectors.forget_feeds()
    held.progress.partitions = partitions


def _process(held: Partition, record: ScoredText | RoomEvent, log_ms: int, offset: int) -> Outcome:
    if isinstance(record, RoomEvent):
        if not held.told.is_new(record.identity, offset):
            return "duplicate"
        return "applied" if held.detectors.process(record, _arrived_ms(held, record, log_ms)) else "late"
    classification = held.progress.applied.classify(record)
    if classification == "duplicate":
        return "duplicate"
    if record.kind == "retraction":
        return _take_back(held, record, log_ms)
    if classification == "applied" and not held.told.is_new(told_identity(record), offset):
        held.progress.applied.amend_nothing(record)
        return "duplicate"
    brand = _brand(held, record)
    if brand is not None and brand.was_taken_back(text_id_of(record)):
        return "retracted"
    return _amend(held, record, brand) if classification == "amendment" else _detect(held, record, log_ms)


def _detect(held: Partition, text: ScoredText, log_ms: int) -> Outcome:
    """Detect with a text that is new, and count it for screens by the time at which it happened."""
    in_time = held.detectors.process(text, _arrived_ms(held, text, log_ms))
    brand = _brand(held, text)
    assert brand is not None
    views = ViewWriter()
    views.add(brand.corrected(text))
    held.views.merge(views)
    _move(held, text.brand_id, brand)
    held.counted.add(text, _counted_text(text, views, brand.happened_ms // MINUTE_MS))
    return "applied" if in_time else "late"


def _move(held: Partition, brand_id: str, brand: Brand) -> None:
    """Note the texts that the brand's last record has moved to other minutes."""
    for _, minute, texts in brand.moved:
        for place in texts.held:
            held.counted.move(brand_id, place, minute)


def _settle(held: Partition) -> None:
    """Let screens count the texts that have moved where they are now."""
    for before, after in held.counted.settle():
        held.views.move(before.views, after.views)


def _amend(held: Partition, text: ScoredText, brand: Brand | None) -> Outcome:
    """Take in the scores of a text that was counted without. A brand of which nothing is known has no use for them."""
    _settle(held)
    before = held.counted.of(text)
    if before is not None:
        shown = msgspec.structs.replace(text, event_time_ms=before.shown_minute * MINUTE_MS)
    else:
        shown = text if brand is None else brand.corrected(text)
    held.views.add(shown, amends=True)
    if before is not None:
        whole = ViewWriter()
        whole.add(shown)
        after = _counted_text(text, whole, before.minute)
        held.counted.replace(text, msgspec.structs.replace(after, came_unscored=True))
    if brand is not None:
        brand.amend(text, before)
        held.detectors.mark_changed(text.brand_id)
    return "applied"


def _brand(held: Partition, text: ScoredText) -> Brand | None:
    brand = held.detectors.get(text.brand_id)
    return brand if isinstance(brand, Brand) else None


def _counted_text(text: ScoredText, views: ViewWriter, minute: int) -> CountedText:
    """What a text counts in a minute of its brand's; a seller's is in no window."""
    return CountedText(
        minute=minute,
        tally=window_tally(text),
        views={suffix: dict(counts) for suffix, counts in views.sums.items()},
        wording=wording_of(text.text),
        actor_id=text.actor.id if text.actor else None,
        room_id=text.room_id,
    )


def _take_back(held: Partition, retraction: ScoredText, log_ms: int) -> Outcome:
    """Take texts out of what still counts and quotes them. A brand of which nothing is known has nothing of them."""
    brand = _brand(held, retraction)
    if brand is not None:  # first, since what it says of its feed's clock may move the texts
        held.detectors.process(retraction, _arrived_ms(held, retraction, log_ms))
        _move(held, retraction.brand_id, brand)
    _settle(held)
    taken = held.counted.take(retraction)
    for counted in taken.counted:
        held.views.take_back(counted.views)
    if brand is not None:
        held.detectors.mark_changed(retraction.brand_id, brand.take_back(taken))
    for fingerprint, alert in held.over.items():
        left = withdraw(held.rewritten.get(fingerprint, alert), taken.covers, taken.account_id)
        if left is not held.rewritten.get(fingerprint, alert):
            held.rewritten[fingerprint] = left
    return "applied"


def _arrived_ms(held: Partition, record: ScoredText | RoomEvent, stamp_ms: int) -> int:
    """Take in when the record was stamped; returns when it arrived."""
    progress, source = held.progress, held.keys.source(record)
    arrivals = progress.arrivals.get(source)
    if arrivals is None:
        arrivals = progress.arrivals[source] = Arrivals(progress.log.by_source.get(source, 0))
    arrived_ms = arrivals.observe(record.source, stamp_ms)
    progress.log.in_doubt = arrivals.in_doubt
    return arrived_ms


def _effects(
    held: Partition, changes: DetectorChanges, seen: dict[str, bytes | None], forgotten: Sequence[str]
) -> Effects:
    gone: dict[str, bytes | None] = dict.fromkeys(forgotten)
    told = held.told.pop_new()
    told_over = dict.fromkeys(held.told.pop_over(), TOLD_OVER_TTL_SECONDS)
    hashes = held.keys.suffix, held.keys.view_suffix
    encoded = [(alert.fingerprint, msgspec.json.encode(alert)) for alert in changes.alerts]
    rewritten = [(fingerprint, msgspec.json.encode(alert)) for fingerprint, alert in held.rewritten.items()]
    shown = dict(encoded) | {alert.fingerprint: msgspec.json.encode(alert) for alert in changes.refreshed}
    return Effects(
        sums=held.views.sums,
        maxima={**held.views.maxima, **({HEARD: held.views.newest_ms} if held.views.newest_ms else {})},
        values={
            **held.views.values,
            **held.counted.changes,
            held.keys.suffix: {**gone, **changes.states},
            held.keys.view_suffix: {**gone, **changes.views},
            **({seen_suffix(held.forgetting.day): seen} if seen else {}),
            **({HEARD: gone} if gone and held.claim.topic == SCORED else {}),
            WATCHED: changes.watched,
            **_alert_hashes(held, [*changes.alerts, *changes.refreshed], shown),
            PROGRESS: {"state": _progress.encode(held.progress)},
        },
        append_strings=told,
        outbox=[*encoded, *rewritten],
        ttl_seconds={**_ttl_in_use(held, told), **told_over, **held.forgetting.ttl_seconds(hashes, bool(seen))},
    )


def _ttl_in_use(held: Partition, told: Iterable[str]) -> dict[str, int]:
    """Times to live of what a batch adds to, where part of them has run."""
    ttl_seconds = {
        **dict.fromkeys(told, TOLD_TTL_SECONDS),
        **held.views.ttl_seconds(),
        **dict.fromkeys(held.counted.changes, COUNTED_TTL_SECONDS),
    }
    return {suffix: ttl_seconds[suffix] for suffix in held.expiry.needing_ttl(ttl_seconds)}


def _alert_hashes(
    held: Partition, alerts: Sequence[Alert], encoded: Mapping[str, bytes]
) -> dict[str, dict[str, bytes | None]]:
    """The changes of the hashes that streams.alerts.reader reads; only the last resolved and shadow alerts are kept."""
    progress = held.progress
    active: dict[str, bytes | None] = {}
    resolved: dict[str, bytes | None] = {}
    shadow: dict[str, bytes | None] = {}
    for fingerprint, alert in held.rewritten.items():
        (shadow if alert.shadow else resolved)[fingerprint] = msgspec.json.encode(alert)
    for alert in [*held.rewritten.values(), *alerts]:
        held.quoted[alert.fingerprint] = text_names(alert)
    for alert in alerts:
        if alert.shadow:
            shadow[alert.fingerprint] = encoded[alert.fingerprint]
            progress.shadow[alert.fingerprint] = None
            continue
        over = alert.state == "resolved"
        active[alert.fingerprint] = None if over else encoded[alert.fingerprint]
        if over and alert.fired_at is not None:
            resolved[alert.fingerprint] = encoded[alert.fingerprint]
            progress.resolved.append(alert.fingerprint)
    while len(progress.resolved) > KEPT_RESOLVED:
        oldest = progress.resolved.pop(0)
        resolved[oldest] = None
        held.quoted.pop(oldest, None)
    while len(progress.shadow) > KEPT_SHADOW:
        oldest = next(iter(progress.shadow))
        del progress.shadow[oldest]
        shadow[oldest] = None
        held.quoted.pop(oldest, None)
    return {ACTIVE: active, RESOLVED: resolved, SHADOW: shadow}
