"""Alert rules of people (streams.alerts.rule), evaluated in shadow over the brand's texts: recorded, paging nobody."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from models.labels import RISKS
from streams.alerts.alert import Alert, Evidence
from streams.alerts.episode import Episode, Hysteresis, new_alert
from streams.alerts.rule import MAX_MINUTES, AlertRule, AlertRuleFile, Label
from streams.clock import MINUTE_MS
from streams.detection.brand.conversation import ConversationState, usual_per_minute
from streams.detection.brand.crisis import tally
from streams.detection.brand.detector import BrandFacts
from streams.detection.brand.poll import Move, PolledMinute
from streams.detection.brand.windows import Tally
from streams.detection.config import DetectionConfig
from streams.detection.evidence import SHOWN_TEXTS, evidence_of
from streams.detection.retractions import TakenBack
from streams.errors import UsageError
from streams.events.schema import ScoredText
from streams.ledger.stored import Stored
from streams.yaml_records import read_record

HYSTERESIS = Hysteresis(fire_after_ms=0, resolve_after_ms=4 * MINUTE_MS)


class RuleMinute(Stored):
    """Texts of a minute, and those of them that the rule counts."""

    texts: int = 0
    counted: int = 0


class AlertRuleState(Stored):
    """What is remembered of a rule over one brand."""

    minutes: dict[int, RuleMinute] = {}
    episode: Episode | None = None
    evidence: list[Evidence] = []
    """The latest that were counted."""


def read_alert_rules(path: Path) -> tuple[AlertRule, ...]:
    """Read a file of alert rules. Raises UsageError with the line that is wrong."""
    rules = read_record(path, AlertRuleFile).rules
    names = [rule.name for rule in rules]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"{path}: rule {twice} is there twice")
    if not rules:
        raise UsageError(f"{path}: no rule in it")
    return rules


class RuledBrand(BrandFacts, Protocol):
    """The brand's state as this detector reads and writes it; the conversation is read alone."""

    conversation: ConversationState
    shadow_rules: dict[str, AlertRuleState]


class AlertRuleDetector:
    """A BrandDetector."""

    def __init__(self, brand: RuledBrand, config: DetectionConfig) -> None:
        self._brand = brand
        self._states = brand.shadow_rules
        self._config = config
        self._rules = {
            rule.name: rule for rule in config.shadow_rules if not rule.brands or brand.brand_id in rule.brands
        }

    @property
    def alerting(self) -> bool:
        return any(state.episode for state in self._states.values())

    def on_text(self, text: ScoredText, now_ms: int, *, is_timed: bool) -> Iterator[Alert]:
        minute = text.event_time_ms // MINUTE_MS
        for name, rule in self._rules.items():
            state = self._states.setdefault(name, AlertRuleState())
            counts = state.minutes.setdefault(minute, RuleMinute())
            counts.texts += 1
            if _counts(rule.counts, text):
                counts.counted += 1
                state.evidence.append(evidence_of(text))
                del state.evidence[:-SHOWN_TEXTS]
                if is_timed:
                    yield from self._evaluate(rule, state, _last(state, rule, minute), now_ms)

    def on_seller_text(self, text: ScoredText, now_ms: int) -> Iterable[Alert]:  # noqa: ARG002 - rules read what others say
        return ()

    def on_amendment(self, minute: int, before: Tally, after: Tally) -> None:
        """A text keeps the labels that it came with."""

    def on_recount(self, moves: Sequence[Move], now_ms: int) -> Iterator[Alert]:
        for name, rule in self._rules.items():
            state = self._states.get(name, AlertRuleState())
            moved = [move for move in moves if move.before in state.minutes]
            for before, after, texts in moved:
                counted = _counted(rule.counts, texts)
                for minute, sign in ((before, -1), (after, 1)):
                    counts = state.minutes.setdefault(minute, RuleMinute())
                    counts.texts = max(0, counts.texts + sign * texts.tally.texts)
                    counts.counted = max(0, counts.counted + sign * counted)
            for minute in sorted({_last(state, rule, move.after) for move in moved}):
                yield from self._evaluate(rule, state, minute, now_ms)

    def on_retraction(self, taken: TakenBack, now_ms: int) -> Iterator[Alert]:
        """The quotes go; a rule's counts are of labels, and keep the text until its minutes have passed."""
        for state in self._states.values():
            state.evidence = [evidence for evidence in state.evidence if not taken.covers(evidence)]
            if state.episode is not None and state.episode.withdraw(taken.covers, taken.account_id, now_ms):
                yield state.episode.alert

    def running(self, now_ms: int) -> Iterator[Alert]:  # noqa: ARG002 - a rule's figures are those of its worst window
        return (state.episode.alert for state in self._states.values() if state.episode and state.episode.firing)

    def on_minute(self, minute: int) -> Iterator[Alert]:
        """Evaluate the running episodes; one whose rule was withdrawn ends."""
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
                yield from self._evaluate(rule, state, minute - 1, minute * MINUTE_MS)

    def _evaluate(self, rule: AlertRule, state: AlertRuleState, minute: int, now_ms: int) -> Iterator[Alert]:
        """Evaluate the rule over the minutes that end with `minute`."""
        window = _window(state, rule, minute)
        level = usual_per_minute(self._brand.conversation, minute, self._config.zone_of(self._brand.brand_id))
        usual = (level or 0.0) * rule.minutes
        known = level is not None or not rule.times_usual
        loud = window.texts / max(1.0, rule.times_usual * usual)
        holds = known and window.counted >= rule.at_least and window.counted >= rule.share * window.texts and loud >= 1
        if state.episode is None:
            if not holds:
                return
            state.episode = Episode(self._new_alert(rule, minute, now_ms), since_ms=now_ms)
        calm = window.counted < rule.at_least / 2 or loud < 1 / 2
        worst = window.counted >= state.episode.alert.observed.get("counted", 0)
        if holds and worst:
            fields = _alert_fields(rule, self._brand.brand_id, window, usual, state.evidence)
            state.episode.revise(now_ms, **fields)
        if state.episode.step(now_ms, holds=holds, calm=calm, hysteresis=HYSTERESIS):
            yield state.episode.alert
        if state.episode.over:
            state.episode = None

    def _new_alert(self, rule: AlertRule, minute: int, now_ms: int) -> Alert:
        return new_alert(
            rule.kind,
            self._brand.brand_id,
            started_at_ms=(minute - rule.minutes + 1) * MINUTE_MS,
            now_ms=now_ms,
            severity=rule.severity,
            summary="",
            explanation="",
            subject=f"draft:{rule.name}",
            rule=rule.name,
            shadow=True,
        )


def _last(state: AlertRuleState, rule: AlertRule, minute: int) -> int:
    """The last minute that is heard of and whose window has this one: what lies behind may have come before, as where a
    poll brings the newest first."""
    return max(at for at in (minute, *state.minutes) if minute <= at < minute + rule.minutes)


def _counted(label: Label, texts: PolledMinute) -> int:
    """How many of them the rule counts."""
    if label == "texts":
        return texts.tally.texts
    if label == "harmful":
        return texts.tally.harm
    return sum(number for name, number in texts.labels.items() if name.endswith(f"|{label}"))


def _counts(label: Label, text: ScoredText) -> bool:
    if label == "texts":
        return True
    if label == "harmful":
        return tally(text).harm > 0
    return label in text.flagged if label in RISKS else text.sentiment == label


def _window(state: AlertRuleState, rule: AlertRule, minute: int) -> RuleMinute:
    total = RuleMinute()
    for at in range(minute - rule.minutes + 1, minute + 1):
        if at in state.minutes:
            total.texts += state.minutes[at].texts
            total.counted += state.minutes[at].counted
    return total


def _alert_fields(
    rule: AlertRule, brand_id: str, window: RuleMinute, usual: float, evidence: Sequence[Evidence]
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
