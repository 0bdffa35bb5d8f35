"""Breaches by a host or a brand: one alert a room (or brand) and rule family, for as long as they go on.

    findings   #   #  # .  .  .  .  .  .  .  #
    alert      F   .  . .  .  .  .  R        F'      R after seven quiet minutes; then it is a new one

Only texts of those who advertise are read: host speech, and posts of the brand or with a shopping link. What viewers
say is evidence for other detectors. Personal data read aloud is an alert of its own kind.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from streams.alerts.alert import Alert, Evidence, Severity
from streams.alerts.episode import Episode, Hysteresis, max_severity, new_alert
from streams.alerts.kinds import AlertKind
from streams.alerts.wording import counted, in_room
from streams.clock import MINUTE_MS
from streams.detection.brand.detector import BrandFacts
from streams.detection.brand.poll import Move
from streams.detection.brand.windows import Tally
from streams.detection.config import DetectionConfig
from streams.detection.evidence import SHOWN_TEXTS, evidence_of, prune, wording_of
from streams.detection.retractions import TakenBack
from streams.events.identity import qualified
from streams.events.schema import Finding, ScoredText
from streams.ledger.stored import Stored

MISLEADING = "misleading"
"""The model's share of this risk is shown beside the rules' findings, whether it is flagged or not."""

QUIET_MINUTES = 7
HYSTERESIS = Hysteresis(fire_after_ms=0, resolve_after_ms=QUIET_MINUTES * MINUTE_MS)
PRIVACY_FAMILY = "privacy_leak"


class Breach(Stored):
    """One family's episode in one place."""

    episode: Episode
    last_ms: int
    findings: int = 0
    rules: dict[str, int] = {}
    evidence: list[Evidence] = []
    """The latest wordings, the newest first."""
    wordings: dict[str, int] = {}
    """Texts by wording."""


class BreachState(Stored):
    """A brand's running episodes, by place and family."""

    running: dict[str, Breach] = {}


class BreachingBrand(BrandFacts, Protocol):
    """The brand's state as this detector reads and writes it."""

    breaches: BreachState


class BreachDetector:
    """A BrandDetector."""

    def __init__(self, brand: BreachingBrand, config: DetectionConfig) -> None:  # noqa: ARG002 - packs are configured
        self._running = brand.breaches.running

    @property
    def alerting(self) -> bool:
        return bool(self._running)

    def on_text(self, text: ScoredText, now_ms: int, *, is_timed: bool) -> Iterable[Alert]:  # noqa: ARG002 - viewers break no law here
        return ()

    def on_seller_text(self, text: ScoredText, now_ms: int) -> Iterator[Alert]:
        families: dict[str, list[Finding]] = {}
        for finding in text.findings:
            families.setdefault(finding.family, []).append(finding)
        for family, found in families.items():
            room = text.room_id
            place = f"{room or ''}\x1f{family}"
            breach = self._running.get(place)
            if room and breach is not None and breach.episode.alert.platform not in (None, text.platform):
                room = qualified(room, text.platform)
                place = f"{room}\x1f{family}"
                breach = self._running.get(place)
            if breach is None:
                breach = self._running[place] = _new_breach(text, room, family, now_ms)
            alert = _add_findings(breach, text, found, now_ms)
            if alert is not None:
                yield alert

    def on_amendment(self, minute: int, before: Tally, after: Tally) -> None:
        """Scores change no finding."""

    def on_recount(self, moves: Sequence[Move], now_ms: int) -> Iterable[Alert]:  # noqa: ARG002 - a breach is one text's
        return ()

    def running(self, now_ms: int) -> Iterator[Alert]:
        """With the newest findings, and when the alert resolves once a minute has passed without one."""
        for breach in self._running.values():
            quiet_since = breach.last_ms if now_ms - breach.last_ms >= MINUTE_MS else None
            yield breach.episode.as_of(quiet_since, HYSTERESIS)

    def on_retraction(self, taken: TakenBack, now_ms: int) -> Iterator[Alert]:
        """A breach that was said was said: its findings stay counted, its quotes go."""
        for breach in self._running.values():
            breach.evidence = [evidence for evidence in breach.evidence if not taken.covers(evidence)]
            if breach.episode.withdraw(taken.covers, taken.account_id, now_ms):
                yield breach.episode.alert

    def on_minute(self, minute: int) -> Iterator[Alert]:
        """Resolve episodes that have been quiet long enough."""
        for place, breach in list(self._running.items()):
            breach.episode.calm_since_ms = breach.last_ms
            if breach.episode.step(minute * MINUTE_MS, holds=False, calm=True, hysteresis=HYSTERESIS):
                del self._running[place]
                yield breach.episode.alert


def _new_breach(text: ScoredText, room: str | None, family: str, now_ms: int) -> Breach:
    """An episode that begins with this text, before its findings are added."""
    kind: AlertKind = "privacy" if family == PRIVACY_FAMILY else "compliance"
    alert = new_alert(
        kind,
        text.brand_id,
        started_at_ms=text.event_time_ms // MINUTE_MS * MINUTE_MS,
        now_ms=now_ms,
        severity="info",
        summary="",
        explanation="",
        room_id=room,
        subject=family,
        platform=text.platform,
        family=family,
    )
    return Breach(Episode(alert, since_ms=now_ms), last_ms=text.event_time_ms)


def _add_findings(breach: Breach, text: ScoredText, found: list[Finding], now_ms: int) -> Alert | None:
    """Add a text's findings of the family; the alert where it fires or grows more severe."""
    breach.last_ms = max(breach.last_ms, text.event_time_ms)
    breach.findings += len(found)
    for finding in found:
        breach.rules[finding.rule] = breach.rules.get(finding.rule, 0) + 1
    _show(breach, text, found)
    before = breach.episode.alert.severity
    breach.episode.revise(now_ms, **_alert_fields(breach, found))
    fired = breach.episode.step(now_ms, holds=True, calm=False, hysteresis=HYSTERESIS)
    return breach.episode.alert if fired or breach.episode.alert.severity != before else None


def _show(breach: Breach, text: ScoredText, found: list[Finding]) -> None:
    """Add a text to the evidence: one piece a wording, the newest first."""
    wording = wording_of(text.text)
    breach.wordings[wording] = breach.wordings.get(wording, 0) + 1
    misleading = {MISLEADING: round(text.risks[MISLEADING], 3)} if MISLEADING in text.risks else {}
    own = evidence_of(text)
    own = msgspec.structs.replace(own, findings=found, risks={**misleading, **own.risks})
    said = next((one for one in breach.evidence if wording_of(one.text) == wording), None)
    newest = own if said is None or own.event_time >= said.event_time else said
    reach = own.reach + (said.reach if said else 0)
    shown = msgspec.structs.replace(newest, count=breach.wordings[wording], reach=reach)
    others = (one for one in breach.evidence if one is not said)
    breach.evidence = sorted([shown, *others], key=lambda one: -one.event_time)[:SHOWN_TEXTS]
    prune(breach.wordings)


def _alert_fields(breach: Breach, found: list[Finding]) -> dict[str, object]:
    alert, latest = breach.episode.alert, breach.evidence[0].findings[0]
    where = in_room(alert.room_id) if alert.room_id else f"posts of {alert.brand_id}"
    family = (alert.family or "").replace("_", " ")
    findings = counted("{n} finding|{n} findings", breach.findings, str(breach.findings))
    rules = ", ".join(f"{rule} ({times})" for rule, times in sorted(breach.rules.items()))
    worst: Severity = "info"
    for finding in found:
        worst = max_severity(worst, finding.severity)
    return {
        "severity": worst,
        "summary": f"{where}: {family}, “{latest.matched}” ({latest.article})",
        "explanation": f"{findings} of {family} in {where}, by rule: {rules}."
        f" The latest: “{latest.matched}”, {latest.article}. Usually there are none.",
        "observed": {"findings": float(breach.findings)},
        "baseline": {"findings": 0.0},
        "evidence": list(breach.evidence),
    }
