"""The rates that screens show, computed from sums, unique people and concurrent viewers.

A zero denominator gives None, which is shown as "–", never as 0. Money is in minor units. Words and units of each are
in streams.engagement.dictionary.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from streams.engagement.dictionary import SHARES, AudienceMetric, GaugeMetric, RateMetric, SumMetric


@dataclass(frozen=True, slots=True)
class Kpis:
    """One id's rates over one window; the fields are the dictionary's ids."""

    viewers_now: int | None
    viewers_peak: int | None
    stay_seconds: float | None
    """平均停留时长: watch seconds / unique viewers."""
    stay_estimated: bool
    """By Little's law (viewers present × time / arrivals), since no feed reported leaves or watch time."""
    interaction_rate: float | None
    """互动率: unique interacting viewers / unique viewers."""
    follow_rate: float | None
    """转粉率: new followers / unique viewers."""
    entry_rate: float | None
    """曝光进入率: enters / exposures."""
    click_rate: float | None
    """商品点击率: unique clickers / unique viewers who were shown the product."""
    conversion_rate: float | None
    """点击成交转化率: unique payers / unique clickers."""
    funnel: Mapping[AudienceMetric, int]
    """shown ≥ clickers ≥ carters ≥ orderers ≥ payers."""
    created_gmv: int
    paid_gmv: int
    net_gmv: int
    """Paid less refunded."""
    gpm_pv: float | None
    """Paid GMV × 1000 / arrivals."""
    gpm_uv: float | None
    """Paid GMV × 1000 / unique viewers."""
    viewer_value: float | None
    """UV价值: paid GMV / unique viewers."""
    buyer_value: float | None
    """客单价: paid GMV / unique payers."""
    refund_rate: float | None
    """退款率: refunded / paid orders, at most 1: what was paid before the window may be refunded in it."""
    refund_value_rate: float | None
    """退款金额率: refunded / paid value, at most 1."""
    arrivals: int = 0
    """Enters; the platform's own count of who came where that is higher: its messages are a sample of them."""
    arrivals_estimated: bool = False
    likes_total: int | None = None
    """The platform's own total of a room's likes so far, since its stream began; None where it tells none. The sum of
    likes is then the growth of that total in the window."""
    likes_estimated: bool = False
    """The messages of likes are a sample, and no total stands beside them."""


FUNNEL: tuple[AudienceMetric, ...] = ("shown", "clickers", "carters", "orderers", "payers")


def compute_kpis(
    sums: Mapping[SumMetric, int],
    people: Mapping[AudienceMetric, int],
    gauges: Mapping[GaugeMetric, int],
    estimated_stay: float | None,
    came: int = 0,
    likes_total: int | None = None,
    sampled_likes: int = 0,
) -> Kpis:
    """The rates of a window; `estimated_stay` in seconds is shown where no feed reported who left or watched. `came` is
    the platform's own count of arrivals, 0 where it tells none; `sampled_likes` are those with no total beside them."""
    paid, viewers, watched = sums["paid_value"], people["viewers"], is_watched(sums)
    arrivals = max(sums["views"], came)
    if estimated_stay is not None and came > sums["views"]:
        estimated_stay *= sums["views"] / came
    return Kpis(
        viewers_now=gauges.get("viewers_now"),
        viewers_peak=gauges.get("viewers_peak"),
        stay_seconds=ratio(sums["watch_seconds"], viewers) if watched else estimated_stay,
        stay_estimated=not watched and estimated_stay is not None,
        interaction_rate=people_share("interaction_rate", people),
        follow_rate=people_share("follow_rate", people),
        entry_rate=ratio(arrivals, sums["exposures"]),
        click_rate=people_share("click_rate", people),
        conversion_rate=people_share("conversion_rate", people),
        funnel={step: people[step] for step in FUNNEL},
        created_gmv=sums["order_value"],
        paid_gmv=paid,
        net_gmv=paid - sums["refund_value"],
        gpm_pv=ratio(paid * 1000, arrivals),
        gpm_uv=ratio(paid * 1000, viewers),
        viewer_value=ratio(paid, viewers),
        buyer_value=ratio(paid, people["payers"]),
        refund_rate=share(sums["refunds"], sums["payments"]),
        refund_value_rate=share(sums["refund_value"], paid),
        arrivals=arrivals,
        arrivals_estimated=came > sums["views"],
        likes_total=likes_total,
        likes_estimated=sampled_likes > 0 and likes_total is None,
    )


def is_watched(sums: Mapping[SumMetric, int]) -> bool:
    """Whether a feed reported how long viewers stay."""
    return sums["watch_seconds"] > 0 or sums["leaves"] > 0


def estimated_stay_seconds(viewers: Iterable[int | None], seconds: int, enters: int) -> float | None:
    """How long a viewer stays, by Little's law: mean viewers present × time / arrivals. `viewers` are those that were
    reported within the time, None where a minute had no report."""
    told = [present for present in viewers if present is not None]
    mean = ratio(sum(told), len(told))
    return None if mean is None else ratio(mean * seconds, enters)


def people_share(rate: RateMetric, people: Mapping[AudienceMetric, int]) -> float | None:
    """A rate that is a share of people, as the dictionary has it."""
    who, among = SHARES[rate]
    return ratio(people[who], people[among])


def share(part: int, whole: int) -> float | None:
    """A ratio that is never above 1."""
    found = ratio(part, whole)
    return None if found is None else min(1.0, found)


def ratio(numerator: float | None, denominator: float) -> float | None:
    """None for an unknown numerator, and for a zero denominator."""
    return None if numerator is None or denominator <= 0 else numerator / denominator
