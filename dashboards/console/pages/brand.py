"""A brand: what is said of it, how bad, against its usual volume, where, about what, by whom, and beside its rivals."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from dashboards.alert_order import gravest_first
from dashboards.console.pages.shared import AlertSummary, SentimentMinutes, from_first, sentiment_minutes, summaries
from dashboards.console.sources import PageSources
from dashboards.readers import Readers
from dashboards.snapshot import TextCount, by_brand, text_count
from models.labels import RISKS, SENTIMENTS
from streams.clock import MINUTE_MS
from streams.control.decisions import Decision
from streams.detection.brand.crisis import HARMFUL_RISKS
from streams.detection.views.reader import TopAccount, VolumeBaseline
from streams.detection.views.topics import Topic
from streams.engagement.kpis import Kpis

SHOWN_MINUTES = 60
MAX_RIVALS = 8
MAX_ALERTS = 20


class BrandHeader(msgspec.Struct, frozen=True):
    """`as_of_ms` is the minute that the hour ends with. `names_hidden`: platforms hide who some of the hour's people
    are, so that counts of people are rough."""

    brand_id: str
    as_of_ms: int
    known: bool
    names_hidden: bool


class TextSummary(msgspec.Struct, frozen=True):
    """The hour's texts: `scored` of `texts` have a sentiment."""

    texts: int
    scored: int
    sentiments: Mapping[str, int]
    risks: Mapping[str, int]


class Volume(msgspec.Struct, frozen=True):
    """Texts a minute, and what is usual; None while that is being learned. A minute before the first text that was ever
    heard is None."""

    first_ms: int
    texts: Sequence[int | None]
    moods: SentimentMinutes
    usual: VolumeBaseline | None


class PlatformTexts(msgspec.Struct, frozen=True):
    platform: str
    texts: int
    sentiments: Mapping[str, int]
    risky: int
    """Flags of risks that speak against the brand."""


class TopAccounts(msgspec.Struct, frozen=True):
    """The accounts with the largest share of the hour's texts, of all that spoke."""

    voices: Sequence[TopAccount]
    accounts: int


class ComparedBrand(msgspec.Struct, frozen=True):
    """A brand beside others; the share of voice is its texts of all brands' that are watched."""

    brand_id: str
    texts: int
    share_of_voice: float
    sentiments: Mapping[str, int]
    risky: int
    firing: int


class BrandAlerts(msgspec.Struct, frozen=True):
    """The gravest that fire first, then those that resolved lately; `hidden` more are not shown."""

    shown: Sequence[AlertSummary]
    hidden: int
    decided: Mapping[str, Decision]


class BrandPage(msgspec.Struct, frozen=True):
    """The page."""

    head: BrandHeader
    said: TextSummary
    volume: Volume
    platforms: Sequence[PlatformTexts]
    topics: Sequence[Topic]
    spread: TopAccounts
    rivals: Sequence[ComparedBrand]
    alerts: BrandAlerts
    engagement: Kpis


def view(sources: PageSources, brand_id: str) -> BrandPage:
    """A brand without texts has empty panels. Raises Unavailable."""
    readers = sources.readers
    present_ms = readers.present_ms()
    last = present_ms // MINUTE_MS
    numbers = range(last - SHOWN_MINUTES + 1, last + 1)
    minutes = readers.views.minutes(brand_id, numbers.start, last)
    labels = sum(minutes.values(), Counter[str]())
    voices, accounts = readers.views.accounts(brand_id, present_ms)
    alerts = _alerts(readers, brand_id)
    return BrandPage(
        head=BrandHeader(
            brand_id,
            last * MINUTE_MS,
            bool(labels["texts"] or alerts.shown),
            readers.views.names_hidden(brand_id, numbers.start * MINUTE_MS),
        ),
        said=_said(labels),
        volume=_volume(readers, brand_id, minutes, numbers),
        platforms=_platforms(minutes),
        topics=readers.views.topics(brand_id, present_ms),
        spread=TopAccounts(voices, accounts),
        rivals=_rivals(readers, brand_id, sources.facts.rivals(brand_id), present_ms),
        alerts=alerts,
        engagement=readers.engagement.kpis("brand", brand_id, "60m", present_ms),
    )


def _said(labels: Mapping[str, int]) -> TextSummary:
    sentiments = {name: labels.get(name, 0) for name in SENTIMENTS}
    risks = {name: labels[name] for name in RISKS if labels.get(name)}
    return TextSummary(labels.get("texts", 0), sum(sentiments.values()), sentiments, risks)


def _volume(
    readers: Readers, brand_id: str, minutes: Mapping[tuple[int, str], Counter[str]], numbers: range
) -> Volume:  # fmt: skip
    by_minute: dict[int, Counter[str]] = {}
    for (number, _), counts in minutes.items():
        by_minute.setdefault(number, Counter()).update(counts)
    texts = [by_minute[number]["texts"] if number in by_minute else 0 for number in numbers]
    usual = readers.views.usual(brand_id)
    known = from_first(texts) if usual is None else texts
    return Volume(numbers.start * MINUTE_MS, known, sentiment_minutes(by_minute, numbers), usual)


def _platforms(minutes: Mapping[tuple[int, str], Counter[str]]) -> list[PlatformTexts]:
    by_platform: dict[str, Counter[str]] = {}
    for (_, platform), counts in minutes.items():
        by_platform.setdefault(platform, Counter()).update(counts)
    rows = [
        PlatformTexts(name, counts["texts"], {one: counts[one] for one in SENTIMENTS}, _risky(counts))
        for name, counts in by_platform.items()
    ]
    return sorted(rows, key=lambda row: (-row.texts, row.platform))


def _rivals(readers: Readers, brand_id: str, named: Sequence[str], present_ms: int) -> list[ComparedBrand]:
    """The brand beside the rivals that the catalogue names, those without a text too; else beside the loudest."""
    brands = by_brand(text_count(texts) for texts in readers.views.texts(present_ms))
    whole = sum(brand.texts for brand in brands)
    heard = {brand.brand_id: brand for brand in brands}
    if named:
        shown = [heard.get(name, _silent(name)) for name in dict.fromkeys((brand_id, *named))]
    else:
        shown = [brand for brand in brands if brand.brand_id == brand_id]
        shown += [brand for brand in brands if brand.brand_id != brand_id][: MAX_RIVALS - len(shown)]
    firing = [alert.brand_id for alert in readers.alarming()]
    return [_rival(brand, whole, firing.count(brand.brand_id)) for brand in sorted(shown, key=lambda one: -one.texts)]


def _silent(brand_id: str) -> TextCount:
    return TextCount(brand_id, "", sentiments=dict.fromkeys(SENTIMENTS, 0))


def _rival(brand: TextCount, whole: int, firing: int) -> ComparedBrand:
    share = brand.texts / whole if whole else 0.0
    return ComparedBrand(brand.brand_id, brand.texts, share, brand.sentiments, _risky(brand.risks), firing)


def _risky(counts: Mapping[str, int]) -> int:
    return sum(counts.get(name, 0) for name in HARMFUL_RISKS)


def _alerts(readers: Readers, brand_id: str) -> BrandAlerts:
    known = [alert for alert in [*readers.alerts.active(), *readers.alerts.resolved()] if alert.brand_id == brand_id]
    fired = [alert for alert in known if alert.fired_at is not None]
    decided = readers.decisions.standing([alert.fingerprint for alert in fired])
    shown = gravest_first(fired, decided)
    return BrandAlerts(summaries(shown[:MAX_ALERTS], decided), max(0, len(shown) - MAX_ALERTS), decided)
