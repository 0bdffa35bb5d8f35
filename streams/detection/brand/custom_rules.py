"""Draft rules: what people would like to be told of, evaluated in shadow over the same texts, paging nobody.

A rule counts a brand's texts of one label over the last minutes:

    version: 1
    rules:
      - name: complaints-in-ten-minutes
        counts: complaint        # texts, negative, positive, harmful, or a risk label
        minutes: 10
        at_least: 20
        share: 0.3               # of all texts of those minutes; default 0
        times_usual: 3           # the texts against what the brand usually has in as many minutes; default 0
        kind: crisis             # crisis, cyber_violence, opportunity, surge; says which runbook
        severity: warning
        brands: [acme]           # default: all

It fires when all of its bounds are reached and resolves after four minutes below half of `at_least` or of the usual
times `times_usual`. A text that gets its scores later is counted as it was first heard.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from models.labels import RISKS
from streams.alerts.alert import Alert, Evidence, Severity
from streams.alerts.episode import Episode, Hysteresis, new_alert
from streams.clock import MINUTE_MS
from streams.detection.brand.crisis import tally
from streams.detection.evidence import SHOWN_TEXTS, evidence_of
from streams.errors import UsageError
from streams.events.schema import ScoredText
from streams.ledger.stored import Stored
from streams.yaml_records import read_record

PATIENCE = Hysteresis(fire_after_ms=0, resolve_after_ms=4 * MINUTE_MS)
MAX_MINUTES = 60

Label = Literal[
    "texts", "negative", "positive", "harmful",
    "abuse", "complaint", "fraud_spam", "misleading", "privacy", "crisis", "rumor", "diversion",
]  # fmt: skip
Share = Annotated[float, Meta(ge=0, le=1)]


class AlertRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule; the module says what its fields mean."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    counts: Label
    at_least: Annotated[int, Meta(ge=1)]
    minutes: Annotated[int, Meta(ge=1, le=MAX_MINUTES)] = 5
    share: Share = 0.0
    times_usual: Annotated[float, Meta(ge=0)] = 0.0
    kind: Literal["crisis", "cyber_violence", "opportunity", "surge"] = "crisis"
    severity: Severity = "warning"
    brands: tuple[str, ...] = ()


class DraftFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file of draft rules holds."""

    version: Literal[1]
    rules: tuple[AlertRule, ...]


class Counted(Stored):
    """Texts of a minute, and those of them that the rule counts."""

    texts: int = 0
    counted: int = 0


class AlertRuleState(Stored):
    """What is remembered of a rule over one brand."""

    minutes: dict[int, Counted] = {}
    episode: Episode | None = None
    evidence: list[Evidence] = []
    """The latest that were counted."""


def read_alert_rules(path: Path) -> tuple[AlertRule, ...]:
    """Read a file of draft rules. Raises UsageError with the line that is wrong."""
    rules = read_record(path, DraftFile).rules
    names = [rule.name for rule in rules]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"{path}: rule {twice} is there twice")
    if not rules:
        raise UsageError(f"{path}: no rule in it")
    return rules


class AlertRules:
    """The draft rules of one brand over its state, which is kept by rule name."""

    def __init__(self, brand_id: str, rules: Sequence[AlertRule], states: dict[str, AlertRuleState]) -> None:
        self._brand_id = brand_id
        self._rules = {rule.name: rule for rule in rules if not rule.brands or brand_id in rule.brands}
        self._states = states

    @property
    def alerting(self) -> bool:
        return any(state.episode for state in self._states.values())

    def hear(self, text: ScoredText, now_ms: int, usual_per_minute: float | None) -> Iterator[Alert]:
        """Count a text; `usual_per_minute` is the brand's level of all texts, None where nothing is known yet."""
        minute = text.event_time_ms // MINUTE_MS
        for name, rule in self._rules.items():
            state = self._states.setdefault(name, AlertRuleState())
            counted = state.minutes.setdefault(minute, Counted())
            counted.texts += 1
            if _counts(rule.counts, text):
                counted.counted += 1
                state.evidence.append(evidence_of(text))
                del state.evidence[:-SHOWN_TEXTS]
                yield from self._weigh(rule, state, minute, now_ms, usual_per_minute)

    def begin(self, minute: int, usual_per_minute: float | None) -> Iterator[Alert]:
        """A minute begins: running episodes look at those that are over; a rule that was withdrawn ends its own."""
        for name, state in list(self._states.items()):
            for old in [at for at in state.minutes if at < minute - 2 * MAX_MINUTES]:
                del state.minutes[old]
            rule = self._rules.get(name)
            if rule is None:
                del self._states[name]
                if state.episode is not None:
                    state.episode.resolve(minute * MINUTE_MS)
                    yield state.episode.alert
            elif state.episode is not None:
                yield from self._weigh(rule, state, minute - 1, minute * MINUTE_MS, usual_per_minute)

    def _weigh(
        self, rule: AlertRule, state: AlertRuleState, minute: int, now_ms: int, usual_per_minute: float | None
    ) -> Iterator[Alert]:
        window = _window(state, rule, minute)
        usual = (usual_per_minute or 0.0) * rule.minutes
        known = usual_per_minute is not None or not rule.times_usual
        loud = window.texts / max(1.0, rule.times_usual * usual)
        holds = known and window.counted >= rule.at_least and window.counted >= rule.share * window.texts and loud >= 1
        if state.episode is None:
            if not holds:
                return
            state.episode = Episode(self._opened(rule, minute, now_ms), since_ms=now_ms)
        calm = window.counted < rule.at_least / 2 or loud < 1 / 2
        worst = window.counted >= state.episode.alert.observed.get("counted", 0)
        if holds and worst:
            state.episode.revise(now_ms, **_told(rule, self._brand_id, window, usual, state.evidence))
        if state.episode.step(now_ms, holds=holds, calm=calm, patience=PATIENCE):
            yield state.episode.alert
        if state.episode.over:
            state.episode = None

    def _opened(self, rule: AlertRule, minute: int, now_ms: int) -> Alert:
        first = minute - rule.minutes + 1
        return new_alert(
            rule.kind, self._brand_id, started_at_ms=first * MINUTE_MS, now_ms=now_ms, severity=rule.severity,
            summary="", explanation="", subject=f"draft:{rule.name}", rule=rule.name, shadow=True,
        )  # fmt: skip


def _counts(label: Label, text: ScoredText) -> bool:
    if label == "texts":
        return True
    if label == "harmful":
        return tally(text).harm > 0
    return label in text.flagged if label in RISKS else text.sentiment == label


def _window(state: AlertRuleState, rule: AlertRule, minute: int) -> Counted:
    total = Counted()
    for at in range(minute - rule.minutes + 1, minute + 1):
        if at in state.minutes:
            total.texts += state.minutes[at].texts
            total.counted += state.minutes[at].counted
    return total


def _told(
    rule: AlertRule, brand_id: str, window: Counted, usual: float, evidence: Sequence[Evidence]
) -> dict[str, object]:
    share = window.counted / max(1, window.texts)
    return {
        "summary": f"{brand_id}: draft rule {rule.name}, {window.counted} × {rule.counts} in {rule.minutes} minutes",
        "explanation": f"{window.counted} of {window.texts} texts in {rule.minutes} minutes count as {rule.counts}"
        f" ({share:.0%}); the rule asks for {rule.at_least} and {rule.share:.0%}."
        f" {usual:.1f} texts are usual in as many minutes; the rule asks for {rule.times_usual:g} times that.",
        "observed": {"counted": float(window.counted), "texts": float(window.texts)},
        "baseline": {"counted": float(rule.at_least), "texts": round(usual, 2)},
        "factors": {"share": round(share, 3)},
        "evidence": list(evidence),
    }
