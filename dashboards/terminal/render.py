"""A snapshot as rich draws it, and as lines for a pipe. Nothing here reads a clock, a server or the terminal.

Names and summaries come from feeds: they are drawn as plain text, never as markup, without control characters, so that
no comment can move the cursor, colour the screen or reverse the reading direction.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from dashboards.terminal.snapshot import BrandLine, LagLine, RoomLine, TerminalSnapshot
from models.labels import SENTIMENTS
from streams.alerts.alert import Alert
from streams.detection.room.fake_traffic import FAKE_SHARE

LONGEST = 200
UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode's control, format, surrogate, private and unassigned characters; its line and paragraph separators."""
NEGATIVE, NEUTRAL, POSITIVE = SENTIMENTS
SENTIMENT_STYLES = {NEGATIVE: "red", NEUTRAL: "bright_black", POSITIVE: "green"}
SEVERITY_STYLES = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
BAR_CELLS = 12
NAME_CELLS = 12
SHOWN_RISKS = 3


def safe(text: str) -> str:
    """Text of a stranger for one line of a terminal: no control, format or private characters, bounded."""
    kept = ("�" if unicodedata.category(char) in UNSAFE else char for char in text[:LONGEST])
    return "".join(kept)


def render(snapshot: TerminalSnapshot, rows: int = 8) -> RenderableType:
    """The whole screen; `rows` bounds each table."""
    tables = Table.grid(expand=True, padding=(0, 1))
    tables.add_column(ratio=1)
    tables.add_column(ratio=1)
    tables.add_row(_rooms(snapshot.rooms, rows), _brands(snapshot.brands, rows))
    parts: list[RenderableType] = [_title(snapshot), tables, _alerts(snapshot.alerts, rows), _lags(snapshot.lags)]
    if snapshot.trouble:
        parts.append(Text(safe(snapshot.trouble), style="bold yellow"))
    return Group(*parts, _addresses(snapshot))


def lines(before: TerminalSnapshot | None, now: TerminalSnapshot) -> list[str]:
    """What a pipe is told: alerts that changed since the last snapshot, then one line of totals."""
    known = {alert.fingerprint: alert.state for alert in before.alerts} if before else {}
    changed = [alert for alert in reversed(now.alerts) if known.get(alert.fingerprint) != alert.state]
    clock = _clock(now.taken_at_ms)
    told = [f"{clock} {alert.state:8} {alert.severity:8} {where(alert)}: {safe(alert.summary)}" for alert in changed]
    viewers = sum(room.viewers_now or 0 for room in now.rooms)
    texts = sum(brand.texts for brand in now.brands)
    lag = sum(line.records for line in now.lags)
    totals = f"{clock} rooms {len(now.rooms)}, viewers {viewers:,}, texts {texts:,}, firing {firing(now.alerts)}"
    trouble = f" · {safe(now.trouble)}" if now.trouble else ""
    progress = f" · {safe(now.progress)}" if now.progress else ""
    return [*told, f"{totals}, lag {lag:,}{progress}{trouble}"]


def firing(alerts: Iterable[Alert]) -> int:
    """How many fire."""
    return sum(alert.state == "firing" for alert in alerts)


def where(alert: Alert) -> str:
    """Kind and place of an alert."""
    places = [alert.brand_id, alert.room_id, alert.family]
    return safe(" ".join([alert.kind, *(place for place in places if place)]))


def money(minor: int) -> str:
    """Minor units with two decimals."""
    return f"{minor // 100:,}.{minor % 100:02}"


def _title(snapshot: TerminalSnapshot) -> RenderableType:
    title = Text.assemble(("Pulsewatch", "bold"), f"   {_clock(snapshot.taken_at_ms)} UTC   ")
    count = firing(snapshot.alerts)
    title.append(f"{count} firing" if count else "quiet", style="bold red" if count else "green")
    title.append(f"   {safe(snapshot.progress)}", style="bright_black")
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


def _rooms(rooms: Sequence[RoomLine], limit: int) -> Table:
    columns = ("viewers", "comments", "likes", "gifts", "orders", "paid", "fake")
    table = _table(f"Rooms, last 5 minutes ({len(rooms)})", {"room": NAME_CELLS}, columns)
    for room in rooms[:limit]:
        viewers = "–" if room.viewers_now is None else f"{room.viewers_now:,}"
        counts = [f"{count:,}" for count in (room.comments, room.likes, room.gifts, room.orders)]
        table.add_row(Text(safe(room.room_id)), viewers, *counts, money(room.paid_value), _fake(room))
    return table


def _fake(room: RoomLine) -> Text:
    if room.fake_share is None:
        return Text("–")
    return Text(f"{room.fake_share:.0%}", style="bold red" if room.fake_share >= FAKE_SHARE else "")


def _brands(brands: Sequence[BrandLine], limit: int) -> Table:
    title = f"Brands, last hour ({len(brands)})"
    table = _table(title, {"brand": NAME_CELLS, "texts": 6, "mood": BAR_CELLS + 9}, last="risks")
    for brand in brands[:limit]:
        table.add_row(Text(safe(brand.brand_id)), f"{brand.texts:,}", _mood(brand), _risks(brand))
    return table


def _mood(brand: BrandLine) -> Text:
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


def _risks(brand: BrandLine) -> Text:
    counted = sorted(((count, name) for name, count in brand.risks.items() if count), reverse=True)
    return Text(", ".join(f"{name} {count:,}" for count, name in counted[:SHOWN_RISKS]) or "–")


def _alerts(alerts: Sequence[Alert], limit: int) -> RenderableType:
    table = _table(None, {"since": 8, "state": 8, "severity": 8, "what": 14, "brand": NAME_CELLS}, last="summary")
    for alert in alerts[:limit]:
        style = SEVERITY_STYLES[alert.severity] if alert.state == "firing" else "bright_black"
        cells = [_clock(alert.started_at), alert.state, alert.severity, alert.kind, alert.brand_id, alert.summary]
        table.add_row(*(Text(safe(cell), style=style) for cell in cells))
    return Panel(table if alerts else Text("none", style="bright_black"), title="Alerts", title_align="left")


def _lags(lags: Sequence[LagLine]) -> Text:
    told = [f"{line.stage} {line.topic} {line.records:,}" for line in lags]
    return Text("Behind, in records: " + (" · ".join(told) or "–"), style="bright_black")


def _addresses(snapshot: TerminalSnapshot) -> Text:
    return Text("   ".join(f"{name} {address}" for name, address in snapshot.addresses.items()), style="bright_black")


def _clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S")
