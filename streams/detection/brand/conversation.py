"""What is said about a brand: two bursts in the same windows, of all texts (attention) and of harmful ones (harm).

Harm outranks attention: while a crisis fires, mere talk about it is no alert of its own, and talk that fires when it
turns into harm is the same alert, grown graver:

    texts      ....++++++++++++++....        + far more than usual
    harmful    ..........########....        # many of them
    alert          S     C          R        surge, crisis, resolved: one fingerprint, one onset

Only a text opens an episode; time lets it fire, and lets it resolve.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from streams.alerts.alert import Alert, Severity
from streams.alerts.episode import Episode, Hysteresis, max_severity, new_alert
from streams.alerts.kinds import KINDS, AlertKind
from streams.clock import MINUTE_MS
from streams.detection.baseline.burst import ALARM_SURPRISE, WINDOW_MINUTES, Burst
from streams.detection.baseline.seasonality import hour_of_day
from streams.detection.brand import crisis
from streams.detection.brand.windows import Windows
from streams.detection.evidence import EvidenceCollector
from streams.events.schema import ScoredText
from streams.ledger.stored import Stored

RESOLVE_AFTER_MS = 10 * MINUTE_MS
"""What flares up again sooner is the same crisis."""
_WAIT_MS = 90_000
PATIENCE = Hysteresis(fire_after_ms=_WAIT_MS, resolve_after_ms=RESOLVE_AFTER_MS)
AT_ONCE = Hysteresis(fire_after_ms=0, resolve_after_ms=RESOLVE_AFTER_MS)
SURE = ALARM_SURPRISE + 1.0
"""So rare a window that its alert fires at once."""
MIN_TEXTS = 15
"""Fewer in five minutes, of a quiet brand in an hour, are nothing to be told of; nor are fewer that are harmful."""
HOUR_MINUTES = 60
REWRITE_MS = 5 * MINUTE_MS
"""A firing alert is written again this often, with the figures as they stand."""


@dataclass(frozen=True, slots=True)
class Stands:
    """How things stand for an episode at a moment."""

    now_ms: int
    holds: bool
    calm: bool
    patience: Hysteresis


class TalkState(Stored):
    """What is remembered of the talk about a brand."""

    windows: Windows
    volume: Burst = msgspec.field(default_factory=Burst)
    harm: Burst = msgspec.field(default_factory=Burst)
    crisis: Episode | None = None
    attention: Episode | None = None
    witnesses: EvidenceCollector = msgspec.field(default_factory=EvidenceCollector)
    resolved_ms: int = 0
    """When the last alert that had fired resolved: what was said before opens no other."""


class Conversation:
    """The running detectors. A minute is one of event time since the epoch."""

    def __init__(self, brand_id: str, state: TalkState, now_minute: int) -> None:
        self.state = state
        self._brand_id = brand_id
        self._look(now_minute)

    @property
    def alerting(self) -> bool:
        return self.state.crisis is not None or self.state.attention is not None

    @property
    def usual_per_minute(self) -> float | None:
        """The brand's level of texts; None where no window is complete yet."""
        level = self.state.volume.short
        return level.texts(self._hour) / WINDOW_MINUTES if level.windows else None

    def hear(self, text: ScoredText, now_ms: int) -> Iterator[Alert]:
        """Count a text and look at the window that ends with its minute, which may lie before or ahead of the clock."""
        added = crisis.tally(text)
        minute = text.event_time_ms // MINUTE_MS
        self.state.windows.add(minute, added)
        if minute == self._last_minute and not self._quiet:
            self._window.add(added)
        else:
            self._look(minute)
        charged = bool(added.harm or added.positive or not added.scored)
        self.state.witnesses.hear(text, crisis.weight(text), charged=charged)
        opens = text.event_time_ms > self.state.resolved_ms
        if opens or self.state.crisis:
            yield from self._weigh_harm(now_ms)
        if opens or self.state.attention:
            yield from self._weigh_attention(now_ms)

    def amend(self, text: ScoredText) -> None:
        """A text that was heard unscored has its scores now: it changes its minute's shares, not its count."""
        minute, scored = text.event_time_ms // MINUTE_MS, crisis.tally(text)
        if minute in self.state.windows.minutes:
            scored.texts = scored.followers = 0
            self.state.windows.add(minute, scored)
            self._look(self._last_minute)

    def begin(self, minute: int) -> Iterator[Alert]:
        """A minute begins: running episodes look at the five that are over."""
        if self.alerting:
            self._look(minute - 1)
        if self.state.crisis:
            yield from self._weigh_harm(minute * MINUTE_MS)
        if self.state.attention:
            yield from self._weigh_attention(minute * MINUTE_MS)

    def learn(self, minute: int, lateness_minutes: int) -> None:
        """The baselines take in the windows that lie before this minute, with all their late texts."""
        state = self.state
        for window in state.windows.complete(minute):
            hour = hour_of_day((state.windows.next_start - 1) * MINUTE_MS)
            state.volume.learn(window.texts, hour)
            state.harm.learn(window.weighted_harm, hour)
            # Looked at as of when it was complete: a state that lives through several windows at once forgets alike.
            around = state.windows.ending(state.windows.next_start - 1 + lateness_minutes)
            if not self.alerting and state.volume.calm(around.texts, hour):
                state.witnesses.forget()

    def _look(self, minute: int) -> None:
        """Slide the window so that this is its last minute: five minutes, or for a quiet brand that stirs an hour."""
        self._last_minute = minute
        self._hour = hour_of_day(minute * MINUTE_MS)
        self._quiet, self._minutes = self.state.volume.quiet, WINDOW_MINUTES
        self._window = self.state.windows.ending(minute)
        if self._quiet:
            hour = self.state.windows.ending(minute, HOUR_MINUTES)
            if hour.texts >= MIN_TEXTS:
                self._minutes, self._window = HOUR_MINUTES, hour

    def _weigh_harm(self, now_ms: int) -> Iterator[Alert]:
        state, window = self.state, self._window
        surprise = attention = 0.0
        if self._minutes == HOUR_MINUTES:
            surprise = SURE if window.share(window.harm) >= 1 / 2 else 0.0
        elif window.weighted_harm >= MIN_TEXTS and crisis.weighty(window):
            surprise = state.harm.surprise(window.weighted_harm, self._hour)
            attention = self._attention() if window.share(window.harm) >= crisis.CRISIS_SHARE else 0.0
        holds = max(surprise, attention) >= ALARM_SURPRISE
        if state.crisis is None and not holds:
            return
        patience = AT_ONCE if max(surprise, attention) >= SURE else PATIENCE
        # A crisis lasts for as long as it is talked about, unless the talk has turned.
        turned = window.share(window.harm) < crisis.CRISIS_SHARE / 2
        calm = state.harm.calm(window.weighted_harm, self._hour) and (
            turned or state.volume.calm(window.texts, self._hour)
        )
        stands = Stands(now_ms, holds, calm and not holds, patience)
        kind, talked_of = crisis.harm_kind(window), state.attention
        if talked_of is not None and talked_of.firing and self._fires(state.crisis, stands):
            yield from self._turn(talked_of, kind, now_ms)
        else:
            state.crisis = yield from self._episode(state.crisis, kind, stands)

    def _fires(self, episode: Episode | None, stands: Stands) -> bool:
        """Whether it fires now: one that is only opened now does where there is nothing to wait for."""
        if episode is None:
            return stands.holds and not stands.patience.fire_after_ms
        return stands.holds and episode.due(stands.now_ms, stands.patience)

    def _turn(self, talked_of: Episode, kind: AlertKind, now_ms: int) -> Iterator[Alert]:
        """The talk's alert becomes the crisis's; what was pending of that ends unfired."""
        state = self.state
        if state.crisis is not None:
            state.crisis.resolve(now_ms)
            yield state.crisis.alert
        state.crisis, state.attention = talked_of, None
        talked_of.calm_since_ms = None
        before = msgspec.structs.replace(talked_of.alert, observed={})
        talked_of.revise(now_ms, kind=kind, runbook=KINDS[kind].runbook, **self._told(kind, before))
        yield talked_of.alert

    def _weigh_attention(self, now_ms: int) -> Iterator[Alert]:
        state, attention = self.state, self._attention()
        outranked, holds = state.crisis is not None and state.crisis.firing, attention >= ALARM_SURPRISE
        if state.attention is None and (outranked or not holds):
            return
        talked_of = state.attention is not None and state.attention.firing
        if state.crisis is not None and not outranked and not talked_of and state.crisis.since_ms > now_ms - _WAIT_MS:
            return  # harm is being looked at twice: it fires, or this does
        calm = outranked or (not holds and state.volume.calm(self._window.texts, self._hour))
        stands = Stands(now_ms, holds and not calm, calm, AT_ONCE if attention >= SURE else PATIENCE)
        state.attention = yield from self._episode(state.attention, crisis.attention_kind(self._window), stands)

    def _attention(self) -> float:
        """The surprise of the window's texts; a plain burst leaves no doubt."""
        state, minute, texts = self.state, self._last_minute, self._window.texts
        if texts < MIN_TEXTS:
            return 0.0
        if self._minutes == HOUR_MINUTES:
            return SURE
        plain = state.volume.plain(
            state.windows.ten_minutes(minute), state.windows.learned_since(minute - 9), self._hour
        )
        return SURE if plain else state.volume.surprise(texts, self._hour)

    def _episode(
        self, episode: Episode | None, kind: AlertKind, stands: Stands
    ) -> Generator[Alert, None, Episode | None]:
        """Open an episode or let it take in how things stand; what is left of it. The kind is settled when it fires."""
        if episode is None:
            episode = self._open(kind, stands.now_ms)
            yield episode.alert
        elif stands.holds and episode.alert.kind != kind and episode.due(stands.now_ms, stands.patience):
            episode.resolve(stands.now_ms)
            yield episode.alert
            episode = self._open(kind, stands.now_ms, episode)
        before = episode.alert
        changed = episode.step(stands.now_ms, holds=stands.holds, calm=stands.calm, patience=stands.patience)
        if stands.holds and (changed or self._news(before, stands.now_ms)):
            episode.revise(stands.now_ms, **self._told(kind, before))
            changed = episode.firing
        elif changed and before.state == "firing":
            episode.revise(stands.now_ms, **self._carried())
            self.state.resolved_ms = stands.now_ms
        if changed:
            yield episode.alert
        return None if episode.over else episode

    def _open(self, kind: AlertKind, now_ms: int, earlier: Episode | None = None) -> Episode:
        counted, burst = ("texts", self.state.volume) if kind in crisis.ATTENTION else ("harm", self.state.harm)
        onset = self.state.windows.onset(self._last_minute, burst.short.texts(self._hour) / WINDOW_MINUTES, counted)
        alert = new_alert(
            kind, self._brand_id, started_at_ms=earlier.alert.started_at if earlier else onset * MINUTE_MS,
            now_ms=now_ms, severity="info", summary="", explanation="",
        )  # fmt: skip
        episode = Episode(alert, since_ms=earlier.since_ms if earlier else now_ms)
        episode.revise(now_ms, **self._told(kind, alert))
        return episode

    def _news(self, alert: Alert, now_ms: int) -> bool:
        """Whether a firing alert is to be written again: it grew more severe, or has not been for some minutes."""
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
        return crisis.factors(window, counted, burst, state.windows, self._last_minute, self._minutes)

    def _severity(self, kind: AlertKind) -> Severity:
        severe = crisis.severity(kind, self._factors(kind), self._window)
        # What takes an hour to come wakes nobody, nor one person who pastes a complaint a hundred times.
        slow = self._minutes == HOUR_MINUTES or self.state.witnesses.few_voices()
        return "warning" if severe == "critical" and slow else severe

    def _told(self, kind: AlertKind, before: Alert) -> dict[str, Any]:
        """What the alert says, of the window that is the worst so far."""
        state, window = self.state, self._window
        coordination, accounts = state.witnesses.coordination(), state.witnesses.few_accounts_share()
        told = {"severity": self._severity(kind), **self._carried()}
        if window.texts < before.observed.get("texts", 0):
            return told | {"factors": before.factors | {"coordination": round(coordination, 3)}}
        usual = before.baseline or crisis.baseline(state.volume, state.harm, self._hour, self._minutes)
        return told | {
            "summary": crisis.summary(kind, self._brand_id, window, usual, self._minutes),
            "explanation": crisis.explanation(window, usual, coordination, accounts, self._minutes),
            "observed": crisis.observed(window),
            "baseline": usual,
            "factors": self._factors(kind) | {"coordination": round(coordination, 3)},
        }

    def _carried(self) -> dict[str, Any]:
        return {"evidence": self.state.witnesses.evidence(), "spreaders": self.state.witnesses.spreaders()}
