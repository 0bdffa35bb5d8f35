"""The detectors of one partition: which are in the process, what a batch changed, and what time alone changes.

Two rules make alerts independent of batch borders and restarts. Time is taken from the log: whenever it enters a new
minute, every key with a timer advances, whether its state was loaded a second ago or a day ago. And a key without a
timer may leave the process at any moment, since it catches up by itself with its next record.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from streams.alerts.alert import Alert
from streams.clock import MINUTE_MS
from streams.detection.watermark import SourceProgress
from streams.ledger.stored import UNREADABLE, tell_unreadable

KEPT_IDLE_KEYS = 2_000
"""Idle keys kept in memory, so that a busy key is not reloaded for every batch."""
MAX_WATCHED_KEYS = 20_000
"""Keys with timers. Beyond that, those without an alert whose last record is oldest lose their timer: their silence is
not noticed until their next record."""

Record_contra = TypeVar("Record_contra", contravariant=True)
Record = TypeVar("Record")


class KeyDetectors(Protocol[Record_contra]):
    """The running detectors of one key."""

    @property
    def has_timer(self) -> bool:
        """Whether time alone may change something: an alert runs, or a feed may fall silent."""

    @property
    def alerting(self) -> bool:
        """Whether an alert of the key is pending or firing."""

    @property
    def last_log_ms(self) -> int:
        """The log's time at its last record."""

    @property
    def late_records(self) -> int:
        """How many of its records came too late to count."""

    def process(self, record: Record_contra, log: SourceProgress) -> list[Alert]:
        """Take in a record, which `log` has observed; returns the alerts to be written, in order."""

    def advance(self, log: SourceProgress) -> list[Alert]:
        """Advance time with the log, without a record; returns the alerts to be written, in order."""

    def running(self) -> list[Alert]:
        """The alerts that fire, as they are at this moment: what screens show between two records of the topic."""

    def owns(self, record: Record_contra) -> bool:
        """Whether a record with the key is about it, and not about what has the same id elsewhere."""

    def forget_feeds(self) -> list[Alert]:
        """Learn anew which feeds are regular; returns the alerts to be written, in order."""

    def snapshot(self) -> bytes:
        """The whole state, as `KeySpec.restore` reads it."""

    def view(self) -> bytes:
        """What screens show of the state (streams.detection.views.summaries)."""


class KeySpec(Protocol[Record_contra]):
    """What the keys of a topic are: brands or rooms."""

    @property
    def suffix(self) -> str:
        """The ledger's hash of their states."""

    @property
    def view_suffix(self) -> str:
        """The ledger's hash of their views."""

    def key(self, record: Record_contra) -> str:
        """The key that a record is about."""

    def other_key(self, record: Record_contra) -> str:
        """The key where the first one is somebody else's; the same where that cannot be."""

    def source(self, record: Record_contra) -> str:
        """The partition whose log the record's log time belongs to."""

    def create(
        self, record: Record_contra, key: str | None = None, arrived_ms: int | None = None
    ) -> KeyDetectors[Record_contra]:
        """The detectors of a key that was never seen before this record; None is `key`'s. Its time begins no later than
        the record arrived."""

    def restore(self, state: bytes) -> KeyDetectors[Record_contra]:
        """The detectors of a key as `snapshot` stored them. Raises what streams.ledger.stored calls unreadable."""


@dataclass
class DetectorChanges:
    """What a batch changed, for the ledger."""

    states: dict[str, bytes] = field(default_factory=dict)
    views: dict[str, bytes] = field(default_factory=dict)
    watched: dict[str, bytes | None] = field(default_factory=dict)
    """Keys that have a timer now (b"") or no longer (None)."""
    alerts: list[Alert] = field(default_factory=list)
    refreshed: list[Alert] = field(default_factory=list)
    """Firing alerts whose figures, words or evidence moved on since they were last given; for screens alone."""


class KeyedDetectors(Generic[Record]):
    """The running detectors of one partition, by key."""

    def __init__(self, keys: KeySpec[Record], log: SourceProgress) -> None:
        self._keys = keys
        self._log = log
        self._detectors: dict[str, KeyDetectors[Record]] = {}
        self._unreadable: set[str] = set()
        """Keys whose state could not be read: they begin anew with their next record."""
        self._with_timer: set[str] = set()
        self._changed: set[str] = set()
        self._alerts: list[Alert] = []
        self._watched_before: set[str] = set()
        self._passed: set[str] = set()
        """Alerting keys for which a minute passed."""
        self._shown: dict[str, Alert] = {}
        """Firing alerts as they were last given."""

    def keys_to_load(self, records: Iterable[Record]) -> list[str]:
        """Keys whose state, if any is stored, `restore` must take in before these records are processed."""
        return sorted({self._keys.key(record) for record in records} - self._detectors.keys() - self._unreadable)

    def other_keys_to_load(self, records: Iterable[Record]) -> list[str]:
        """The same, once those are here, for records whose key is somebody else's."""
        others = set()
        for record in records:
            detector = self._detectors.get(self._keys.key(record))
            if detector is not None and not detector.owns(record):
                others.add(self._keys.other_key(record))
        return sorted(others - self._detectors.keys() - self._unreadable)

    def restore(self, key: str, state: bytes, *, watched: bool = False) -> None:
        """Take a key into the process; one whose state cannot be read begins anew with its next record. One that is not
        `watched` has no timer until then."""
        try:
            self._detectors[key] = self._keys.restore(state)
        except UNREADABLE as error:
            tell_unreadable(f"{key} ({self._keys.suffix})", error)
            self._unreadable.add(key)
            return
        if watched:
            self._with_timer.add(key)
            self._watched_before.add(key)

    def process(self, record: Record, log_ms: int) -> bool:
        """Take in a record, after the keys with timers have advanced to its minute of the log. Returns False if it was
        too late to count."""
        self._advance(self._keys.source(record), log_ms)
        key = self._key(record)
        detector = self._detectors.get(key)
        if detector is None:
            detector = self._keys.create(record, key, self._log.by_source[self._keys.source(record)])
            self._unreadable.discard(key)
        else:
            del self._detectors[key]
        self._detectors[key] = detector
        self._changed.add(key)
        late_before = detector.late_records
        self._note(key, detector, detector.process(record, self._log))
        return detector.late_records == late_before

    def _key(self, record: Record) -> str:
        """The first that used an id has it; any other has the other key."""
        key = self._keys.key(record)
        detector = self._detectors.get(key)
        return key if detector is None or detector.owns(record) else self._keys.other_key(record)

    def get(self, key: str) -> KeyDetectors[Record] | None:
        """A key's detectors, where they are in the process; who changes them calls `mark_changed`."""
        return self._detectors.get(key)

    def forget_feeds(self) -> None:
        """Learn anew, for all keys with timers, which feeds are regular: their records may come elsewhere now."""
        for key in sorted(self._with_timer):
            self._changed.add(key)
            detector = self._detectors[key]
            self._note(key, detector, detector.forget_feeds())

    def mark_changed(self, key: str, alerts: Sequence[Alert] = ()) -> None:
        """Store a key's state with the batch, and these alerts that the change brought."""
        self._changed.add(key)
        self._alerts += alerts

    def drain(self) -> DetectorChanges:
        """What changed since the last call; then idle keys leave the process."""
        changed = {key: self._detectors[key] for key in sorted(self._changed)}
        changes = DetectorChanges(
            states={key: detector.snapshot() for key, detector in changed.items()},
            views={key: detector.view() for key, detector in changed.items()},
            watched=dict(self._watch_changes()),
            alerts=self._alerts,
            refreshed=list(self._refreshed()),
        )
        self._changed, self._alerts, self._watched_before = set(), [], set(self._with_timer)
        self._passed = set()
        self._evict()
        return changes

    def _advance(self, source: str, log_ms: int) -> None:
        before_ms = self._log.low_ms
        self._log.observe(source, log_ms)
        if self._log.low_ms // MINUTE_MS > before_ms // MINUTE_MS:
            for key in sorted(self._with_timer):
                detector = self._detectors[key]
                self._note(key, detector, detector.advance(self._log))
                if detector.alerting:
                    self._passed.add(key)
            self._shed_quiet_keys()

    def _refreshed(self) -> Iterator[Alert]:
        for alert in self._alerts:
            if alert.state == "firing":
                self._shown[alert.fingerprint] = alert
            else:
                self._shown.pop(alert.fingerprint, None)
        for key in sorted(self._changed | self._passed):
            for alert in self._detectors[key].running():
                if self._shown.get(alert.fingerprint) != alert:
                    self._shown[alert.fingerprint] = alert
                    yield alert

    def _note(self, key: str, detector: KeyDetectors[Record], alerts: list[Alert]) -> None:
        # Minutes without an alert are not stored: a restored state goes through them again.
        if alerts:
            self._changed.add(key)
            self._alerts += alerts
        if detector.has_timer:
            self._with_timer.add(key)
        else:
            self._with_timer.discard(key)

    def _shed_quiet_keys(self) -> None:
        """Drop timers of quiet keys. Which ones depends on log time only, never on batch borders."""
        excess = len(self._with_timer) - MAX_WATCHED_KEYS
        if excess <= 0:
            return
        quiet = [key for key in self._with_timer if not self._detectors[key].alerting]
        for key in sorted(quiet, key=lambda key: (self._detectors[key].last_log_ms, key))[:excess]:
            self._with_timer.discard(key)

    def _watch_changes(self) -> Iterator[tuple[str, bytes | None]]:
        for key in sorted(self._with_timer - self._watched_before):
            yield key, b""
        for key in sorted(self._watched_before - self._with_timer):
            yield key, None

    def _evict(self) -> None:
        """Drop idle keys, the one whose last record is oldest first; `process` keeps the order."""
        idle = [key for key in self._detectors if key not in self._with_timer]
        for key in idle[: max(0, len(idle) - KEPT_IDLE_KEYS)]:
            del self._detectors[key]
