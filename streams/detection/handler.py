"""The detection stage: scored texts and room events in, alerts out, state and offset in one act.

A worker holds only a copy of what the ledger has of a partition. The next owner of the partition finds the states, the
alerts that run and those that Kafka has not acknowledged, and goes on with the same alerts.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, get_args

import msgspec

from streams.alerts.alert import Alert, State
from streams.alerts.keys import ACTIVE, RESOLVED, SHADOW
from streams.alerts.kinds import AlertKind
from streams.detection.brand.brand import Brand, Brands
from streams.detection.config import DetectionConfig
from streams.detection.decode import Records, room_events, scored_texts
from streams.detection.dedup import AppliedOffsets
from streams.detection.partition import DetectorChanges, KeyedDetectors, KeySpec
from streams.detection.room.room import Rooms
from streams.detection.room_event import RoomEvent
from streams.detection.views.keys import HEARD
from streams.detection.views.writer import ViewWriter
from streams.detection.watermark import SourceProgress
from streams.events.codec import Reason
from streams.events.dead_letters import DeadLetter, DeadLetterSink, dead_letters_for
from streams.events.schema import ScoredText
from streams.kafka.producer import Publisher
from streams.ledger.protocol import Claim, Effects, Ledger, Update
from streams.ledger.retry import retrying
from streams.ledger.stored import Stored, StoredCodec
from streams.metrics import ALERT_CHANGES, DEAD_LETTERS, EVENTS, SHADOW_ALERT_CHANGES, from_zero
from streams.topology import DETECTION, LIVE, SCORED
from streams.transport.batch import Batch

WATCHED = "watched"
PROGRESS = "progress"


KEPT_RESOLVED = 200
"""Resolved alerts that a partition keeps for its readers; the topic has all."""
KEPT_SHADOW = 200
"""Shadow alerts that a partition keeps."""
_LOADED_AT_ONCE = 500
Outcome = Literal["applied", "duplicate", "late"]


class Progress(Stored):
    """How far a partition has come, beside its offset."""

    log: SourceProgress = msgspec.field(default_factory=SourceProgress)
    applied: AppliedOffsets = msgspec.field(default_factory=AppliedOffsets)
    resolved: list[str] = []
    """Fingerprints of the resolved alerts that are kept, oldest first."""
    shadow: dict[str, None] = {}
    """Fingerprints of the shadow alerts that are kept, oldest first."""


_progress = StoredCodec(Progress)


@dataclass
class Partition:
    """What a worker holds of a partition."""

    claim: Claim
    next_offset: int
    progress: Progress
    keys: KeySpec[Any]
    detectors: KeyedDetectors[Any]
    views: ViewWriter = field(default_factory=ViewWriter)


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
        from_zero(ALERT_CHANGES, get_args(AlertKind), get_args(State))
        from_zero(DEAD_LETTERS, (DETECTION,), get_args(Reason))

    @property
    def stage(self) -> str:
        return DETECTION

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(self._keys)

    async def assigned(self, topic: str, partition: int) -> int:
        """Take the partition over.

        1. Fence the worker that owned it before.
        2. Load the progress, and the states of all keys with a timer.
        3. Publish the alerts that wait in the outbox.
        """
        claim = await self._ledger.acquire(topic, partition)
        stored = await self._ledger.load_hash(claim, PROGRESS)
        progress = _progress.decode(stored["state"]) if "state" in stored else Progress()
        keys = self._keys[topic]
        held = Partition(claim, claim.next_offset, progress, keys, KeyedDetectors(keys, progress.log))
        await self._restore(held, sorted(await self._ledger.load_hash(claim, WATCHED)), watched=True)
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
        await self._restore(held, held.detectors.keys_to_load(record for record, _ in prepared.readable))
        await self._restore(held, held.detectors.other_keys_to_load(record for record, _ in prepared.readable))
        outcomes = Counter(_process(held, record, log_ms) for record, log_ms in prepared.readable)
        changes = held.detectors.drain()
        await self._ledger.apply(Update(held.claim, held.next_offset, batch.next_offset, _effects(held, changes)))
        held.next_offset, held.views = batch.next_offset, ViewWriter()
        for outcome, count in outcomes.items():
            EVENTS.labels(DETECTION, outcome).inc(count)
        for alert in changes.alerts:
            if alert.shadow:
                SHADOW_ALERT_CHANGES.labels(alert.rule, alert.state).inc()
            else:
                ALERT_CHANGES.labels(alert.kind, alert.state).inc()
        if changes.alerts:
            await self._publish_outbox(held.claim)

    async def revoked(self, topic: str, partition: int) -> None:
        self._partitions.pop((topic, partition), None)

    async def _restore(self, held: Partition, keys: Sequence[str], *, watched: bool = False) -> None:
        for start in range(0, len(keys), _LOADED_AT_ONCE):
            names = keys[start : start + _LOADED_AT_ONCE]
            stored = await self._ledger.load_fields(held.claim, {held.keys.suffix: names})
            for key, state in stored.get(held.keys.suffix, {}).items():
                held.detectors.restore(key, state, watched=watched)

    async def _dead_letter(self, letters: Sequence[DeadLetter]) -> None:
        await retrying(lambda: self._dead_letters.send(letters))
        EVENTS.labels(DETECTION, "dead_letter").inc(len(letters))
        for letter in letters:
            DEAD_LETTERS.labels(DETECTION, letter.reason).inc()

    async def _publish_outbox(self, claim: Claim) -> None:
        """Kafka first, then the ledger: a death between the two publishes the same alerts again under the same keys."""
        while records := await self._ledger.peek_outbox(claim):
            await retrying(partial(self._publisher.publish, records))
            await self._ledger.trim_outbox(claim, len(records))


def _process(held: Partition, record: ScoredText | RoomEvent, log_ms: int) -> Outcome:
    if isinstance(record, RoomEvent):
        return "applied" if held.detectors.process(record, log_ms) else "late"
    classification = held.progress.applied.classify(record)
    if classification == "duplicate":
        return "duplicate"
    held.views.add(record, amends=classification == "amendment")
    if classification == "applied":
        return "applied" if held.detectors.process(record, log_ms) else "late"
    if isinstance(brand := held.detectors.get(record.brand_id), Brand):
        brand.amend(record)
        held.detectors.mark_changed(record.brand_id)
    return "applied"


def _effects(held: Partition, changes: DetectorChanges) -> Effects:
    encoded = [(alert.fingerprint, msgspec.json.encode(alert)) for alert in changes.alerts]
    shown = dict(encoded) | {alert.fingerprint: msgspec.json.encode(alert) for alert in changes.refreshed}
    return Effects(
        sums=held.views.sums,
        maxima={**held.views.maxima, **({HEARD: held.views.newest_ms} if held.views.newest_ms else {})},
        values={
            **held.views.values,
            held.keys.suffix: changes.states,
            held.keys.view_suffix: changes.views,
            WATCHED: changes.watched,
            **_alert_hashes(held.progress, [*changes.alerts, *changes.refreshed], shown),
            PROGRESS: {"state": _progress.encode(held.progress)},
        },
        outbox=encoded,
        ttl_seconds=held.views.ttl_seconds(),
    )


def _alert_hashes(
    progress: Progress, alerts: Sequence[Alert], encoded: Mapping[str, bytes]
) -> dict[str, dict[str, bytes | None]]:
    """The changes of the hashes that streams.alerts.reader reads; only the last resolved and shadow alerts are kept."""
    active: dict[str, bytes | None] = {}
    resolved: dict[str, bytes | None] = {}
    shadow: dict[str, bytes | None] = {}
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
        resolved[progress.resolved.pop(0)] = None
    while len(progress.shadow) > KEPT_SHADOW:
        oldest = next(iter(progress.shadow))
        del progress.shadow[oldest]
        shadow[oldest] = None
    return {ACTIVE: active, RESOLVED: resolved, SHADOW: shadow}
