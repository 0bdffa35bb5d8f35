"""The detection stage: scored texts and room events in, alerts out, state and offset in one act.

What a worker holds of a partition is only a copy of what the ledger has. Whoever takes the partition over finds the
states, the alerts that run and those that Kafka has not acknowledged, and goes on with the same alerts.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, get_args

import msgspec

from streams.alerts.alert import Alert, State
from streams.alerts.kinds import AlertKind
from streams.detection.brand.brand import Brand, Brands
from streams.detection.config import DetectionConfig
from streams.detection.decode import Records, room_events, scored_texts
from streams.detection.dedup import AppliedOffsets
from streams.detection.partition import DetectorChanges, KeyedDetectors, KeySpec
from streams.detection.room.room import Rooms
from streams.detection.room_event import RoomEvent
from streams.detection.views.keys import ACTIVE, HEARD, RESOLVED, SHADOW
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
"""Alerts of draft rules that a partition keeps."""
_LOADED_AT_ONCE = 500
Fate = Literal["applied", "duplicate", "late"]


class Progress(Stored):
    """How far a partition has come, beside its offset."""

    log: SourceProgress = msgspec.field(default_factory=SourceProgress)
    origins: AppliedOffsets = msgspec.field(default_factory=AppliedOffsets)
    resolved: list[str] = []
    """Fingerprints of the resolved alerts that are kept, oldest first."""
    shadow: dict[str, None] = {}
    """Fingerprints of the draft rules' alerts that are kept, oldest first."""


_progress = StoredCodec(Progress)


@dataclass
class Partition:
    """What a worker holds of a partition."""

    claim: Claim
    next_offset: int
    progress: Progress
    kind: KeySpec[Any]
    shard: KeyedDetectors[Any]
    board: ViewWriter = field(default_factory=ViewWriter)


class DetectionHandler:
    """A BatchHandler; see streams.transport.handler for who calls what when."""

    def __init__(
        self, ledger: Ledger, publisher: Publisher, dead_letters: DeadLetterSink, watch: DetectionConfig
    ) -> None:
        self._ledger = ledger
        self._publisher = publisher
        self._dead_letters = dead_letters
        self._kinds: dict[str, KeySpec[Any]] = {SCORED: Brands(watch), LIVE: Rooms(watch)}
        self._partitions: dict[tuple[str, int], Partition] = {}
        from_zero(ALERT_CHANGES, get_args(AlertKind), get_args(State))
        from_zero(DEAD_LETTERS, (DETECTION,), get_args(Reason))

    @property
    def stage(self) -> str:
        return DETECTION

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(self._kinds)

    async def assigned(self, topic: str, partition: int) -> int:
        """Take the partition over.

        1. Fence whoever had it.
        2. Load what its predecessor knew, and the states of all keys for which time matters.
        3. Tell Kafka the alerts that the predecessor could not.
        """
        claim = await self._ledger.acquire(topic, partition)
        stored = await self._ledger.load_hash(claim, PROGRESS)
        progress = _progress.decode(stored["state"]) if "state" in stored else Progress()
        kind = self._kinds[topic]
        held = Partition(claim, claim.next_offset, progress, kind, KeyedDetectors(kind, progress.log))
        await self._thaw(held, sorted(await self._ledger.load_hash(claim, WATCHED)), watched=True)
        self._partitions[topic, partition] = held
        await self._relay(claim)
        return claim.next_offset

    def prepare(self, batch: Batch) -> Records:
        return scored_texts(batch) if batch.topic == SCORED else room_events(batch)

    async def apply(self, prepared: Records) -> None:
        """Detect and store.

        1. Write down what cannot be read.
        2. Load the states of keys that are not in the process.
        3. Hear the records in their order.
        4. Store states, alerts and offset in one act.
        5. Hand the alerts to Kafka.
        """
        batch = prepared.batch
        held = self._partitions[batch.topic, batch.partition]
        if prepared.unreadable:
            await self._bury(dead_letters_for(batch.topic, batch.partition, DETECTION, prepared.unreadable))
        await self._thaw(held, held.shard.missing(record for record, _ in prepared.heard))
        fates = Counter(_hear(held, record, log_ms) for record, log_ms in prepared.heard)
        changes = held.shard.drain()
        await self._ledger.apply(Update(held.claim, held.next_offset, batch.next_offset, _effects(held, changes)))
        held.next_offset, held.board = batch.next_offset, ViewWriter()
        for fate, count in fates.items():
            EVENTS.labels(DETECTION, fate).inc(count)
        for alert in changes.alerts:
            if alert.shadow:
                SHADOW_ALERT_CHANGES.labels(alert.rule, alert.state).inc()
            else:
                ALERT_CHANGES.labels(alert.kind, alert.state).inc()
        if changes.alerts:
            await self._relay(held.claim)

    async def revoked(self, topic: str, partition: int) -> None:
        self._partitions.pop((topic, partition), None)

    async def _thaw(self, held: Partition, keys: Sequence[str], *, watched: bool = False) -> None:
        for start in range(0, len(keys), _LOADED_AT_ONCE):
            names = keys[start : start + _LOADED_AT_ONCE]
            stored = await self._ledger.load_fields(held.claim, {held.kind.suffix: names})
            for key, state in stored.get(held.kind.suffix, {}).items():
                held.shard.thaw(key, state, watched=watched)

    async def _bury(self, letters: Sequence[DeadLetter]) -> None:
        await retrying(lambda: self._dead_letters.send(letters))
        EVENTS.labels(DETECTION, "dead_letter").inc(len(letters))
        for letter in letters:
            DEAD_LETTERS.labels(DETECTION, letter.reason).inc()

    async def _relay(self, claim: Claim) -> None:
        """Kafka first, then the ledger: a death between the two writes the same alerts again under the same keys."""
        while records := await self._ledger.peek_outbox(claim):
            await retrying(partial(self._publisher.publish, records))
            await self._ledger.trim_outbox(claim, len(records))


def _hear(held: Partition, record: ScoredText | RoomEvent, log_ms: int) -> Fate:
    if isinstance(record, RoomEvent):
        return "applied" if held.shard.hear(record, log_ms) else "late"
    origin = held.progress.origins.fate(record)
    if origin == "duplicate":
        return "duplicate"
    held.board.count(record, amends=origin == "amendment")
    if origin == "applied":
        return "applied" if held.shard.hear(record, log_ms) else "late"
    if isinstance(brand := held.shard.running(record.brand_id), Brand):
        brand.amend(record)
        held.shard.touched(record.brand_id)
    return "applied"


def _effects(held: Partition, changes: DetectorChanges) -> Effects:
    encoded = [(alert.fingerprint, msgspec.json.encode(alert)) for alert in changes.alerts]
    return Effects(
        sums=held.board.sums,
        maxima={**held.board.maxima, **({HEARD: held.board.heard_ms} if held.board.heard_ms else {})},
        values={
            **held.board.values,
            held.kind.suffix: changes.states,
            WATCHED: changes.watched,
            **_shown(held.progress, changes.alerts, dict(encoded)),
            PROGRESS: {"state": _progress.encode(held.progress)},
        },
        outbox=encoded,
        ttl_seconds=held.board.ttl_seconds(),
    )


def _shown(
    progress: Progress, alerts: Sequence[Alert], encoded: Mapping[str, bytes]
) -> dict[str, dict[str, bytes | None]]:
    """The hashes of alerts that run and that ran, for exporter and screens; keeps the resolved ones few."""
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
