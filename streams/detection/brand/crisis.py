"""What a burst of texts means: harm, praise or neither; how bad it is, and why, in figures.

Each factor lies between 0 and 1 and is shown in the alert:
- volume      how many times the usual, on a log scale; 1 at twenty times
- negativity  the share of texts that are negative or carry a risk
- velocity    how much of the window came in its last two minutes; 0 where it came evenly
- reach       followers of the texts' accounts, on a log scale; 1 at ten million
- coordination  the share of the five busiest accounts or of the commonest wording: shown, not part of the severity
"""

import math
import re

from streams.alerts.alert import Evidence, Severity
from streams.alerts.kinds import KINDS, AlertKind
from streams.clock import MINUTE_MS
from streams.detection.baseline.burst import WINDOW_MINUTES, Burst
from streams.detection.baseline.seasonality import hour_of_day
from streams.detection.brand.violence import violence_score
from streams.detection.brand.windows import AbuseCount, Tally, Windows
from streams.detection.evidence import COORDINATED_SHARE, EvidenceCollector, Tone, influence
from streams.events.schema import ScoredText

HARMFUL_RISKS = frozenset({"abuse", "complaint", "crisis", "privacy", "rumor", "violence"})
"""Risks that count against the brand; spam and diversion under its posts do not, nor does praise that misleads."""

ATTENTION: frozenset[AlertKind] = frozenset({"opportunity", "surge"})
CRISIS_SHARE = 0.4
SUBSTANTIAL_SHARE = 0.25
EXPECTED_RISKS = ("abuse", "complaint", "crisis", "violence")
"""What a text is expected to harm by. A negative text that carries none of them is no harm to anybody: prices fall."""
EXPECTED_SHARE = 0.16
"""Of harmful texts, as the model expects them by its probabilities, whether or not they reach a flag's threshold."""
USUAL_SHARE = 0.08
DOUBT_TEXTS = 8
"""A window's expected harm is judged as if so many texts more were in it, of which USUAL_SHARE are harmful."""
PRAISE_SHARE = 0.5
VIOLENCE_SCORE = 0.45
"""Of a day (streams.detection.brand.violence): from here on a crisis is violence against a person."""
VIOLENCE_SHARE = 0.2
"""Of abusive texts in a window, where it is too early for the day's score; a quarrel about goods has fewer."""
PERSONAL_SHARE = 1 / 3
"""Of the abusive texts, those that name or address somebody; many insults do neither."""
CRITICAL_SCORE = 0.6
CRITICAL_TEXTS = 20
_WEIGHTS = {"volume": 0.4, "negativity": 0.35, "velocity": 0.1, "reach": 0.15}
_FULL_RATIO = 20
_FULL_FOLLOWERS = 10_000_000
_RECENT_MINUTES = 2

_PERSONS = re.compile(r"[你她妳您]|(?<!其)他|(?:这|那)(?:种)?(?:人|女|男|家伙)|女的|男的|畜生")
_PERSONS_EN = frozenset({"you", "your", "he", "she", "him", "her", "his", "u", "ur", "they", "them"})


def tally(text: ScoredText) -> Tally:
    """What one text adds to its minute."""
    harmful = text.sentiment == "negative" or not HARMFUL_RISKS.isdisjoint(text.flagged)
    abusive = "abuse" in text.flagged
    return Tally(
        texts=1,
        scored=int(text.scored),
        negative=int(text.sentiment == "negative"),
        positive=int(text.sentiment == "positive"),
        harm=int(harmful),
        abuse=int(abusive),
        personal_abuse=int(abusive and _at_a_person(text.text)),
        followers=text.actor.followers if text.actor else 0,
        weighted_harm_tenths=round(10 * influence(text.actor)) if harmful else 0,
        abuse_hundredths=round(100 * text.risks.get("abuse", 0.0)) if text.scored else 0,
        harm_hundredths=round(100 * expected_harm(text)) if text.scored else 0,
    )


def expected_harm(text: ScoredText) -> float:
    """The chance that a text carries one of EXPECTED_RISKS, as if they were independent."""
    return 1 - math.prod(1 - text.risks.get(risk, 0.0) for risk in EXPECTED_RISKS)


def weight(text: ScoredText) -> float:
    """How good an evidence a text is: its worst score plus its findings plus its account's influence."""
    worst = max((text.risks.get(label, 1.0) for label in text.flagged), default=0.0)
    negative = text.sentiment_scores.get("negative", 0.0)
    return worst + negative + len(text.findings) + 0.1 * influence(text.actor)


def praise_weight(text: ScoredText) -> float:
    """How good an evidence of praise a text is."""
    return text.sentiment_scores.get("positive", 0.0) + 0.1 * influence(text.actor)


def tone(added: Tally) -> Tone:
    """The tone of one text, from its tally."""
    return "harm" if added.harm else "praise" if added.positive else "talk"


def evidence(kind: AlertKind, collected: EvidenceCollector) -> list[Evidence]:
    """What raised an alert of the kind: praise by praise, talk by what is said most, violence by abuse first."""
    match kind:
        case "opportunity":
            return collected.evidence("praise")
        case "surge":
            return collected.evidence(None)
        case "cyber_violence":
            return sorted(collected.evidence("harm"), key=lambda one: "abuse" not in one.risks)
        case _:
            return collected.evidence("harm")


def is_substantial(window: Tally) -> bool:
    """Whether harm is more than a model's mistakes in a crowd that praises: a fair share, and half of the praise."""
    return window.share(window.harm) >= SUBSTANTIAL_SHARE and window.harm >= window.positive / 2


def is_harmful(window: Tally) -> bool:
    """Whether what is said is harm, by the model's probabilities alone: a share that a handful of ordinary texts more
    would not turn, half of the praise at least, and more than a few scored texts where scoring is behind.

        expected of 15 texts   3.0 are too few    3.1 are not
                 of 40         7.0                7.1
    """
    expected = window.harm_hundredths / 100
    shrunk = (expected + DOUBT_TEXTS * USUAL_SHARE) / (window.scored + DOUBT_TEXTS)
    return window.scored >= DOUBT_TEXTS and shrunk >= EXPECTED_SHARE and expected >= window.positive / 2


def harm_kind(window: Tally, day: AbuseCount) -> AlertKind:
    """Violence where the day's texts look like it, or the window's alone, of which a fifth are abusive; but not where
    fewer than a third of the window's abusive texts are at a person: insults at a company are a crisis."""
    violent = (
        window.share(window.abuse) >= VIOLENCE_SHARE
        or violence_score(day.hundredths / 100, day.scored) >= VIOLENCE_SCORE
    )
    personal = window.personal_abuse >= PERSONAL_SHARE * window.abuse
    return "cyber_violence" if violent and personal else "crisis"


def attention_kind(window: Tally) -> AlertKind:
    """The kind of a burst that is no crisis: an opportunity where most of it is praise, else a surge."""
    praised = window.share(window.positive) >= PRAISE_SHARE and window.positive >= 2 * window.harm
    return "opportunity" if praised else "surge"


def factors(
    window: Tally,
    counted: int,
    burst: Burst,
    windows: Windows,
    minute: int,
    minutes: int = WINDOW_MINUTES,
    *,
    zone: str = "UTC",
) -> dict[str, float]:
    """What the severity is made of; `counted` is the count of what the burst counts, in a window of `minutes`."""
    hour = hour_of_day(minute * MINUTE_MS, zone)
    recent = sum(windows.minutes[at].texts for at in range(minute - 1, minute + 1) if at in windows.minutes)
    even = _RECENT_MINUTES / minutes
    parts = {
        "volume": burst.short.excess(counted, hour) / math.log(_FULL_RATIO),
        "negativity": window.share(window.harm),
        "velocity": (recent / max(1, window.texts) - even) / (1 - even),
        "reach": math.log10(1 + window.followers) / math.log10(_FULL_FOLLOWERS),
    }
    return {name: round(min(1.0, max(0.0, part)), 3) for name, part in parts.items()}


def severity(kind: AlertKind, parts: dict[str, float], window: Tally) -> Severity:
    """Attention is `info`, which pages nobody; harm is critical where it is large, loud and mostly negative."""
    if kind in ATTENTION:
        return "info"
    # Without followers in the feed, reach is unknown: the other factors decide.
    known = {name: share for name, share in _WEIGHTS.items() if name != "reach" or window.followers}
    score = sum(share * parts[name] for name, share in known.items()) / sum(known.values())
    grave = window.harm >= CRITICAL_TEXTS and parts["negativity"] >= CRISIS_SHARE
    return "critical" if grave and score >= CRITICAL_SCORE else "warning"


def observed(window: Tally) -> dict[str, float]:
    return {
        "texts": float(window.texts),
        "harmful": float(window.harm),
        "negative": float(window.negative),
        "positive": float(window.positive),
        "abusive": float(window.abuse),
        "followers": float(window.followers),
        "harmful_by_influence": float(window.weighted_harm),
    }


def present(window: Tally, last_minute: Tally, minutes: int = WINDOW_MINUTES) -> dict[str, float]:
    """What is said now, beside the height of it: a window of `minutes`, and the last minute that is over."""
    return {
        "texts": float(window.texts),
        "harmful": float(window.harm),
        "texts_per_minute": float(last_minute.texts),
        "minutes": float(minutes),
    }


def baseline(volume: Burst, harm: Burst, hour: float, minutes: int = WINDOW_MINUTES) -> dict[str, float]:
    """What the brand is compared with: the usual texts in `minutes` at this hour, and how many windows were learned."""
    return {
        "texts": round(volume.short.texts(hour) * minutes / WINDOW_MINUTES, 2),
        "harmful": round(harm.short.texts(hour) * minutes / WINDOW_MINUTES, 2),
        "windows": float(volume.short.windows),
    }


def summary(
    kind: AlertKind, brand_id: str, window: Tally, usual: dict[str, float], minutes: int = WINDOW_MINUTES
) -> str:
    """One line: the brand, the kind, the texts and the usual."""
    return (
        f"{brand_id}: {KINDS[kind].en.lower()}, {window.texts} texts in {minutes} minutes (usual {usual['texts']:.1f})"
    )


def explanation(
    window: Tally, usual: dict[str, float], coordination: float, accounts_share: float, minutes: int = WINDOW_MINUTES
) -> str:
    """How bad it is and compared with what, in sentences."""
    times = window.texts / max(1.0, usual["texts"])
    harmful, positive = window.share(window.harm), window.share(window.positive)
    parts = [
        f"{window.texts} texts in {minutes} minutes where {usual['texts']:.1f} are usual (×{times:.1f}).",
        f"{window.harm} are negative or carry a risk where {usual['harmful']:.1f} are usual.",
        f"Of the scored texts {harmful:.0%} are harmful and {positive:.0%} positive.",
    ]
    if window.abuse:
        parts.append(f"{window.abuse} are abusive, {window.personal_abuse} of them at a person.")
    if window.followers:
        parts.append(f"Their accounts have {window.followers:,} followers.")
    if coordination >= COORDINATED_SHARE:
        parts.append(
            f"Coordinated: the five busiest accounts or one wording carry {coordination:.0%} of it"
            f" (accounts {accounts_share:.0%})."
        )
    return " ".join(parts)


def _at_a_person(text: str) -> bool:
    return _PERSONS.search(text) is not None or not _PERSONS_EN.isdisjoint(text.lower().split())
