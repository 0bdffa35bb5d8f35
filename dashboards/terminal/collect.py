"""From the readers' figures to snapshots of the screen."""

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import attrgetter

from dashboards.lag import Lag
from dashboards.readers import Readers
from dashboards.snapshot import RoomFigures, Snapshot, by_brand
from dashboards.terminal.snapshot import BrandLine, LagLine, RoomLine, TerminalSnapshot
from streams.alerts.alert import Alert
from streams.engagement.dictionary import SumMetric
from streams.engagement.reader import EngagementReader
from streams.settings import Settings

SHOWN_STATES = ("firing", "resolved")


class Collector:
    """Gathers snapshots of the stack that the settings name."""

    def __init__(self, settings: Settings, addresses: Mapping[str, str]) -> None:
        self._sources = Readers(settings)
        self._addresses = addresses

    @property
    def counters(self) -> EngagementReader:
        """The engagement counters behind the rooms, in full."""
        return self._sources.counters

    def collect(self, progress: str = "") -> TerminalSnapshot:
        """The present moment; a server that does not answer is told in `trouble`."""
        return snapshot(self._sources.figures.read(), self._addresses, progress)

    def close(self) -> None:
        """Let go of the connections."""
        self._sources.close()


def snapshot(figures: Snapshot, addresses: Mapping[str, str], progress: str = "") -> TerminalSnapshot:
    """What the screen shows of one reading."""
    return TerminalSnapshot(
        taken_at_ms=figures.read_at_ms,
        rooms=[_room(room) for room in figures.rooms],
        brands=[
            BrandLine(brand.brand_id, brand.texts, brand.sentiments, brand.risks) for brand in by_brand(figures.texts)
        ],
        alerts=_alerts([*figures.active, *figures.resolved]),
        lags=_lags(figures.lags),
        addresses=addresses,
        progress=progress,
        trouble=figures.trouble,
    )


def _room(room: RoomFigures) -> RoomLine:
    counters: tuple[SumMetric, ...] = ("comments", "likes", "gifts", "orders", "paid_value")
    fake = max(room.fake_shares.values(), default=None)
    sums = {name: room.sums.get(name, 0) for name in counters}
    return RoomLine(room.room_id, room.viewers_now, **sums, fake_share=fake)


def _alerts(alerts: Sequence[Alert]) -> list[Alert]:
    """Firing ones first, in each part the latest first."""
    shown = [alert for alert in alerts if alert.state in SHOWN_STATES and not alert.shadow]
    latest = sorted(shown, key=attrgetter("updated_at", "fingerprint"), reverse=True)
    return sorted(latest, key=lambda alert: alert.state != "firing")


def _lags(lags: Sequence[Lag]) -> list[LagLine]:
    records = Counter[tuple[str, str]]()
    for lag in lags:
        records[lag.stage, lag.topic] += lag.records
    return [LagLine(stage, topic, count) for (stage, topic), count in records.items()]
