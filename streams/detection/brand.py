"""A brand's detectors over its scored texts: one state, one clock, alerts as they change.

Two bursts are watched in the same windows: of all texts (attention) and of harmful ones (harm). Harm outranks
attention: while a crisis fires, mere talk about it is no alert of its own.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from streams.alerting.alert import Alert, AlertKind, Severity
from streams.alerting.lifecycle import Episode, Patience, pending, worse
from streams.clock import MINUTE_MS
from streams.detection import compliance, crisis, silence
from streams.detection.burst import ALARM_SURPRISE, WINDOW_MINUTES, Burst
from streams.detection.clock import EventClock
from streams.detection.silence import Source
from streams.detection.watch import Watch
from streams.detection.windows import Windows
from streams.detection.witnesses import Witnesses
from streams.events.schema import ScoredText

PATIENCE = Patience(fire_after_ms=90_000, resolve_after_ms=4 * MINUTE_MS)
AT_ONCE = Patience(fire_after_ms=0, resolve_after_ms=4 * MINUTE_MS)
SURE = ALARM_SURPRISE + 1.0
"""So rare a window that its alert fires at once."""
LEAST_HARMFUL = 10
LEAST_TEXTS = 15
REWRITE_MS = 5 * MINUTE_MS
"""A firing alert is written again this often, with the figures as they stand."""
MOST_SOURCES = 64


@dataclass(frozen=True, slots=True)
class Stands:
    """How things stand for an episode at a moment."""

    now_ms: int
    holds: bool
    calm: bool
    patience: Patience


class BrandState(msgspec.Struct, array_like=True):
    """All that is remembered of a brand between two records; some kilobytes at most."""

    brand_id: str
    clock: EventClock
    windows: Windows
    minute: int
    """The last minute whose beginning was handled."""
    volume: Burst = msgspec.field(default_factory=Burst)
    harm: Burst = msgspec.field(default_factory=Burst)
    crisis: Episode | None = None
    attention: Episode | None = None
    witnesses: Witnesses = msgspec.field(default_factory=Witnesses)
    breaches: dict[str, compliance.Breach] = {}
    sources: dict[str, Source] = {}
    silences: dict[str, Episode] = {}
    late: int = 0
    heard_log_ms: int = 0


_thaw = msgspec.msgpack.Decoder(BrandState).decode
_freeze = msgspec.msgpack.Encoder().encode


class Brand:
    """The running detectors of one brand. `hear` and `idle` return the alerts to be written, in order."""

    def __init__(self, state: BrandState, watch: Watch) -> None:
        self.state = state
        self._watch = watch
        self._look(self._now_minute)

    @classmethod
    def fresh(cls, brand_id: str, event_ms: int, log_ms: int, watch: Watch) -> "Brand":
        minute = event_ms // MINUTE_MS
        clock = EventClock(event_ms, log_ms)
        return cls(BrandState(brand_id, clock, Windows(minute), minute), watch)

    def freeze(self) -> bytes:
        return _freeze(self.state)

    @property
    def obliged(self) -> bool:
        """Whether time alone may change something: an episode runs, or a feed may fall silent."""
        return self.alerting or bool(self.state.sources)

    @property
    def alerting(self) -> bool:
        state = self.state
        return bool(state.crisis or state.attention or state.breaches or state.silences)

    @property
    def heard_log_ms(self) -> int:
        return self.state.heard_log_ms

    @property
    def late(self) -> int:
        return self.state.late

    @property
    def now_ms(self) -> int:
        return self.state.clock.now_ms

    def hear(self, text: ScoredText, log_ms: int) -> list[Alert]:
        """A text of the brand. One that is later than is allowed changes no window and is counted."""
        now_ms = self.state.clock.heard(text.event_time_ms, log_ms)
        self.state.heard_log_ms = log_ms
        alerts = [] if text.room_id else list(self._hear_source(text))
        alerts += self._settle() if now_ms // MINUTE_MS > self.state.minute else ()
        if text.event_time_ms < now_ms - self._watch.lateness_ms:
            self.state.late += 1
            return alerts
        if compliance.judged(text):
            alerts += self._judge(text)
        else:
            self._count(text)
            alerts += self._weigh(now_ms, opens=True)
        return alerts

    def idle(self, log_ms: int) -> list[Alert]:
        """The log has moved on without the brand."""
        self.state.clock.idle(log_ms)
        return list(self._settle())

    def amend(self, text: ScoredText) -> None:
        """A text that was applied unscored has its scores now: it changes its minute's shares, not its count."""
        minute, scored = text.event_time_ms // MINUTE_MS, crisis.tally(text)
        if minute in self.state.windows.minutes:
            scored.texts = scored.followers = 0
            self.state.windows.add(minute, scored)
            self._look(self._now_minute)

    # Time.

    @property
    def _now_minute(self) -> int:
        return self.state.clock.now_ms // MINUTE_MS

    def _settle(self) -> Iterator[Alert]:
        """Handle the beginnings of minutes up to now: each while an episode runs, else those at which a feed is due."""
        state, now_minute = self.state, self._now_minute
        while state.minute < now_minute:
            state.minute = min(now_minute, max(state.minute + 1, self._next_minute()))
            now_ms = state.minute * MINUTE_MS
            self._learn((now_ms - self._watch.lateness_ms) // MINUTE_MS)
            if state.crisis or state.attention:
                self._look(state.minute - 1)
                yield from self._weigh(now_ms, opens=False)
            yield from self._quiet(now_ms)
            yield from self._listen(now_ms)
        self._look(now_minute)

    def _look(self, minute: int) -> None:
        """Slide the window so that this is its last minute."""
        self._last_minute = minute
        self._window = self.state.windows.ending(minute)

    def _next_minute(self) -> int:
        """The first minute at whose beginning time alone may change something; minutes before it can be skipped."""
        state = self.state
        if self.alerting:
            return state.minute + 1
        due_ms = [source.silent_at_ms(self._watch.feed_silent_ms) for source in state.sources.values()]
        return -(-min(due_ms, default=self.state.clock.now_ms) // MINUTE_MS)

    def _learn(self, minute: int) -> None:
        state = self.state
        for window in state.windows.complete(minute):
            state.volume.learn(window.texts)
            state.harm.learn(window.harm)
            # Looked at as of when it was complete: a state that lives through several windows at once forgets alike.
            around = state.windows.ending(state.windows.next_start - 1 + self._watch.lateness_ms // MINUTE_MS)
            if state.crisis is None and state.attention is None and state.volume.calm(around.texts):
                state.witnesses.forget()

    # Bursts.

    def _count(self, text: ScoredText) -> None:
        added = crisis.tally(text)
        minute = text.event_time_ms // MINUTE_MS
        self.state.windows.add(minute, added)
        if self._now_minute - WINDOW_MINUTES < minute:
            self._window.add(added)
        charged = bool(added.harm or added.positive or not added.scored)
        self.state.witnesses.hear(text, crisis.weight(text), charged=charged)

    def _weigh(self, now_ms: int, *, opens: bool) -> Iterator[Alert]:
        """Let the episodes take in the sliding window. Only a text opens one, never the mere passing of time."""
        if opens or self.state.crisis:
            yield from self._weigh_harm(now_ms)
        if opens or self.state.attention:
            yield from self._weigh_attention(now_ms)

    def _weigh_harm(self, now_ms: int) -> Iterator[Alert]:
        state, window = self.state, self._window
        surprise = attention = 0.0
        if window.harm >= LEAST_HARMFUL and crisis.weighty(window):
            surprise = state.harm.surprise(window.harm)
            attention = self._attention() if window.share(window.harm) >= crisis.CRISIS_SHARE else 0.0
        holds = max(surprise, attention) >= ALARM_SURPRISE
        if state.crisis is None and not holds:
            return
        patience = AT_ONCE if max(surprise, attention) >= SURE else PATIENCE
        # A crisis lasts for as long as it is talked about, unless the talk has turned.
        turned = window.share(window.harm) < crisis.CRISIS_SHARE / 2
        calm = state.harm.calm(window.harm) and (turned or state.volume.calm(window.texts))
        stands = Stands(now_ms, holds, calm and not holds, patience)
        state.crisis = yield from self._episode(state.crisis, crisis.harm_kind(window), stands)

    def _weigh_attention(self, now_ms: int) -> Iterator[Alert]:
        state, attention = self.state, self._attention()
        outranked, holds = state.crisis is not None and state.crisis.firing, attention >= ALARM_SURPRISE
        if state.attention is None and (outranked or not holds):
            return
        calm = outranked or (not holds and state.volume.calm(self._window.texts))
        stands = Stands(now_ms, holds and not calm, calm, AT_ONCE if attention >= SURE else PATIENCE)
        state.attention = yield from self._episode(state.attention, crisis.attention_kind(self._window), stands)

    def _attention(self) -> float:
        """The surprise of the window's texts; a plain burst leaves no doubt."""
        state, minute, texts = self.state, self._last_minute, self._window.texts
        if texts < LEAST_TEXTS:
            return 0.0
        plain = state.volume.plain(state.windows.ten_minutes(minute), state.windows.learned_since(minute - 9))
        return SURE if plain else state.volume.surprise(texts)

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
        if changed:
            yield episode.alert
        return None if episode.over else episode

    def _open(self, kind: AlertKind, now_ms: int, earlier: Episode | None = None) -> Episode:
        counted, burst = ("texts", self.state.volume) if kind in crisis.ATTENTION else ("harm", self.state.harm)
        onset = self.state.windows.onset(self._last_minute, burst.short.texts / WINDOW_MINUTES, counted)
        alert = pending(
            kind, self.state.brand_id, started_at_ms=earlier.alert.started_at if earlier else onset * MINUTE_MS,
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
            or worse(alert.severity, self._severity(alert.kind)) != alert.severity
        )

    def _factors(self, kind: AlertKind) -> dict[str, float]:
        state, window = self.state, self._window
        counted, burst = (window.texts, state.volume) if kind in crisis.ATTENTION else (window.harm, state.harm)
        return crisis.factors(window, counted, burst, state.windows, self._last_minute)

    def _severity(self, kind: AlertKind) -> Severity:
        severe = crisis.severity(kind, self._factors(kind), self._window)
        # One person who pastes a complaint a hundred times wakes nobody.
        return "warning" if severe == "critical" and self.state.witnesses.few_voices() else severe

    def _told(self, kind: AlertKind, before: Alert) -> dict[str, Any]:
        """What the alert says, of the window that is the worst so far."""
        state, window = self.state, self._window
        coordination, accounts = state.witnesses.coordination(), state.witnesses.few_accounts_share()
        told = {"severity": self._severity(kind), **self._carried()}
        if window.texts < before.observed.get("texts", 0):
            return told | {"factors": before.factors | {"coordination": round(coordination, 3)}}
        usual = before.baseline or crisis.baseline(state.volume, state.harm)
        return told | {
            "summary": crisis.summary(kind, state.brand_id, window, usual),
            "explanation": crisis.explanation(window, usual, coordination, accounts),
            "observed": crisis.observed(window),
            "baseline": usual,
            "factors": self._factors(kind) | {"coordination": round(coordination, 3)},
        }

    def _carried(self) -> dict[str, Any]:
        return {"evidence": self.state.witnesses.evidence(), "spreaders": self.state.witnesses.spreaders()}

    # Breaches.

    def _judge(self, text: ScoredText) -> Iterator[Alert]:
        for family, found in compliance.by_family(text.findings).items():
            at = compliance.place(text, family)
            breach = self.state.breaches.get(at)
            if breach is None:
                breach = self.state.breaches[at] = compliance.opened(text, family, now_ms=self.now_ms)
            alert = compliance.heard(breach, text, found, self.now_ms)
            if alert is not None:
                yield alert

    def _quiet(self, now_ms: int) -> Iterator[Alert]:
        for at, breach in list(self.state.breaches.items()):
            alert = compliance.quiet(breach, now_ms)
            if alert is not None:
                del self.state.breaches[at]
                yield alert

    # Feeds.

    def _hear_source(self, text: ScoredText) -> Iterator[Alert]:
        sources, silences = self.state.sources, self.state.silences
        if text.source in sources:
            sources[text.source].hear(text.event_time_ms)
        elif len(sources) < MOST_SOURCES:
            sources[text.source] = Source(text.event_time_ms, text.event_time_ms)
        if text.source in silences:
            episode = silences.pop(text.source)
            episode.resolve(self.now_ms)
            yield episode.alert

    def _listen(self, now_ms: int) -> Iterator[Alert]:
        state = self.state
        for name, source in list(state.sources.items()):
            if source.forgotten(now_ms):
                del state.sources[name]
                if name in state.silences:
                    state.silences[name].resolve(now_ms)
                    yield state.silences.pop(name).alert
            elif name not in state.silences and source.silent(now_ms, self._watch.feed_silent_ms):
                state.silences[name] = silence.fired(state.brand_id, None, name, source, now_ms)
                yield state.silences[name].alert


@dataclass(frozen=True, slots=True)
class Brands:
    """The keys of scored.texts."""

    watch: Watch

    @property
    def suffix(self) -> str:
        return "brands"

    def key(self, text: ScoredText) -> str:
        return text.brand_id

    def fresh(self, text: ScoredText, log_ms: int) -> Brand:
        return Brand.fresh(text.brand_id, text.event_time_ms, log_ms, self.watch)

    def thaw(self, state: bytes) -> Brand:
        return Brand(_thaw(state), self.watch)
