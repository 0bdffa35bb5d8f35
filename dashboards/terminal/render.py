"""A snapshot as rich draws it, and as lines for a pipe. Nothing here reads a clock, a server or the terminal.

Names and summaries come from feeds: they are drawn as plain text, never as markup, without control characters, so that
no comment can move the cursor, colour the screen or reverse the reading direction.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from types import MappingProxyType

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from dashboards.lag import Lag
from dashboards.snapshot import RoomFigures, Snapshot, TextCount, by_brand
from models.labels import SENTIMENTS
from streams.alerts.alert import Alert
from streams.detection.room.fake_traffic import FAKE_SHARE
from streams.engagement.dictionary import SumMetric
from streams.untrusted import one_line

NEGATIVE, NEUTRAL, POSITIVE = SENTIMENTS
SENTIMENT_STYLES = {NEGATIVE: "red", NEUTRAL: "bright_black", POSITIVE: "green"}
SEVERITY_STYLES = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
BAR_CELLS = 12
NAME_CELLS = 12
SHOWN_RISKS = 3
SHOWN_STATES = ("firing", "resolved")
ROOM_COUNTS: tuple[SumMetric, ...] = ("comments", "likes", "gifts", "orders")
NO_ADDRESSES: Mapping[str, str] = MappingProxyType({})


def render(
    snapshot: Snapshot, rows: int = 8, *, addresses: Mapping[str, str] = NO_ADDRESSES, progress: str = ""
) -> RenderableType:
    """The whole screen; `rows` bounds each table, `addresses` are shown below, `progress` beside the title."""
    tables = Table.grid(expand=True, padding=(0, 1))
    tables.add_column(ratio=1)
    tables.add_column(ratio=1)
    tables.add_row(_rooms(snapshot.rooms, rows), _brands(by_brand(snapshot.texts), rows))
    alerts = shown_alerts(snapshot)
    parts: list[RenderableType] = [
        _title(snapshot.read_at_ms, firing(alerts), progress),
        tables,
        _alerts(alerts, rows),
        _lags(snapshot.lags),
    ]
    if snapshot.trouble:
        parts.append(Text(one_line(snapshot.trouble), style="bold yellow"))
    return Group(*parts, _addresses(addresses))


def lines(before: Snapshot | None, now: Snapshot, progress: str = "") -> list[str]:
    """The lines for a pipe: alerts that changed since the snapshot before, then one line of totals."""
    alerts = shown_alerts(now)
    known = {alert.fingerprint: alert.state for alert in shown_alerts(before)} if before else {}
    changed = [alert for alert in reversed(alerts) if known.get(alert.fingerprint) != alert.state]
    clock = _clock(now.read_at_ms)
    changes = [
        f"{clock} {alert.state:8} {alert.severity:8} {where(alert)}: {one_line(alert.summary)}" for alert in changed
    ]
    viewers = sum(room.viewers_now or 0 for room in now.rooms)
    texts = sum(count.texts for count in now.texts)
    lag = sum(lag.records for lag in now.lags)
    totals = f"{clock} rooms {len(now.rooms)}, viewers {viewers:,}, texts {texts:,}, firing {firing(alerts)}"
    notes = "".join(f" · {one_line(note)}" for note in (progress, now.trouble) if note)
    return [*changes, f"{totals}, lag {lag:,}{notes}"]


def shown_alerts(snapshot: Snapshot) -> list[Alert]:
    """Firing ones first, then those that resolved lately; in each part the latest first."""
    shown = [alert for alert in [*snapshot.active, *snapshot.resolved] if alert.state in SHOWN_STATES]
    latest = sorted(shown, key=attrgetter("updated_at", "fingerprint"), reverse=True)
    return sorted(latest, key=lambda alert: alert.state != "firing")


def firing(alerts: Iterable[Alert]) -> int:
    """The number of firing alerts."""
    return sum(alert.state == "firing" for alert in alerts)


def where(alert: Alert) -> str:
    """An alert's kind, brand, room and rule family."""
    places = [alert.brand_id, alert.room_id, alert.family]
    return one_line(" ".join([alert.kind, *(place for place in places if place)]))


def money(minor: int) -> str:
    """An amount in minor units, with two decimals."""
    return f"{minor // 100:,}.{minor % 100:02}"


def _title(at_ms: int, count: int, progress: str) -> RenderableType:
    title = Text.assemble(("Pulsewatch", "bold"), f"   {_clock(at_ms)} UTC   ")
    title.append(f"{count} firing" if count else "quiet", style="bold red" if count else "green")
    title.append(f"   {one_line(progress)}", style="bright_black")
    return title


def _table(title: str | None, text: Mapping[str, int], figures: Iterable[str] = (), last: str = "") -> Table:
    """Columns of text with their widths in cells, of figures as wide as needed, and one that takes the rest."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        expand=True,
        box=None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for name, cells in text.items():
        table.add_column(name, min_width=cells, max_width=cells, no_wrap=True)
    for name in figures:
        table.add_column(name, justify="right", min_width=len(name), no_wrap=True)
    if last:
        table.add_column(last, ratio=1, no_wrap=True)
    return table


def _rooms(rooms: Sequence[RoomFigures], limit: int) -> Table:
    columns = ("viewers", *ROOM_COUNTS, "paid", "fake")
    table = _table(f"Rooms, last 5 minutes ({len(rooms)})", {"room": NAME_CELLS}, columns)
    for room in rooms[:limit]:
        viewers = "–" if room.viewers_now is None else f"{room.viewers_now:,}"
        counts = [f"{room.sums.get(name, 0):,}" for name in ROOM_COUNTS]
        paid = money(room.sums.get("paid_value", 0))
        table.add_row(Text(one_line(room.room_id)), viewers, *counts, paid, _fake_share(room))
    return table


def _fake_share(room: RoomFigures) -> Text:
    """The largest inauthentic share of a figure; "–" where too little is known."""
    if not room.fake_shares:
        return Text("–")
    share = max(room.fake_shares.values())
    return Text(f"{share:.0%}", style="bold red" if share >= FAKE_SHARE else "")


def _brands(brands: Sequence[TextCount], limit: int) -> Table:
    title = f"Brands, last hour ({len(brands)})"
    table = _table(title, {"brand": NAME_CELLS, "texts": 6, "mood": BAR_CELLS + 9}, last="risks")
    for brand in brands[:limit]:
        table.add_row(Text(one_line(brand.brand_id)), f"{brand.texts:,}", _sentiment_bar(brand), _risks(brand))
    return table


def _sentiment_bar(brand: TextCount) -> Text:
    """A bar of BAR_CELLS, cut by sentiment; empty where nothing was scored."""
    scored = sum(brand.sentiments.get(name, 0) for name in SENTIMENTS)
    bar = Text()
    if not scored:
        return Text("–")
    end = 0
    for name in SENTIMENTS:
        end += brand.sentiments.get(name, 0)
        bar.append("█" * (round(BAR_CELLS * end / scored) - len(bar)), style=SENTIMENT_STYLES[name])
    return bar.append(f" {100 * brand.sentiments.get(NEGATIVE, 0) / scored:.0f}% neg", style=SENTIMENT_STYLES[NEGATIVE])


def _risks(brand: TextCount) -> Text:
    counted = sorted(((count, name) for name, count in brand.risks.items() if count), reverse=True)
    return Text(", ".join(f"{name} {count:,}" for count, name in counted[:SHOWN_RISKS]) or "–")


def _alerts(alerts: Sequence[Alert], limit: int) -> RenderableType:
    table = _table(None, {"since": 8, "state": 8, "severity": 8, "what": 14, "brand": NAME_CELLS}, last="summary")
    for alert in alerts[:limit]:
        style = SEVERITY_STYLES[alert.severity] if alert.state == "firing" else "bright_black"
        cells = [_clock(alert.started_at), alert.state, alert.severity, alert.kind, alert.brand_id, alert.summary]
        table.add_row(*(Text(one_line(cell), style=style) for cell in cells))
    return Panel(table if alerts else Text("none", style="bright_black"), title="Alerts", title_align="left")


def _lags(lags: Sequence[Lag]) -> Text:
    records = Counter[tuple[str, str]]()
    for lag in lags:
        records[lag.stage, lag.topic] += lag.records
    behind = [f"{stage} {topic} {count:,}" for (stage, topic), count in records.items()]
    return Text("Behind, in records: " + (" · ".join(behind) or "–"), style="bright_black")


def _addresses(addresses: Mapping[str, str]) -> Text:
    return Text("   ".join(f"{name} {address}" for name, address in addresses.items()), style="bright_black")


def _clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S")
