"""Breaches by a host or a brand: one alert a room (or brand) and rule family, for as long as they go on.

    findings   #   #  # .  .  .  .  .  .  .  #
    alert      F   .  . .  .  .  .  R        F'      R after seven quiet minutes; then it is a new one

Only those who advertise are judged here: host speech, and posts of the brand or with a shopping link. What viewers say
is evidence for other detectors. Personal data read aloud is an alert of its own kind.
"""

from collections.abc import Iterator

import msgspec

from streams.alerts.alert import Alert, Evidence, Severity
from streams.alerts.episode import Episode, Hysteresis, max_severity, new_alert
from streams.alerts.kinds import AlertKind
from streams.clock import MINUTE_MS
from streams.detection.evidence import SHOWN_TEXTS, evidence_of
from streams.events.schema import Finding, ScoredText
from streams.ledger.stored import Stored

MISLEADING = "misleading"
"""The model's word stands beside the rules' in the evidence, whether it is flagged or not."""

QUIET_MINUTES = 7
PATIENCE = Hysteresis(fire_after_ms=0, resolve_after_ms=QUIET_MINUTES * MINUTE_MS)
PRIVACY_FAMILY = "privacy_leak"


class Breach(Stored):
    """One family's episode in one place."""

    episode: Episode
    last_ms: int
    findings: int = 0
    rules: dict[str, int] = {}
    evidence: list[Evidence] = []


def judged(text: ScoredText) -> bool:
    return text.kind in ("host_speech", "brand_post")


class Breaches(Stored):
    """A brand's running episodes, by place and family."""

    running: dict[str, Breach] = {}

    def judge(self, text: ScoredText, now_ms: int) -> Iterator[Alert]:
        """Take in the findings of a text."""
        families: dict[str, list[Finding]] = {}
        for finding in text.findings:
            families.setdefault(finding.family, []).append(finding)
        for family, found in families.items():
            place = f"{text.room_id or ''}\x1f{family}"
            breach = self.running.get(place)
            if breach is None:
                breach = self.running[place] = _opened(text, family, now_ms)
            alert = _heard(breach, text, found, now_ms)
            if alert is not None:
                yield alert

    def rest(self, now_ms: int) -> Iterator[Alert]:
        """Time has come to `now_ms`: which have been quiet for long enough?"""
        for place, breach in list(self.running.items()):
            breach.episode.calm_since_ms = breach.last_ms
            if breach.episode.step(now_ms, holds=False, calm=True, patience=PATIENCE):
                del self.running[place]
                yield breach.episode.alert


def _opened(text: ScoredText, family: str, now_ms: int) -> Breach:
    """An episode that begins with this text; its findings are still to be heard."""
    kind: AlertKind = "privacy" if family == PRIVACY_FAMILY else "compliance"
    alert = new_alert(
        kind, text.brand_id, started_at_ms=text.event_time_ms // MINUTE_MS * MINUTE_MS, now_ms=now_ms, severity="info",
        summary="", explanation="", room_id=text.room_id, subject=family, platform=text.platform, family=family,
    )  # fmt: skip
    return Breach(Episode(alert, since_ms=now_ms), last_ms=text.event_time_ms)


def _heard(breach: Breach, text: ScoredText, found: list[Finding], now_ms: int) -> Alert | None:
    """A finding of an episode, the first or a further one; the alert where it fires or grows more severe."""
    breach.last_ms = max(breach.last_ms, text.event_time_ms)
    breach.findings += len(found)
    for finding in found:
        breach.rules[finding.rule] = breach.rules.get(finding.rule, 0) + 1
    if len(breach.evidence) < SHOWN_TEXTS:
        shown = evidence_of(text)
        said = {MISLEADING: round(text.risks[MISLEADING], 3)} if MISLEADING in text.risks else {}
        breach.evidence.append(msgspec.structs.replace(shown, findings=found, risks={**said, **shown.risks}))
    before = breach.episode.alert.severity
    breach.episode.revise(now_ms, **_told(breach, found))
    fired = breach.episode.step(now_ms, holds=True, calm=False, patience=PATIENCE)
    return breach.episode.alert if fired or breach.episode.alert.severity != before else None


def _told(breach: Breach, found: list[Finding]) -> dict[str, object]:
    alert, first = breach.episode.alert, found[0]
    where = f"room {alert.room_id}" if alert.room_id else f"posts of {alert.brand_id}"
    rules = ", ".join(f"{rule} ({times})" for rule, times in sorted(breach.rules.items()))
    worst: Severity = "info"
    for finding in found:
        worst = max_severity(worst, finding.severity)
    return {
        "severity": worst,
        "summary": f"{where}: {alert.family}, “{first.matched}” ({first.article})",
        "explanation": f"{breach.findings} findings of {alert.family} in {where}, by rule: {rules}."
        f" The latest: “{first.matched}”, {first.article}. None is usual.",
        "observed": {"findings": float(breach.findings)},
        "baseline": {"findings": 0.0},
        "evidence": list(breach.evidence),
    }
