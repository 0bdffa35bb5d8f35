"""What is said about a brand: two bursts in the same windows, of all texts (attention) and of harmful ones (harm).

What is said must be harm (`crisis.is_harmful`); then two ways lead to a crisis: harmful texts are far more than usual,
or texts are, however few. It outranks attention: while a crisis fires, mere talk about it is no alert of its own, and a
surge that turns into harm while it fires is the same alert, grown more severe:

    texts      ....++++++++++++++....        + far more than usual
    harmful    ..........########....        # many of them
    alert          S     C          R        surge, crisis, resolved: one fingerprint, one onset

Only a text opens an episode; time lets it fire, and lets it resolve.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from streams.alerts.alert import Alert, Severity
from streams.alerts.episode import Episode, Hysteresis, max_severity, new_alert
from streams.alerts.kinds import KINDS, AlertKind
from streams.clock import MINUTE_MS
from streams.detection.baseline.burst import ALARM_SURPRISE, WINDOW_MINUTES, Burst
from streams.detection.baseline.seasonality import hour_of_day
from streams.detection.brand import crisis
from streams.detection.brand.detector import BrandFacts
from streams.detection.brand.poll import Move
from streams.detection.brand.windows import HOUR_MINUTES, KEPT_MINUTES, Tally, Windows
from streams.detection.config import DetectionConfig
from streams.detection.evidence import EvidenceCollector
from streams.detection.feed_time import FeedTimes
from streams.detection.retractions import TakenBack
from streams.detection.watermark import KeyWatermark
from streams.events.schema import ScoredText
from streams.ledger.stored import Stored

RESOLVE_AFTER_MS = 10 * MINUTE_MS
"""What flares up again sooner is the same crisis."""
_WAIT_MS = 90_000
AFTER_A_WHILE = Hysteresis(fire_after_ms=_WAIT_MS, resolve_after_ms=RESOLVE_AFTER_MS)
AT_ONCE = Hysteresis(fire_after_ms=0, resolve_after_ms=RESOLVE_AFTER_MS)
CERTAIN = ALARM_SURPRISE + 1.0
"""Surprise from which an alert fires without waiting."""
MIN_TEXTS = 15
"""Fewer texts are no burst, and fewer harmful ones no rise of harm: in five minutes, or in an hour of a low-volume
brand."""
REWRITE_MS = 5 * MINUTE_MS
"""A firing alert is written again this often, with the figures of that moment."""


@dataclass(frozen=True, slots=True)
class EpisodeCondition:
    """Whether the cause of an episode holds at a moment, and how long it must."""

    now_ms: int
    holds: bool
    calm: bool
    hysteresis: Hysteresis


class ConversationState(Stored):
    """What is remembered of the conversation about a brand."""

    windows: Windows
    volume: Burst = msgspec.field(default_factory=Burst)
    harm: Burst = msgspec.field(default_factory=Burst)
    crisis: Episode | None = None
    attention: Episode | None = None
    evidence: EvidenceCollector = msgspec.field(default_factory=EvidenceCollector)
    resolved_ms: int = 0
    """When the last alert that had fired resolved: texts from before open no other."""
    held_minute: int = 0
    """The last minute whose window was alarming."""


class TalkedOfBrand(BrandFacts, Protocol):
    """The brand's state as this detector reads and writes it."""

    conversation: ConversationState
    times: FeedTimes
    watermark: KeyWatermark


def usual_per_minute(state: ConversationState, minute: int, zone: str = "UTC") -> float | None:
    """The brand's level of texts at a minute; None where no window is complete yet."""
    level = state.volume.short
    return level.texts(hour_of_day(minute * MINUTE_MS, zone)) / WINDOW_MINUTES if level.windows else None


class ConversationDetector:
    """A BrandDetector."""

    def __init__(self, brand: TalkedOfBrand, config: DetectionConfig) -> None:
        self.state = brand.conversation
        self._brand = brand
        self._brand_id = brand.brand_id
        self._config = config
        self._late = False
        self._onset_minute = 0
        """Of the late text in hand."""
        self._slide(brand.minute)

    @property
    def alerting(self) -> bool:
        return self.state.crisis is not None or self.state.attention is not None

    def on_text(self, text: ScoredText, now_ms: int, *, is_timed: bool) -> Iterator[Alert]:  # noqa: ARG002 - it waits
        """Count the text and evaluate the window that ends with its minute, which may lie before or after `now_ms`."""
        added = crisis.tally(text)
        minute = text.event_time_ms // MINUTE_MS
        if not self._counts(minute, now_ms):
            return
        self.state.windows.add(minute, added)
        if not self.state.volume.short.windows:
            self.state.windows.begin_no_later_than(minute)
        self._late = text.event_time_ms < now_ms - self._config.lateness_ms
        self._onset_minute = minute
        if self._late:
            self._slide(self.state.windows.fullest(minute))
        elif minute == self._last_minute and not self._low_volume:
            self._window.add(added)
        else:
            self._slide(minute)
        opinionated = bool(added.harm or added.positive or not added.scored)
        tone = crisis.tone(added)
        weight = crisis.praise_weight(text) if tone == "praise" else crisis.weight(text)
        self.state.evidence.add(text, weight, opinionated=opinionated, tone=tone)
        opens = text.event_time_ms > self.state.resolved_ms
        if opens or self.state.crisis:
            yield from self._evaluate_harm(now_ms)
        if opens or self.state.attention:
            yield from self._evaluate_attention(now_ms)

    def on_seller_text(self, text: ScoredText, now_ms: int) -> Iterable[Alert]:  # noqa: ARG002 - no conversation
        return ()

    def on_amendment(self, minute: int, before: Tally, after: Tally) -> None:
        """The scores change the shares of the text's minute, not its count."""
        self.state.windows.replace(minute, before, after)
        self._slide(self._last_minute)

    def on_recount(self, moves: Sequence[Move], now_ms: int) -> Iterable[Alert]:  # noqa: ARG002 - windows have moved
        self._slide(self._last_minute)
        return ()

    def on_retraction(self, taken: TakenBack, now_ms: int) -> Iterator[Alert]:
        state = self.state
        for counted in taken.counted:
            state.windows.take_back(counted.minute, counted.tally)
            if counted.tally.texts:
                tally = counted.tally
                took_side = bool(tally.harm or tally.positive or not tally.scored or counted.came_unscored)
                state.evidence.take_back(taken.covers, counted.actor_id, [(counted.wording, took_side)])
        state.evidence.take_back(taken.covers, None, ())
        if taken.counted:
            self._slide(self._last_minute)
        for episode in (state.crisis, state.attention):
            if episode is not None and episode.withdraw(taken.covers, taken.account_id, now_ms):
                yield episode.alert

    def on_minute(self, minute: int) -> Iterator[Alert]:
        """Learn the windows whose late texts have come; evaluate running episodes over the minutes that are over, and
        whose texts have come."""
        waited_ms = self._brand.times.waited_ms(self._config)
        # An idle brand learns nothing: whether it is quiet or its feed late is known when it speaks again.
        learnable_ms = minute * MINUTE_MS if self.alerting else min(minute * MINUTE_MS, self._brand.watermark.newest_ms)
        self._learn((learnable_ms - waited_ms) // MINUTE_MS)
        if not self.alerting:
            return
        self._late = False
        over_minute = minute - 1 - (waited_ms - self._config.lateness_ms) // MINUTE_MS
        if over_minute < minute - 1 and over_minute <= self.state.held_minute:
            return
        self._slide(over_minute)
        if self.state.crisis:
            yield from self._evaluate_harm(minute * MINUTE_MS)
        if self.state.attention:
            yield from self._evaluate_attention(minute * MINUTE_MS)
        for episode in (self.state.crisis, self.state.attention):
            if episode is not None and episode.firing and episode.calm_since_ms is None:
                episode.note(**self._figures(episode.alert.kind, episode.alert))

    def running(self, now_ms: int) -> Iterator[Alert]:
        """The peak with what is said now beside it; a higher peak is shown before it is due to be written."""
        for episode in (self.state.crisis, self.state.attention):
            if episode is not None and episode.firing:
                yield self._as_of(episode, now_ms)

    def _as_of(self, episode: Episode, now_ms: int) -> Alert:
        windows, minute, alert = self.state.windows, self._brand.minute, episode.alert
        last_minute = windows.minutes.get(minute - 1, Tally())
        present = crisis.present(windows.ending(minute, self._minutes), last_minute, self._minutes)
        fields = self._evidence_fields(alert.kind) if episode.calm_since_ms else self._figures(alert.kind, alert)
        return episode.as_of(episode.calm_since_ms, AT_ONCE, updated_at=now_ms, present=present, **fields)

    def _counts(self, minute: int, now_ms: int) -> bool:
        """Whether the minute is still counted; what is older than is kept changes nothing."""
        return minute >= now_ms // MINUTE_MS - KEPT_MINUTES - self._waited_minutes

    @property
    def _waited_minutes(self) -> int:
        return self._brand.times.waited_ms(self._config) // MINUTE_MS

    @property
    def _zone(self) -> str:
        return self._config.zone_of(self._brand_id)

    def _learn(self, minute: int) -> None:
        """Let the baselines learn the windows that lie before this minute, with all their late texts."""
        state, waited_minutes = self.state, self._waited_minutes
        state.windows.skip_silence(minute)
        for window in state.windows.complete(minute, keep_minutes=KEPT_MINUTES + waited_minutes):
            hour = hour_of_day((state.windows.next_start - 1) * MINUTE_MS, self._zone)
            state.volume.learn(window.texts, hour)
            state.harm.learn(window.weighted_harm, hour)
            # As of when it was complete, so that a state that catches up over several windows forgets the same.
            around = state.windows.ending(state.windows.next_start - 1 + waited_minutes)
            if not self.alerting and state.volume.calm(around.texts, hour):
                state.evidence.reset()

    def _slide(self, minute: int) -> None:
        """Slide the window so that it ends with this minute: five minutes, or the hour of a low-volume brand that has
        enough texts."""
        self._last_minute = minute
        self._hour = hour_of_day(minute * MINUTE_MS, self._zone)
        self._low_volume, self._minutes = self.state.volume.is_low_volume, WINDOW_MINUTES
        self._window = self.state.windows.ending(minute)
        if self._low_volume:
            hour = self.state.windows.ending(minute, HOUR_MINUTES)
            if hour.texts >= MIN_TEXTS:
                self._minutes, self._window = HOUR_MINUTES, hour

    def _evaluate_harm(self, now_ms: int) -> Iterator[Alert]:
        state, window = self.state, self._window
        surprise = attention = 0.0
        if crisis.is_harmful(window):
            if self._minutes == HOUR_MINUTES:
                surprise = CERTAIN if window.share(window.harm) >= 1 / 2 else 0.0
            else:
                attention = self._attention()
                if window.weighted_harm >= MIN_TEXTS and crisis.is_substantial(window):
                    surprise = state.harm.surprise(window.weighted_harm, self._hour)
        holds = max(surprise, attention) >= ALARM_SURPRISE
        if state.crisis is None and not holds:
            return
        hysteresis = self._hysteresis(holds, max(surprise, attention))
        # A crisis lasts for as long as it is talked about, unless the talk has turned.
        turned = window.share(window.harm) < crisis.CRISIS_SHARE / 2
        calm = state.harm.calm(window.weighted_harm, self._hour) and (
            turned or state.volume.calm(window.texts, self._hour)
        )
        condition = EpisodeCondition(now_ms, holds, calm and not holds, hysteresis)
        kind = crisis.harm_kind(window, state.windows.abuse_of_day(self._last_minute))
        attention_episode = state.attention
        if attention_episode is not None and attention_episode.firing and self._fires(state.crisis, condition):
            yield from self._escalate(attention_episode, kind, now_ms)
        elif state.crisis is not None and state.crisis.firing and self._turns_violent(state.crisis, kind, holds):
            self._become(state.crisis, kind, now_ms)
            yield state.crisis.alert
        else:
            state.crisis = yield from self._update(state.crisis, kind, condition)

    def _turns_violent(self, episode: Episode, kind: AlertKind, holds: bool) -> bool:
        """Whether a crisis that fires is violence by now; violence that calms down stays what it was."""
        return holds and episode.alert.kind == "crisis" and kind == "cyber_violence"

    def _hysteresis(self, holds: bool, surprise: float) -> Hysteresis:
        """How long a surprise must last: not at all where it is certain, or lies back far enough to have lasted."""
        if holds:
            self.state.held_minute = max(self.state.held_minute, self._last_minute)
        return AT_ONCE if surprise >= CERTAIN or self._late else AFTER_A_WHILE

    def _fires(self, episode: Episode | None, condition: EpisodeCondition) -> bool:
        """Whether it fires now: one that is only opened now does where there is nothing to wait for."""
        if episode is None:
            return condition.holds and not condition.hysteresis.fire_after_ms
        return condition.holds and episode.due(condition.now_ms, condition.hysteresis)

    def _escalate(self, attention_episode: Episode, kind: AlertKind, now_ms: int) -> Iterator[Alert]:
        """Make the alert of a surge the crisis's, with its fingerprint; a pending alert of the crisis ends unfired."""
        state = self.state
        if state.crisis is not None:
            state.crisis.resolve(now_ms)
            yield state.crisis.alert
        state.crisis, state.attention = attention_episode, None
        self._become(attention_episode, kind, now_ms)
        yield attention_episode.alert

    def _become(self, episode: Episode, kind: AlertKind, now_ms: int) -> None:
        """Give a firing alert another kind; its fingerprint stays."""
        episode.calm_since_ms = None
        before = msgspec.structs.replace(episode.alert, observed={})
        episode.revise(now_ms, kind=kind, runbook=KINDS[kind].runbook, **self._alert_fields(kind, before))

    def _evaluate_attention(self, now_ms: int) -> Iterator[Alert]:
        state, attention = self.state, self._attention()
        outranked, holds = state.crisis is not None and state.crisis.firing, attention >= ALARM_SURPRISE
        if state.attention is None and (outranked or not holds):
            return
        fires = state.attention is not None and state.attention.firing
        if state.crisis is not None and not outranked and not fires and state.crisis.since_ms > now_ms - _WAIT_MS:
            return  # the crisis is pending: either it fires, or attention does after it
        calm = outranked or (not holds and state.volume.calm(self._window.texts, self._hour))
        condition = EpisodeCondition(now_ms, holds and not calm, calm, self._hysteresis(holds and not calm, attention))
        state.attention = yield from self._update(state.attention, crisis.attention_kind(self._window), condition)

    def _attention(self) -> float:
        """The surprise of the window's texts; an obvious burst is certain."""
        state, minute, texts = self.state, self._last_minute, self._window.texts
        if texts < MIN_TEXTS:
            return 0.0
        if self._minutes == HOUR_MINUTES:
            return CERTAIN
        obvious = state.volume.is_obvious(
            state.windows.ten_minutes(minute), state.windows.learned_since(minute - 9), self._hour
        )
        return CERTAIN if obvious else state.volume.surprise(texts, self._hour)

    def _update(
        self, episode: Episode | None, kind: AlertKind, condition: EpisodeCondition
    ) -> Generator[Alert, None, Episode | None]:
        """Open an episode or step it; returns it while it runs. Its kind is settled when it fires."""
        if episode is None:
            episode = self._open(kind, condition.now_ms)
            yield episode.alert
        elif condition.holds and episode.alert.kind != kind and episode.due(condition.now_ms, condition.hysteresis):
            episode.resolve(condition.now_ms)
            yield episode.alert
            episode = self._open(kind, condition.now_ms, episode)
        before = episode.alert
        changed = episode.step(
            condition.now_ms, holds=condition.holds, calm=condition.calm, hysteresis=condition.hysteresis
        )
        if condition.holds and (changed or self._needs_update(before, condition.now_ms)):
            episode.revise(condition.now_ms, **self._alert_fields(kind, before))
            if before.state == "pending":
                episode.revise(condition.now_ms, first_severity=episode.alert.severity)
            changed = episode.firing
        elif changed and before.state == "firing":
            episode.revise(condition.now_ms, **self._evidence_fields(episode.alert.kind))
            self.state.resolved_ms = condition.now_ms
        if changed:
            yield episode.alert
        return None if episode.over else episode

    def _open(self, kind: AlertKind, now_ms: int, earlier: Episode | None = None) -> Episode:
        counted, burst = ("texts", self.state.volume) if kind in crisis.ATTENTION else ("harm", self.state.harm)
        last_minute = self._onset_minute if self._late else self._last_minute
        onset = self.state.windows.onset(last_minute, burst.short.texts(self._hour) / WINDOW_MINUTES, counted)
        alert = new_alert(
            kind,
            self._brand_id,
            started_at_ms=earlier.alert.started_at if earlier else onset * MINUTE_MS,
            now_ms=now_ms,
            severity="info",
            summary="",
            explanation="",
        )
        episode = Episode(alert, since_ms=earlier.since_ms if earlier else now_ms)
        episode.revise(now_ms, **self._alert_fields(kind, alert))
        return episode

    def _needs_update(self, alert: Alert, now_ms: int) -> bool:
        """Whether a firing alert is written again: it grew more severe, or was last written some minutes ago."""
        if alert.state != "firing":
            return False
        return (
            now_ms - alert.updated_at >= REWRITE_MS
            or max_severity(alert.severity, self._severity(alert.kind)) != alert.severity
        )

    def _factors(self, kind: AlertKind) -> dict[str, float]:
        state, window = self.state, self._window
        counted, burst = (
            (window.texts, state.volume) if kind in crisis.ATTENTION else (window.weighted_harm, state.harm)
        )
        return crisis.factors(window, counted, burst, state.windows, self._last_minute, self._minutes, zone=self._zone)

    def _severity(self, kind: AlertKind) -> Severity:
        severe = crisis.severity(kind, self._factors(kind), self._window)
        # Never critical: bursts that took an hour, and bursts from a handful of accounts.
        capped = self._minutes == HOUR_MINUTES or self.state.evidence.few_accounts()
        return "warning" if severe == "critical" and capped else severe

    def _alert_fields(self, kind: AlertKind, before: Alert) -> dict[str, Any]:
        """The alert's severity, figures and sentences."""
        return {"severity": self._severity(kind), **self._figures(kind, before)}

    def _figures(self, kind: AlertKind, before: Alert) -> dict[str, Any]:
        """The alert's figures and sentences, of the worst window so far, and its evidence."""
        state, window = self.state, self._window
        coordination, accounts = state.evidence.coordination(), state.evidence.few_accounts_share()
        fields = self._evidence_fields(kind)
        if window.texts < before.observed.get("texts", 0):
            return fields | {"factors": before.factors | {"coordination": round(coordination, 3)}}
        usual = before.baseline or crisis.baseline(state.volume, state.harm, self._hour, self._minutes)
        return fields | {
            "summary": crisis.summary(kind, self._brand_id, window, usual, self._minutes),
            "explanation": crisis.explanation(window, usual, coordination, accounts, self._minutes),
            "observed": crisis.observed(window),
            "window_minutes": self._minutes,
            "baseline": usual,
            "factors": self._factors(kind) | {"coordination": round(coordination, 3)},
        }

    def _evidence_fields(self, kind: AlertKind) -> dict[str, Any]:
        return {"evidence": crisis.evidence(kind, self.state.evidence), "spreaders": self.state.evidence.spreaders()}
