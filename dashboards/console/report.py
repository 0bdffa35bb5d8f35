"""What is kept of a campaign when it ends: a page that needs nothing else, and its minutes as a table."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from jinja2 import Environment, PackageLoader, StrictUndefined

from dashboards.console.pages.campaign import CampaignPage, Stretch, campaign_page
from dashboards.readers import Readers
from models.labels import SENTIMENTS
from streams.alerts.alert import Alert
from streams.clock import MINUTE_MS
from streams.engagement.dictionary import SUMS, Unit, shown_on
from streams.errors import UsageError

_PAGES = Environment(
    loader=PackageLoader("dashboards.console"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True,
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NOTHING = "–"


def html(readers: Readers, campaign_id: str, history: Sequence[Alert] = ()) -> str:
    """The report as one HTML document without scripts. `history` has alerts that resolved too long ago for Redis.
    Raises UsageError where there is no such campaign."""
    shown = _found(readers, campaign_id, history)
    return _PAGES.get_template("report.html").render(page=shown, head=shown.head, rows=_ROWS, cell_value=_value)


def table(readers: Readers, campaign_id: str) -> str:
    """Its minutes as CSV: every sum, comments by sentiment, concurrent viewers. Raises UsageError likewise."""
    shown = _found(readers, campaign_id)
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(["minute", "part", "viewers", *SUMS, *SENTIMENTS])
    if shown.head is not None:
        campaign = shown.head.campaign
        for number, kept in readers.campaigns.minutes(campaign_id).items():
            part = campaign.part_of(number)
            if part is None:
                continue
            counted = [kept.sums.get(name, 0) for name in SUMS]
            sentiments = [kept.moods.get(name, 0) for name in SENTIMENTS]
            rows.writerow([moment(number * MINUTE_MS), part, _blank(kept.last), *counted, *sentiments])
    return written.getvalue()


def cell(text: str) -> str:
    """A text from outside in a table: a spreadsheet must not take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def moment(ms: int) -> str:
    """A time as ISO 8601, in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _found(readers: Readers, campaign_id: str, history: Sequence[Alert] = ()) -> CampaignPage:
    found = campaign_page(readers, campaign_id, history)
    if found.head is None:
        raise UsageError(f"there is no campaign {campaign_id[:40]}")
    return found


_FORMATS: Mapping[Unit, str] = {
    "count": "count",
    "people": "count",
    "seconds": "seconds",
    "share": "share",
    "minor_units": "money",
}
_ROWS = (
    *((metric.en, _FORMATS[metric.unit], metric.id) for metric in shown_on("report")),
    ("Comments scored", "count", "scored"),
    ("Negative comments", "share", "negative_share"),
)
"""(label, format, figure): the dictionary's, then what is said of the texts."""


def _value(stretch: Stretch, name: str) -> float | None:
    """A row's figure for one part."""
    scored = sum(stretch.moods.values())
    own: dict[str, float | None] = {
        "viewers": stretch.viewers,
        "scored": scored,
        "negative_share": stretch.moods["negative"] / scored if scored else None,
    }
    if name in own:
        return own[name]
    counted = dict[str, int]([*stretch.sums.items(), *stretch.figures.funnel.items()])
    held = counted.get(name)
    found: float | None = held if held is not None else getattr(stretch.figures, name)
    return found


def _blank(value: int | None) -> int | str:
    return "" if value is None else value


def _share(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.1%}"


def _count(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:,.0f}"


def _money(minor: float | None) -> str:
    return _NOTHING if minor is None else f"{minor / 100:,.2f}"


def _seconds(value: float | None) -> str:
    return _NOTHING if value is None else f"{int(value) // 60}:{int(value) % 60:02}"


_PAGES.filters.update(share=_share, count=_count, money=_money, seconds=_seconds, moment=moment)
