"""A campaign, running and over: reach, interaction, funnel, mood, before against during and after, and its rules."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

import msgspec

from dashboards.console.pages.shared import AlertSummary, summaries
from dashboards.console.sources import PageSources
from dashboards.readers import Readers
from models.labels import SENTIMENTS
from streams.alerts.alert import Alert
from streams.clock import MINUTE_MS
from streams.control.campaigns import PARTS, Campaign, CampaignMinute, CampaignScope, Part, Status
from streams.control.decisions import Decision
from streams.engagement.dictionary import SUMS, GaugeMetric, SumMetric
from streams.engagement.kpis import Kpis, compute_kpis, estimated_stay_seconds
from streams.engagement.reader import unique_people

ALWAYS_CHECKED = ("prize_draw", "ad_disclosure")
"""The page lists these rule families even where they found nothing."""
MAX_POINTS = 120
MAX_KNOWN = 200


class CampaignHeader(msgspec.Struct, frozen=True):
    campaign: Campaign
    status: Status
    present_ms: int


class Stretch(msgspec.Struct, frozen=True):
    """One part: its figures, and how many of its minutes (that have passed) they rest on."""

    figures: Kpis
    sums: Mapping[SumMetric, int]
    viewers: int
    """Unique viewers."""
    moods: Mapping[str, int]
    kept: int
    passed: int
    names_hidden: bool
    """The platform hid who some of the people were: counts of people are rough."""


class Joined(msgspec.Struct, frozen=True):
    """Mood beside conversion: steps of `step_minutes`, from the beginning of `before`."""

    first_ms: int
    step_minutes: int
    negative_share: Sequence[float | None]
    payments: Sequence[int]
    viewers: Sequence[int | None]


class CheckedFamily(msgspec.Struct, frozen=True):
    family: str
    alerts: Sequence[AlertSummary]


class CampaignPage(msgspec.Struct, frozen=True):
    """The page; `head` is None where there is no such campaign."""

    head: CampaignHeader | None
    parts: Mapping[Part, Stretch]
    joined: Joined | None
    rules: Sequence[CheckedFamily]


class CampaignLine(msgspec.Struct, frozen=True):
    campaign: Campaign
    status: Status


class CampaignsPage(msgspec.Struct, frozen=True):
    """All campaigns, and what a new one may be about."""

    campaigns: Sequence[CampaignLine]
    present_ms: int


def known(readers: Readers) -> dict[CampaignScope, list[str]]:
    """What a campaign may be about, the latest active first. Raises Unavailable."""
    return {scope: readers.recorder.known(scope)[:MAX_KNOWN] for scope in get_args(CampaignScope)}


def listed(sources: PageSources, _key: str = "") -> CampaignsPage:
    """Raises Unavailable."""
    readers = sources.readers
    present_ms = readers.present_ms() or readers.clock()
    return CampaignsPage(
        [CampaignLine(campaign, campaign.status(present_ms)) for campaign in readers.campaigns.all()],
        present_ms // MINUTE_MS * MINUTE_MS,
    )


def view(sources: PageSources, campaign_id: str) -> CampaignPage:
    """Raises Unavailable."""
    return campaign_page(sources.readers, campaign_id, sources.topics.alert_log.latest())


def campaign_page(readers: Readers, campaign_id: str, history: Sequence[Alert]) -> CampaignPage:
    """Copies the newest minutes first, so that the page is as fresh as any. `history` has alerts that resolved too long
    ago for Redis. Raises Unavailable."""
    campaign, present_ms = readers.campaigns.find(campaign_id), readers.present_ms() or readers.clock()
    if campaign is None:
        return CampaignPage(None, {}, None, [])
    readers.recorder.record(campaign, present_ms)
    minutes, people = readers.campaigns.minutes(campaign_id), readers.campaigns.people(campaign_id)
    present = present_ms // MINUTE_MS
    alerts = _alerts(readers, campaign, history)
    return CampaignPage(
        head=CampaignHeader(campaign, campaign.status(present_ms), present * MINUTE_MS),
        parts={part: _stretch(campaign.minutes(part), minutes, people.get(part, b""), present) for part in PARTS},
        joined=_joined(campaign, minutes),
        rules=_rules(alerts, readers.decisions.standing([alert.fingerprint for alert in alerts])),
    )


def _stretch(numbers: range, minutes: Mapping[int, CampaignMinute], log: bytes, present: int) -> Stretch:
    kept = [minutes[number] for number in numbers if number in minutes]
    summed = Counter[str]()
    for minute in kept:
        summed.update(minute.sums)
    sums: dict[SumMetric, int] = {name: summed[name] for name in SUMS}
    people = unique_people([log])
    # Who follows now is forgotten after two days; who followed and did not unfollow is what is left.
    met = {**people, "new_followers": max(0, sums["follows"] - sums["unfollows"])}
    stay = estimated_stay_seconds([minute.last for minute in kept], 60 * len(kept), sums["views"])
    return Stretch(
        figures=compute_kpis(sums, met, _gauges(kept), stay),
        sums=sums,
        viewers=people["viewers"],
        moods=_sentiments(kept),
        kept=len(kept),
        passed=max(0, min(numbers.stop, present + 1) - numbers.start),
        names_hidden=any(minute.names_hidden for minute in kept),
    )


def _gauges(kept: Sequence[CampaignMinute]) -> dict[GaugeMetric, int]:
    peaks = [minute.peak for minute in kept if minute.peak is not None]
    last = next((minute.last for minute in reversed(kept) if minute.last is not None), None)
    return {} if last is None else {"viewers_now": last, "viewers_peak": max(peaks, default=last)}


def _sentiments(kept: Iterable[CampaignMinute]) -> dict[str, int]:
    return {name: sum(minute.moods.get(name, 0) for minute in kept) for name in SENTIMENTS}


def _joined(campaign: Campaign, minutes: Mapping[int, CampaignMinute]) -> Joined:
    whole = campaign.whole
    step = -(-len(whole) // MAX_POINTS)
    steps = [
        [minutes[number] for number in range(start, min(start + step, whole.stop)) if number in minutes]
        for start in whole[::step]
    ]
    return Joined(
        first_ms=whole.start * MINUTE_MS,
        step_minutes=step,
        negative_share=[_negative_share(kept) for kept in steps],
        payments=[sum(minute.sums.get("payments", 0) for minute in kept) for kept in steps],
        viewers=[_gauges(kept).get("viewers_now") for kept in steps],
    )


def _negative_share(kept: Sequence[CampaignMinute]) -> float | None:
    sentiments = _sentiments(kept)
    scored = sum(sentiments.values())
    return sentiments["negative"] / scored if scored else None


def _alerts(readers: Readers, campaign: Campaign, history: Sequence[Alert]) -> list[Alert]:
    """The alerts of the room or brand that fired while the campaign ran."""
    known = {alert.fingerprint: alert for alert in [*history, *readers.alerts.resolved(), *readers.alerts.active()]}
    return [
        alert
        for alert in sorted(known.values(), key=lambda one: one.started_at)
        if alert.fired_at is not None
        and not alert.shadow
        and alert.brand_id == campaign.brand_id
        and (campaign.scope != "room" or alert.room_id in (None, campaign.scope_id))
        and alert.started_at < campaign.ends_ms
        and (alert.resolved_at is None or alert.resolved_at >= campaign.starts_ms)
    ]


def _rules(alerts: Sequence[Alert], decided: Mapping[str, Decision]) -> list[CheckedFamily]:
    """Every family that fired, and those that are checked in any case; what is no rule's comes last, under its kind."""
    families = dict.fromkeys([*ALWAYS_CHECKED, *(alert.family or alert.kind for alert in alerts)])
    return [
        CheckedFamily(family, summaries([one for one in alerts if (one.family or one.kind) == family], decided))
        for family in families
    ]
