"""What is kept of a campaign when it ends: a page that needs nothing else, and its minutes as a table."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from typing import Literal, cast, get_args
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from dashboards.console.pages.campaign import CampaignPage, Joined, Stretch, campaign_page
from dashboards.console.pages.shared import AlertSummary
from dashboards.readers import Readers
from models.labels import SENTIMENTS
from streams.alerts.alert import Alert
from streams.alerts.kinds import KINDS
from streams.catalogue.facts import NO_CATALOGUE, BrandFacts
from streams.chinese import in_traditional
from streams.clock import MINUTE_MS
from streams.compliance.loader import family_titles
from streams.engagement.dictionary import METRICS, SUMS, SumMetric, Unit, shown_on
from streams.errors import UsageError
from streams.money import major_units, money_text
from streams.refusals import Refused

_PAGES = Environment(
    loader=PackageLoader("dashboards.console"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True,
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NOTHING = "–"


Language = Literal["en", "zh-Hans", "zh-Hant"]
CHART_WIDTH, CHART_HEIGHT = 820, 160


@dataclass(frozen=True)
class Reader:
    """Who reads the report: in which language, with the times of which zone."""

    language: Language = "en"
    zone: tzinfo = UTC

    def word(self, name: str) -> str:
        return self.said(*_WORDS[name])

    def said(self, zh: str, en: str) -> str:
        if self.language == "en":
            return en
        return zh if self.language == "zh-Hans" else in_traditional(zh)

    def moment(self, ms: int) -> str:
        """A time as ISO 8601 with its offset."""
        return datetime.fromtimestamp(ms / 1000, self.zone).isoformat(timespec="minutes")

    def kind(self, alert: AlertSummary) -> str:
        kind = self.said(KINDS[alert.kind].zh, KINDS[alert.kind].en)
        return f"{kind} · {self.rule(alert.family)}" if alert.family else kind

    def rule(self, name: str) -> str:
        """A rule family, or a kind of alert that is no rule's."""
        title = next((title for family, title in family_titles().items() if family == name), None)
        kind = next((kind for kind in KINDS.values() if kind.id == name), None)
        found = title or kind
        return self.said(found.zh, found.en) if found else name


def reader_of(language: str, zone: str) -> Reader:
    """Raises UsageError for a language or zone that is not known."""
    if language not in get_args(Language):
        raise UsageError(f"a report's language is one of {', '.join(get_args(Language))}")
    try:
        return Reader(cast(Language, language), ZoneInfo(zone))
    except (ValueError, OSError, KeyError):
        raise UsageError(f"{zone[:60]!r} is no time zone, such as Asia/Shanghai or UTC") from None


ENGLISH_UTC = Reader()


def html(
    readers: Readers,
    campaign_id: str,
    history: Sequence[Alert] = (),
    reader: Reader = ENGLISH_UTC,
    facts: BrandFacts = NO_CATALOGUE,
) -> str:
    """The report as one HTML document without scripts. `history` has alerts that resolved too long ago for Redis; the
    brand's name and money are those of `facts`. Raises UsageError where there is no such campaign."""
    shown = _found(readers, campaign_id, history)
    return _PAGES.get_template("report.html").render(
        page=shown, head=shown.head, rows=_ROWS, cell_value=_value, reader=reader, facts=facts,
        chart=chart(shown.joined) if shown.joined else None,
    )  # fmt: skip


def table(readers: Readers, campaign_id: str, reader: Reader = ENGLISH_UTC, facts: BrandFacts = NO_CATALOGUE) -> str:
    """Its minutes as CSV: every sum, comments by sentiment, concurrent viewers; times with their offset, money in major
    units of the brand's currency, which is in the last column. Raises UsageError likewise."""
    shown = _found(readers, campaign_id)
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(["minute", "part", "viewers", *SUMS, *SENTIMENTS, "brand_id", "brand", "currency"])
    if shown.head is not None:
        campaign = shown.head.campaign
        currency = facts.currencies.get(campaign.brand_id)
        brand = [cell(campaign.brand_id), cell(facts.label(campaign.brand_id)), currency or ""]
        for number, kept in readers.campaigns.minutes(campaign_id).items():
            part = campaign.part_of(number)
            if part is None:
                continue
            counted = [_cell_of(name, kept.sums.get(name, 0), currency) for name in SUMS]
            sentiments = [kept.moods.get(name, 0) for name in SENTIMENTS]
            rows.writerow([reader.moment(number * MINUTE_MS), part, _blank(kept.last), *counted, *sentiments, *brand])
    return written.getvalue()


def _cell_of(name: SumMetric, value: int, currency: str | None) -> int | str:
    return major_units(value, currency) if name in MONEY else value


@dataclass(frozen=True)
class ReportChart:
    """Payments as bars and the negative share as a line, in a box of CHART_WIDTH by CHART_HEIGHT."""

    bars: Sequence[tuple[float, float, float]]
    """(left, top, width) of each."""
    lines: Sequence[str]
    """Points of each unbroken part."""
    most_payments: int


def chart(joined: Joined) -> ReportChart | None:
    """None where there is nothing to draw."""
    most, count = max(joined.payments, default=0), max(1, len(joined.payments))
    step = CHART_WIDTH / count
    bars = [
        (round(at * step, 1), round(CHART_HEIGHT * (1 - value / most), 1), round(max(1.0, step - 1), 1))
        for at, value in enumerate(joined.payments) if value
    ]  # fmt: skip
    lines: list[list[str]] = [[]]
    for at, share in enumerate(joined.negative_share):
        if share is None:
            lines.append([])
        else:
            lines[-1].append(f"{(at + 0.5) * step:.1f},{CHART_HEIGHT * (1 - share):.1f}")
    drawn = [" ".join(points) for points in lines if points]
    return ReportChart(bars, drawn, most) if bars or drawn else None


def cell(text: str) -> str:
    """A text from outside in a table: a spreadsheet must not take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _found(readers: Readers, campaign_id: str, history: Sequence[Alert] = ()) -> CampaignPage:
    found = campaign_page(readers, campaign_id, history)
    if found.head is None:
        raise Refused("campaign_unknown", campaign=campaign_id[:40])
    return found


_FORMATS: Mapping[Unit, str] = {
    "count": "count",
    "people": "count",
    "seconds": "seconds",
    "share": "share",
    "minor_units": "money",
}
_ROWS = (
    *((metric.zh, metric.en, _FORMATS[metric.unit], metric.id) for metric in shown_on("report")),
    ("已评分评论", "Comments scored", "count", "scored"),
    ("负面评论", "Negative comments", "share", "negative_share"),
)
"""(label in Chinese and English, format, figure): the dictionary's, then what is said of the texts."""
MONEY = frozenset(metric.id for metric in METRICS if metric.unit == "minor_units")
_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "room": ("直播间", "room"), "brand": ("品牌", "brand"), "product": ("商品", "product"),
    "planned": ("未开始", "planned"), "running": ("进行中", "running"), "over": ("已结束", "over"),
    "as_of": ("截至", "as of"), "to": ("至", "to"), "tags": ("标签", "Tags"), "created_by": ("创建人", "Created by"),
    "before": ("活动前（同样长）", "Before (as long)"), "during": ("活动期间", "During"), "after": ("活动后", "After"),
    "before_after": ("活动前后对比", "Before against after"), "rules": ("合规检查", "Rules checked"),
    "nothing": ("未发现", "nothing found"), "critical": ("严重", "critical"), "warning": ("警告", "warning"),
    "info": ("提示", "info"), "chart": ("支付订单（柱）与负面占比（线）", "Payments (bars) and negative share (line)"),
    "most": ("每格最多支付", "most payments in a step"), "of_brand": (
        "商品没有自己的评论和警报：情绪和合规检查是整个品牌的。",
        "A product has no comments and alerts of its own: mood and rules are those of the whole brand.",
    ),
    "missing": (
        "这一段有分钟没有留存，数字不完整：", "Minutes of this part were not kept, its figures are incomplete:",
    ),
    "unknown": (
        "“–”表示分母为零，或没有数据源给出。去重人数为估算，误差 0.81 % 以内；金额为主单位。",
        "“–”: a zero denominator, or no feed told. Unique people are estimated within 0.81 %; money is in major units.",
    ),
    "names_hidden": (
        "平台隐去部分用户的名字：人数与按人数算的比率只是粗略估计。",
        "The platform hides some people’s names: counts of people, and rates of them, are rough estimates.",
    ),
    "stay_estimated": (
        "平均停留为估算（平均在线 ÷ 进入速度）。", "Average stay is estimated (mean online ÷ arrival rate).",
    ),
    "stay_watched": ("平均停留为观看时长 ÷ 去重观众。", "Average stay is watched time ÷ unique viewers."),
})  # fmt: skip


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


def _money(minor: float | None, currency: str | None) -> str:
    return _NOTHING if minor is None else money_text(minor, currency)


def _seconds(value: float | None) -> str:
    return _NOTHING if value is None else f"{int(value) // 60}:{int(value) % 60:02}"


_PAGES.filters.update(share=_share, count=_count, money=_money, seconds=_seconds)
