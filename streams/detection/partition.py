"""The detectors of one partition: which are in the process, what a batch changed, and what time alone changes.

Two rules make alerts independent of batch borders and restarts. Time is taken from the log: whenever it enters a new
minute, every key for which time matters is told, whether its state was loaded a second ago or a day ago. And a key for
which time does not matter may leave the process at any moment, since it catches up by itself when it is heard again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from streams.alerts.alert import Alert
from streams.clock import MINUTE_MS
from streams.detection.watermark import SourceProgress

KEPT_IDLE_KEYS = 2_000
"""Keys without obligations that stay in the process, lest a busy one be loaded for each batch."""
MAX_WATCHED_KEYS = 20_000
"""Beyond that the longest unheard keys without an alert are let go: until they speak, their silence is not noticed."""

Record_contra = TypeVar("Record_contra", contravariant=True)
Record = TypeVar("Record")


class Detector(Protocol[Record_contra]):
    """The running detectors of one key."""

    @property
    def obliged(self) -> bool:
        """Whether time alone may change something."""

    @property
    def alerting(self) -> bool:
        """Whether an alert of the key is pending or firing."""

    @property
    def heard_log_ms(self) -> int:
        """The log's time at its last record."""

    @property
    def late(self) -> int:
        """How many of its records came too late to count."""

    def hear(self, record: Record_contra, log: SourceProgress) -> list[Alert]:
        """Take in a record; the alerts to be written."""

    def idle(self, log: SourceProgress) -> list[Alert]:
        """The log has moved on without a record of the key; the alerts to be written."""

    def freeze(self) -> bytes:
        """The whole state."""


class KeySpec(Protocol[Record_contra]):
    """What the keys of a topic are: brands or rooms."""

    @property
    def suffix(self) -> str:
        """The ledger's hash of their states."""

    def key(self, record: Record_contra) -> str:
        """The key that a record is about."""

    def source(self, record: Record_contra) -> str:
        """The partition that the record was made of, whose log its log time is of."""

    def fresh(self, record: Record_contra) -> Detector[Record_contra]:
        """A key that was never heard before this record."""

    def thaw(self, state: bytes) -> Detector[Record_contra]:
        """A key as it was frozen."""


@dataclass
class DetectorChanges:
    """What a batch did, for the ledger."""

    states: dict[str, bytes] = field(default_factory=dict)
    watched: dict[str, bytes | None] = field(default_factory=dict)
    """Keys that became obliged (b"") or are no longer (None)."""
    alerts: list[Alert] = field(default_factory=list)


class KeyedDetectors(Generic[Record]):
    """The running detectors of one partition, by key."""

    def __init__(self, kind: KeySpec[Record], log: SourceProgress) -> None:
        self._kind = kind
        self._log = log
        self._running: dict[str, Detector[Record]] = {}
        self._obliged: set[str] = set()
        self._changed: set[str] = set()
        self._alerts: list[Alert] = []
        self._watched_before: set[str] = set()

    def missing(self, records: Iterable[Record]) -> list[str]:
        """Keys whose state must be given to `thaw`, if it is stored, before these records are heard."""
        return sorted({self._kind.key(record) for record in records} - self._running.keys())

    def thaw(self, key: str, state: bytes, *, watched: bool = False) -> None:
        """Take a key into the process. One that the ledger does not name as watched waits for its next record."""
        self._running[key] = self._kind.thaw(state)
        if watched:
            self._obliged.add(key)
            self._watched_before.add(key)

    def hear(self, record: Record, log_ms: int) -> bool:
        """Take in a record, after telling those who wait for it that a new minute of the log has begun. False if it was
        too late to count."""
        self._advance(self._kind.source(record), log_ms)
        key = self._kind.key(record)
        detector = self._running.get(key)
        if detector is None:
            detector = self._kind.fresh(record)
        else:
            del self._running[key]
        self._running[key] = detector
        self._changed.add(key)
        late_before = detector.late
        self._note(key, detector, detector.hear(record, self._log))
        return detector.late == late_before

    def running(self, key: str) -> Detector[Record] | None:
        """A key's detectors, where they are in the process; whoever changes them says so by `touched`."""
        return self._running.get(key)

    def touched(self, key: str) -> None:
        self._changed.add(key)

    def drain(self) -> DetectorChanges:
        """What changed since the last call; then keys that nothing is expected of leave the process."""
        changes = DetectorChanges(
            states={key: self._running[key].freeze() for key in sorted(self._changed)},
            watched=dict(self._watch_changes()),
            alerts=self._alerts,
        )
        self._changed, self._alerts, self._watched_before = set(), [], set(self._obliged)
        self._evict()
        return changes

    def _advance(self, source: str, log_ms: int) -> None:
        before_ms = self._log.low_ms
        self._log.heard(source, log_ms)
        if self._log.low_ms // MINUTE_MS > before_ms // MINUTE_MS:
            for key in sorted(self._obliged):
                detector = self._running[key]
                self._note(key, detector, detector.idle(self._log))
            self._forsake()

    def _note(self, key: str, detector: Detector[Record], alerts: list[Alert]) -> None:
        # Minutes that passed without an alert are not stored: a state that is thawed lives through them again.
        if alerts:
            self._changed.add(key)
            self._alerts += alerts
        if detector.obliged:
            self._obliged.add(key)
        else:
            self._obliged.discard(key)

    def _forsake(self) -> None:
        """Told by the log alone which to let go, lest it depend on batches."""
        excess = len(self._obliged) - MAX_WATCHED_KEYS
        if excess <= 0:
            return
        quiet = [key for key in self._obliged if not self._running[key].alerting]
        for key in sorted(quiet, key=lambda key: (self._running[key].heard_log_ms, key))[:excess]:
            self._obliged.discard(key)

    def _watch_changes(self) -> Iterator[tuple[str, bytes | None]]:
        for key in sorted(self._obliged - self._watched_before):
            yield key, b""
        for key in sorted(self._watched_before - self._obliged):
            yield key, None

    def _evict(self) -> None:
        """The longest unheard first; `hear` keeps the order."""
        idle = [key for key in self._running if key not in self._obliged]
        for key in idle[: max(0, len(idle) - KEPT_IDLE_KEYS)]:
            del self._running[key]
