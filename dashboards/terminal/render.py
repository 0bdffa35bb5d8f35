"""A snapshot as rich draws it, and as lines for a pipe. Nothing here reads a clock, a server or the terminal.

Names and summaries come from feeds: they are drawn as plain text, never as markup, without control characters, so that
no comment can move the cursor, colour the screen or reverse the reading direction.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dashboards.alert_order import gravest_first
from dashboards.lag import Lag
from dashboards.snapshot import RoomFigures, Snapshot, TextCount, by_brand
from models.labels import SENTIMENTS
from streams.alerts.alert import SEVERITIES, Alert
from streams.catalogue.facts import NO_CATALOGUE, BrandFacts
from streams.control.decisions import Decision, ends
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
WIDE_CELLS = 140
"""A screen of so many columns has room for every figure of a room beside those of a brand."""
NARROW_CELLS = 110
NO_ADDRESSES: Mapping[str, str] = MappingProxyType({})


def render(
    snapshot: Snapshot,
    rows: int = 8,
    *,
    alert_rows: int | None = None,
    cells: int = WIDE_CELLS,
    addresses: Mapping[str, str] = NO_ADDRESSES,
    progress: str = "",
    facts: BrandFacts = NO_CATALOGUE,
) -> RenderableType:
    """The whole screen, `cells` wide: the gravest alerts first, then rooms and brands; `rows` bounds each table.
    `addresses` are shown below, `progress` beside the title."""
    tables = Table.grid(expand=True, padding=(0, 1))
    tables.add_column(ratio=1)
    tables.add_column(ratio=1)
    tables.add_row(_rooms(snapshot.rooms, rows, cells, facts), _brands(by_brand(snapshot.texts), rows, cells, facts))
    alerts = shown_alerts(snapshot)
    parts: list[RenderableType] = [
        _title(snapshot.read_at_ms, firing(alerts, snapshot.decided), progress),
        _alerts(alerts, alert_rows or rows, snapshot, cells, facts),
        tables,
        foot(snapshot, addresses),
    ]
    return Group(*parts)


def foot(snapshot: Snapshot, addresses: Mapping[str, str]) -> RenderableType:
    """What stands below the tables: the lag, what is wrong, the addresses."""
    parts = [_lags(snapshot.lags)]
    if snapshot.trouble:
        parts.append(Text(one_line(snapshot.trouble), style="bold yellow"))
    return Group(*parts, _addresses(addresses))


def lines(before: Snapshot | None, now: Snapshot, progress: str = "", facts: BrandFacts = NO_CATALOGUE) -> list[str]:
    """The lines for a pipe: alerts that changed since the snapshot before, then one line of totals."""
    alerts = shown_alerts(now)
    known = {alert.fingerprint: alert.state for alert in shown_alerts(before)} if before else {}
    changed = [alert for alert in reversed(alerts) if known.get(alert.fingerprint) != alert.state]
    clock = _clock(now.read_at_ms)
    changes = [
        f"{clock} {alert.state:8} {alert.severity:8} {where(alert, facts)}: {one_line(alert.summary)}"
        for alert in changed
    ]
    viewers = sum(room.viewers_now or 0 for room in now.rooms)
    texts = sum(count.texts for count in now.texts)
    lag = sum(lag.records for lag in now.lags)
    fire = len(firing(alerts, now.decided))
    totals = f"{clock} rooms {len(now.rooms)}, viewers {viewers:,}, texts {texts:,}, firing {fire}"
    notes = "".join(f" · {one_line(note)}" for note in (progress, now.trouble) if note)
    return [*changes, f"{totals}, lag {lag:,}{notes}"]


def shown_alerts(snapshot: Snapshot) -> list[Alert]:
    """Firing ones first, the gravest of them first, then those that resolved lately."""
    shown = [alert for alert in [*snapshot.active, *snapshot.resolved] if alert.state in SHOWN_STATES]
    return gravest_first(shown, snapshot.decided)


def firing(alerts: Iterable[Alert], decided: Mapping[str, Decision]) -> list[Alert]:
    """Those that fire for people: without false alarms, which are over."""
    return [alert for alert in alerts if alert.state == "firing" and not ends(decided.get(alert.fingerprint))]


def where(alert: Alert, facts: BrandFacts) -> str:
    """An alert's kind, brand, room and rule family."""
    places = [facts.label(alert.brand_id), alert.room_id, alert.family]
    return one_line(" ".join([alert.kind, *(place for place in places if place)]))


def _title(at_ms: int, alerts: Sequence[Alert], progress: str) -> RenderableType:
    title = Text.assemble(("Pulsewatch", "bold"), f"   {_clock(at_ms)} UTC   ")
    title.append(f"{len(alerts)} firing" if alerts else "quiet", "bold red" if alerts else "green")
    title.append(_by_severity(alerts))
    title.append(f"   {one_line(progress)}", style="bright_black")
    title.no_wrap, title.overflow = True, "ellipsis"
    return title


def _by_severity(alerts: Iterable[Alert]) -> Text:
    """How many there are of each severity, the gravest first; nothing where there is none."""
    counts = Counter(alert.severity for alert in alerts)
    named = [Text(f"{counts[name]} {name}", SEVERITY_STYLES[name]) for name in reversed(SEVERITIES) if counts[name]]
    return Text.assemble(": ", Text(", ").join(named)) if named else Text()


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


def _rooms(rooms: Sequence[RoomFigures], limit: int, cells: int, facts: BrandFacts) -> Table:
    counted = ROOM_COUNTS if cells >= WIDE_CELLS else ("comments", "orders") if cells >= NARROW_CELLS else ("orders",)
    narrow = cells < NARROW_CELLS
    columns = ("viewers", *counted, "paid", *(() if narrow else ("fake",)))
    table = _table(f"Rooms, last 5 minutes ({len(rooms)})", {"room": 10 if narrow else NAME_CELLS}, columns)
    for room in rooms[:limit]:
        viewers = "–" if room.viewers_now is None else f"{room.viewers_now:,}"
        counts = [f"{room.sums.get(name, 0):,}" for name in counted]
        paid = facts.money(room.sums.get("paid_value", 0), room.brand_id)
        fake = [] if narrow else [_fake_share(room)]
        table.add_row(Text(one_line(room.room_id)), viewers, *counts, paid, *fake)
    return table


def _fake_share(room: RoomFigures) -> Text:
    """The largest inauthentic share of a figure; "–" where too little is known."""
    if not room.fake_shares:
        return Text("–")
    share = max(room.fake_shares.values())
    return Text(f"{share:.0%}", style="bold red" if share >= FAKE_SHARE else "")


def _brands(brands: Sequence[TextCount], limit: int, cells: int, facts: BrandFacts) -> Table:
    title = f"Brands, last hour ({len(brands)})"
    narrow = cells < NARROW_CELLS
    columns = {"brand": 10 if narrow else NAME_CELLS, "texts": 6, "mood": BAR_CELLS + 9}
    table = _table(title, columns, last="" if narrow else "risks")
    for brand in brands[:limit]:
        risks = [] if narrow else [_risks(brand)]
        table.add_row(Text(facts.label(brand.brand_id)), f"{brand.texts:,}", _sentiment_bar(brand), *risks)
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


def _alerts(alerts: Sequence[Alert], limit: int, snapshot: Snapshot, cells: int, facts: BrandFacts) -> RenderableType:
    """A line each, and how many of which severity have no line."""
    if not alerts:
        return Text("Alerts: none", style="bright_black")
    columns = {"alert": 8, "since": 11, "what": 14, "where": 20 if cells >= NARROW_CELLS else 13}
    table = _table(None, columns, last="summary")
    for alert in alerts[:limit]:
        decision = snapshot.decided.get(alert.fingerprint)
        fires = alert.state == "firing" and not ends(decision)
        style = SEVERITY_STYLES[alert.severity] if fires else "bright_black"
        severity = alert.severity if fires else "over" if ends(decision) else alert.state
        said = (
            f"[{decision.verdict.replace('_', ' ')} by {decision.author}] {alert.summary}"
            if decision
            else alert.summary
        )
        since = when(alert.started_at, snapshot.read_at_ms)
        place = alert.room_id or facts.label(alert.brand_id)
        table.add_row(
            *(Text(one_line(cell), style=style) for cell in (severity, since, alert.family or alert.kind, place, said))
        )
    hidden = alerts[limit:]
    if not hidden:
        return table
    fire = firing(hidden, snapshot.decided)
    over = len(hidden) - len(fire)
    if not fire:
        return Group(table, Text(f"… {over} more, resolved", style="bright_black"))
    more = Text.assemble(f"… {len(fire)} more", _by_severity(fire), style="bright_black")
    return Group(table, more.append(f", {over} resolved") if over else more)


def _lags(lags: Sequence[Lag]) -> Text:
    records = Counter[tuple[str, str]]()
    for lag in lags:
        records[lag.stage, lag.topic] += lag.records
    behind = [f"{stage} {topic} {count:,}" for (stage, topic), count in records.items()]
    return Text("Behind, in records: " + (" · ".join(behind) or "–"), style="bright_black")


def _addresses(addresses: Mapping[str, str]) -> Text:
    return Text("   ".join(f"{name} {address}" for name, address in addresses.items()), style="bright_black")


def when(at_ms: int, now_ms: int) -> str:
    """A time in UTC, with its date where that is not today's."""
    at, now = datetime.fromtimestamp(at_ms / 1000, UTC), datetime.fromtimestamp(now_ms / 1000, UTC)
    return at.strftime("%H:%M:%S" if at.date() == now.date() else "%m-%d %H:%M" if at.year == now.year else "%Y-%m-%d")


def age(at_ms: int, now_ms: int) -> str:
    """How long ago, in its largest unit: "14 min", "3 h", "12 days"."""
    minutes = max(0, now_ms - at_ms) // 60_000
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def _clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S")
