"""What the exporter and the terminal show, read once from Redis and Kafka into frozen figures.

Windows end at the events' own present, not at the wall clock's: a replay of last year's stream has live rooms too.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Protocol

from dashboards.event_present import EventPresent
from dashboards.lag import Lag, lags
from models.labels import RISKS, SENTIMENTS
from streams.alerts.alert import Alert
from streams.clock import Clock
from streams.control.decisions import Decision
from streams.detection.room.fake_traffic import TrafficFigure
from streams.detection.views.reader import BrandTexts, RoomSummary
from streams.engagement.dictionary import AudienceMetric, Scope, SumMetric
from streams.engagement.reader import ScopeTotals
from streams.errors import Unavailable
from streams.kafka.bounds import Offsets

ROOM_MINUTES = 5
ROOMS_JUDGED = 200
"""Of so many of the largest rooms the inauthentic share and the session's people are read."""


class Rooms(Protocol):
    """The engagement counters (streams.engagement.reader). Every call may raise Unavailable."""

    def newest_event_ms(self) -> Mapping[str, int]: ...

    def all_scopes(self, scope: Scope, minutes: int, at_ms: int) -> Mapping[str, ScopeTotals]: ...

    def people_so_far(self, room_ids: Iterable[str]) -> Mapping[str, Mapping[AudienceMetric, int]]: ...


@dataclass(frozen=True)
class TextCount:
    """Scored texts of a brand on a platform, by sentiment and by risk; `texts` has the unscored too."""

    brand_id: str
    platform: str
    texts: int = 0
    sentiments: Mapping[str, int] = field(default_factory=dict)
    risks: Mapping[str, int] = field(default_factory=dict)


class Alerts(Protocol):
    """Alerts (streams.alerts.reader). Every call may raise Unavailable."""

    def active(self) -> Sequence[Alert]: ...

    def resolved(self) -> Sequence[Alert]: ...


class Views(Protocol):
    """What detection writes for screens (streams.detection.views.reader). Every call may raise Unavailable."""

    def texts(self, at_ms: int) -> Sequence[BrandTexts]: ...

    def rooms(self, room_ids: Sequence[str]) -> Mapping[str, RoomSummary]: ...


class LogBounds(Protocol):
    """Kafka's view of the topics; `read` may raise Unavailable."""

    def read(self) -> tuple[Offsets, Offsets]: ...


@dataclass(frozen=True)
class RoomFigures:
    """A room's sums of the last five minutes and its concurrent viewers, None where no feed reports them."""

    room_id: str
    sums: Mapping[SumMetric, int]
    viewers_now: int | None = None
    fake_shares: Mapping[TrafficFigure, float] = field(default_factory=dict)
    """The inauthentic share by figure; read for the largest rooms only."""
    people: Mapping[AudienceMetric, int] = field(default_factory=dict)
    """Unique people of the session so far; read for the largest rooms only."""
    brand_id: str = ""
    """Read for the largest rooms only."""

    @property
    def weight(self) -> tuple[int, int]:
        """Rooms with more viewers come first, then those with more going on."""
        return self.viewers_now or 0, sum(self.sums.values())


@dataclass(frozen=True)
class Snapshot:
    """One reading. Without Redis or Kafka the figures that need it are empty and `trouble` says why."""

    read_at_ms: int
    redis_up: bool
    kafka_up: bool
    rooms: Sequence[RoomFigures] = ()
    texts: Sequence[TextCount] = ()
    active: Sequence[Alert] = ()
    resolved: Sequence[Alert] = ()
    decided: Mapping[str, Decision] = field(default_factory=dict)
    """The decision in force, by fingerprint, of the alerts that anybody decided about."""
    lags: Sequence[Lag] = ()
    newest_event_ms: Mapping[str, int] = field(default_factory=dict)
    trouble: str = ""


def _nothing_decided(_fingerprints: Sequence[str]) -> Mapping[str, Decision]:
    return {}


class SnapshotReader:
    """Reads all figures at once; not for two threads."""

    def __init__(
        self,
        rooms: Rooms,
        alerts: Alerts,
        views: Views,
        offsets: Callable[[], Mapping[str, Offsets]],
        log: LogBounds,
        clock: Clock,
        at_once: Callable[[], AbstractContextManager[None]] = nullcontext,
        standing: Callable[[Sequence[str]], Mapping[str, Decision]] = _nothing_decided,
    ) -> None:
        self._rooms = rooms
        self._alerts = alerts
        self._views = views
        self._offsets = offsets
        self._log = log
        self._clock = clock
        self._at_once = at_once
        self._standing = standing
        self._event_clock = EventPresent()

    def read(self) -> Snapshot:
        """One reading; raises nothing for a server that does not answer."""
        with self._at_once():
            return self._read()

    def _read(self) -> Snapshot:
        now_ms = self._clock()
        try:
            newest = dict(self._rooms.newest_event_ms())
            present_ms = self._event_clock.present_ms(max(newest.values(), default=0), now_ms)
            rooms = self._read_rooms(present_ms)
            texts = [text_count(texts) for texts in self._views.texts(present_ms)]
            active, resolved = list(self._alerts.active()), list(self._alerts.resolved())
            decided = self._standing([alert.fingerprint for alert in [*active, *resolved]])
            stored = self._offsets()
        except Unavailable as error:
            return Snapshot(now_ms, redis_up=False, kafka_up=self._log_answers(), trouble=str(error))
        try:
            behind, kafka_up, trouble = lags(stored, *self._log.read()), True, ""
        except Unavailable as error:
            behind, kafka_up, trouble = [], False, str(error)
        return Snapshot(now_ms, True, kafka_up, rooms, texts, active, resolved, decided, behind, newest, trouble)

    def _read_rooms(self, at_ms: int) -> list[RoomFigures]:
        totals = self._rooms.all_scopes("room", ROOM_MINUTES, at_ms)
        rooms = [RoomFigures(room_id, one.sums, one.viewers_now) for room_id, one in totals.items()]
        rooms.sort(key=attrgetter("weight"), reverse=True)
        largest = [room.room_id for room in rooms[:ROOMS_JUDGED]]
        known, people = self._views.rooms(largest), self._rooms.people_so_far(largest)
        return [_with_summary(room, known.get(room.room_id), people.get(room.room_id, {})) for room in rooms]

    def _log_answers(self) -> bool:
        try:
            self._log.read()
        except Unavailable:
            return False
        return True


def _with_summary(room: RoomFigures, known: RoomSummary | None, people: Mapping[AudienceMetric, int]) -> RoomFigures:
    if known is None:
        return replace(room, people=people)
    return replace(room, people=people, fake_shares=known.fake_shares, brand_id=known.brand_id)


def text_count(texts: BrandTexts) -> TextCount:
    """The labels sorted into what they are."""
    counts = texts.counts
    sentiments = {name: counts[name] for name in SENTIMENTS if counts.get(name)}
    risks = {name: counts[name] for name in RISKS if counts.get(name)}
    return TextCount(texts.brand_id, texts.platform, counts.get("texts", 0), sentiments, risks)


def by_brand(texts: Iterable[TextCount]) -> list[TextCount]:
    """All platforms of each brand together, the most talked of first; `platform` is empty."""
    brands: dict[str, list[TextCount]] = {}
    for count in texts:
        brands.setdefault(count.brand_id, []).append(count)
    sums = [added(brand_id, "", counts) for brand_id, counts in brands.items()]
    return sorted(sums, key=lambda brand: (-brand.texts, brand.brand_id))


def added(brand_id: str, platform: str, counts: Sequence[TextCount]) -> TextCount:
    """The counts as one."""
    sentiments, risks = Counter[str](), Counter[str]()
    for count in counts:
        sentiments.update(count.sentiments)
        risks.update(count.risks)
    return TextCount(brand_id, platform, sum(count.texts for count in counts), sentiments, risks)
