"""Figures as Prometheus's metric families.

A series is memory for as long as Prometheus keeps it, and rooms come and go by the thousand: the largest rooms and
brands and the gravest alerts have series of their own, all others together are `other`. Every other label is from a
closed set, so that one scrape has at most `most_series` of them, whatever is fed in. A figure that could not be read
has no sample.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self, get_args

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from dashboards.snapshot import RoomFigures, Snapshot, TextCount, added, by_brand
from models.labels import RISKS, SENTIMENTS
from streams import metrics
from streams.alerts.alert import SEVERITIES, Alert
from streams.alerts.kinds import KINDS
from streams.catalogue.facts import NO_CATALOGUE, BrandFacts
from streams.detection.room.fake_traffic import FIGURES
from streams.engagement.dictionary import SumMetric, audiences_on, sums_on
from streams.events.schema import Platform
from streams.money import CURRENCIES, minor_digits
from streams.settings import Settings

OTHER = "other"
ROOM_COUNTERS = sums_on("exporter")
ROOM_AUDIENCES = audiences_on("exporter")
PLATFORMS: tuple[Platform, ...] = get_args(Platform)
ALERT_LABELS = ("kind", "severity", "brand", "room", "platform", "family", "fingerprint", "runbook", "first_severity")


@dataclass(frozen=True)
class SeriesLimits:
    """How many rooms, brands and firing alerts have series of their own."""

    rooms: int = 200
    brands: int = 200
    alerts: int = 200

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        return cls(settings.top_rooms, settings.top_brands, settings.top_alerts)

    def most_series(self, partitions: int, topics: int) -> int:
        """What one scrape cannot exceed; `partitions` are those that stages read, `topics` those that have a feed."""
        rooms = (self.rooms + 1) * (1 + len(ROOM_COUNTERS) + len(ROOM_AUDIENCES) + len(FIGURES))
        brands = (self.brands + 1) * len(PLATFORMS) * (len(SENTIMENTS) + len(RISKS))
        alerts = self.alerts + 2 * len(KINDS) * len(SEVERITIES)
        paid = self.rooms + len(CURRENCIES) + 1
        return 2 + rooms + paid + brands + self.brands + 1 + alerts + partitions + topics


class FigureCollector(Collector):
    """Reads the figures at each scrape."""

    def __init__(self, read: Callable[[], Snapshot], limits: SeriesLimits, facts: BrandFacts = NO_CATALOGUE) -> None:
        self._read = read
        self._limits = limits
        self._facts = facts

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """None: the registry would scrape to find out."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from families(self._read(), self._limits, self._facts)


def families(snapshot: Snapshot, limits: SeriesLimits, facts: BrandFacts = NO_CATALOGUE) -> Iterator[GaugeMetricFamily]:
    """All metric families of one reading."""
    yield _one(metrics.EXPORTER_REDIS_UP, "1 if Redis could be read.", snapshot.redis_up)
    yield _one(metrics.EXPORTER_KAFKA_UP, "1 if Kafka could be asked.", snapshot.kafka_up)
    if snapshot.redis_up:
        yield from _alerts(snapshot.active, limits.alerts)
        yield from _rooms(snapshot.rooms, limits.rooms)
        yield _paid(snapshot.rooms, limits.rooms, facts)
        yield from _brands(snapshot.texts, limits.brands, facts)
        yield _feeds(snapshot)
    if snapshot.kafka_up and snapshot.redis_up:
        yield _lags(snapshot)


def _one(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, value=float(value))


def _alerts(alerts: Sequence[Alert], cap: int) -> Iterator[GaugeMetricFamily]:
    firing = [alert for alert in alerts if alert.state == "firing"]
    # The gravest first, and among equals those that began first: a newcomer does not take an older alert's series.
    firing.sort(key=lambda alert: (-SEVERITIES.index(alert.severity), alert.started_at, alert.fingerprint))
    each = GaugeMetricFamily(metrics.ALERT_FIRING, "1 for each firing alert.", labels=ALERT_LABELS)
    for alert in firing[:cap]:
        place = (alert.brand_id, alert.room_id or "", alert.platform or "", alert.family or "")
        first = alert.first_severity or alert.severity
        each.add_metric([alert.kind, alert.severity, *place, alert.fingerprint, alert.runbook, first], 1)
    for kind, severity in sorted({(alert.kind, alert.severity) for alert in firing[cap:]}):
        each.add_metric([kind, severity, OTHER, "", "", "", OTHER, KINDS[kind].runbook, severity], 1)
    yield each
    counts = Counter((alert.kind, alert.severity) for alert in firing)
    totals = GaugeMetricFamily(metrics.ALERTS, "Firing alerts.", labels=["kind", "severity"])
    for kind in KINDS:
        for severity in SEVERITIES:
            totals.add_metric([kind, severity], counts[kind, severity])
    yield totals


def _rooms(rooms: Sequence[RoomFigures], cap: int) -> Iterator[GaugeMetricFamily]:
    viewers = GaugeMetricFamily(metrics.ROOM_VIEWERS, "Concurrent viewers.", labels=["room"])
    events = GaugeMetricFamily(
        metrics.ROOM_EVENTS, "A room's sums over the last five minutes, by counter.", labels=["room", "counter"]
    )
    fakes = GaugeMetricFamily(
        metrics.ROOM_FAKE_SHARE,
        "Share of a room's last five minutes that is inauthentic, 0 to 1.",
        labels=["room", "counter"],
    )
    people = GaugeMetricFamily(
        metrics.ROOM_PEOPLE, "Unique people of a room's session so far, estimated.", labels=["room", "audience"]
    )
    for room in capped_rooms(rooms, cap):
        for audience in ROOM_AUDIENCES:
            if audience in room.people:
                people.add_metric([room.room_id, audience], room.people[audience])
        for figure, share in sorted(room.fake_shares.items()):
            fakes.add_metric([room.room_id, figure], share)
        if room.viewers_now is not None:
            viewers.add_metric([room.room_id], room.viewers_now)
        for counter in ROOM_COUNTERS:
            events.add_metric([room.room_id, counter], room.sums.get(counter, 0))
    yield viewers
    yield events
    yield people
    yield fakes


def _paid(rooms: Sequence[RoomFigures], cap: int, facts: BrandFacts) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        metrics.ROOM_PAID,
        "Money paid in a room within the last five minutes, in major units.",
        labels=["room", "brand", "currency"],
    )
    named = {room.room_id for room in capped_rooms(rooms, cap)} - {OTHER}
    rest = Counter[str]()
    for room in rooms:
        currency, minor = facts.currencies.get(room.brand_id, ""), room.sums.get("paid_value", 0)
        if room.room_id in named:
            family.add_metric([room.room_id, room.brand_id, currency], minor / 10 ** minor_digits(currency))
        else:
            rest[currency] += minor
    for currency, minor in sorted(rest.items()):
        family.add_metric([OTHER, "", currency], minor / 10 ** minor_digits(currency))
    return family


def capped_rooms(rooms: Sequence[RoomFigures], cap: int) -> list[RoomFigures]:
    """The first `cap` rooms, and the others added up as one. A room that is called `other` is one of them."""
    named = [room for room in rooms if room.room_id != OTHER]
    rest = [*named[cap:], *(room for room in rooms if room.room_id == OTHER)]
    if not rest:
        return named
    sums = Counter[SumMetric]()
    for room in rest:
        sums.update(room.sums)
    known = [room.viewers_now for room in rest if room.viewers_now is not None]
    return [*named[:cap], RoomFigures(OTHER, sums, sum(known) if known else None)]


def _brands(texts: Sequence[TextCount], cap: int, facts: BrandFacts) -> Iterator[GaugeMetricFamily]:
    sentiments = GaugeMetricFamily(
        metrics.BRAND_TEXTS, "Scored texts over the last hour.", labels=["brand", "platform", "sentiment"]
    )
    risks = GaugeMetricFamily(
        metrics.BRAND_RISKS, "Flagged texts over the last hour.", labels=["brand", "platform", "risk"]
    )
    names = GaugeMetricFamily(metrics.BRAND_INFO, "What the catalogue calls a brand.", labels=["brand", "name"])
    counts = capped_brands(texts, cap)
    for brand in sorted({count.brand_id for count in counts}):
        names.add_metric([brand, facts.label(brand)], 1)
    for count in counts:
        for sentiment in SENTIMENTS:
            sentiments.add_metric([count.brand_id, count.platform, sentiment], count.sentiments.get(sentiment, 0))
        for risk in RISKS:
            risks.add_metric([count.brand_id, count.platform, risk], count.risks.get(risk, 0))
    yield sentiments
    yield risks
    yield names


def capped_brands(texts: Sequence[TextCount], cap: int) -> list[TextCount]:
    """The platforms of the `cap` most talked of brands, and of all other brands together."""
    largest = {brand.brand_id for brand in by_brand(texts)[:cap]} - {OTHER}
    groups: dict[tuple[str, str], list[TextCount]] = {}
    for count in texts:
        brand = count.brand_id if count.brand_id in largest else OTHER
        platform = count.platform if count.platform in PLATFORMS else OTHER
        groups.setdefault((brand, platform), []).append(count)
    return [added(brand, platform, counts) for (brand, platform), counts in sorted(groups.items())]


def _feeds(snapshot: Snapshot) -> GaugeMetricFamily:
    family = GaugeMetricFamily(metrics.FEED_LAST_EVENT, "Event time of the newest event.", labels=["topic"])
    for topic, newest_ms in sorted(snapshot.newest_event_ms.items()):
        family.add_metric([topic], newest_ms / 1000)
    return family


def _lags(snapshot: Snapshot) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        metrics.CONSUMER_LAG, "Records behind the end of the topic.", labels=["stage", "topic", "partition"]
    )
    for lag in snapshot.lags:
        family.add_metric([lag.stage, lag.topic, str(lag.partition)], lag.records)
    return family
