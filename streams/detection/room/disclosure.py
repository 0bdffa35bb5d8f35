"""A room that sells and does not say so: the packs' disclosure timers (streams.compliance.disclosure_timers) as alerts.

    minute      0   1            16  18                 30
    host        .   sells  . . . .   . . . . . . . . .  discloses
    alert                        P   F                  R           15 minutes are allowed, 2 of lateness waited for

Time is that of the captions. An alert is pending from its deadline on and fires once no disclosure can come late any
more; one stretch without a disclosure is one alert.
"""

from collections.abc import Iterator, Sequence
from typing import Any, get_args

import msgspec

from models.normalise import lower, normalise, normalise_mapped
from streams.alerts.alert import Alert, Evidence
from streams.alerts.episode import Episode, Hysteresis, new_alert
from streams.clock import MINUTE_MS
from streams.compliance.captions import MAX_PAUSE_MS, TAIL_CHARS
from streams.compliance.disclosure_timers import CompiledTimer, DisclosureState, language_of
from streams.compliance.pack import SaleEvent
from streams.compliance.text_reading import mask
from streams.detection.config import DetectionConfig
from streams.detection.evidence import SHOWN_CHARACTERS
from streams.detection.room_event import RoomEvent
from streams.events.schema import Coordinates, Finding
from streams.ledger.stored import Stored

TIMER_EVENT_KINDS = frozenset({"session_start", "speech", *get_args(SaleEvent)})
"""Kinds of events that timers listen to."""
SHOWN_SIGNS = 3
"""The latest signs that a stream is commercial, at most one a minute, kept as evidence."""


class TimerState(Stored):
    """A room under one timer."""

    stretch: DisclosureState = msgspec.field(default_factory=DisclosureState)
    signs: list[Evidence] = []
    episode: Episode | None = None


class Disclosures(Stored):
    """What is remembered of a room's session: whose law it is under, and what each timer knows of it."""

    session_id: str | None = None
    heard_ms: int = 0
    """The session's newest event."""
    jurisdiction: str | None = None
    language: str | None = None
    tail: str = ""
    """The end of the last caption, personal data masked, for what is broken over two."""
    tail_ms: int = 0
    by_timer: dict[str, TimerState] = {}

    @property
    def alerting(self) -> bool:
        return any(held.episode for held in self.by_timer.values())

    def hear(self, event: RoomEvent, watch: DetectionConfig, now_ms: int) -> Iterator[Alert]:
        """An event of one of the kinds in HEARD that is not too late."""
        if event.session_id not in (None, self.session_id):
            if event.event_time_ms < self.heard_ms:
                return  # of the session before this one
            yield from self.end(now_ms)
            self.session_id = event.session_id
        self.heard_ms = max(self.heard_ms, event.event_time_ms)
        self.jurisdiction = event.jurisdiction or self.jurisdiction
        timers = [timer for timer in watch.timers if timer.may_apply(self.jurisdiction, event.platform)]
        if event.kind == "session_start":
            self._start(event, timers)
        elif event.kind == "speech":
            if event.final and event.text:
                yield from self._caption(event, event.text, timers, now_ms, watch.lateness_ms)
        else:
            for timer in timers:
                if event.kind in timer.timer.commercial.events:
                    self._sells(event, timer, f"{event.kind} {event.product_id or ''}".strip())

    def rest(self, watch: DetectionConfig, now_ms: int) -> Iterator[Alert]:
        """A minute begins; a timer that is no longer in the packs ends its alert."""
        known = {timer.timer.id: timer for timer in watch.timers} if self.by_timer else {}
        for name, held in list(self.by_timer.items()):
            if name not in known:
                yield from _resolved(self.by_timer.pop(name), now_ms)
                continue
            held.stretch.expire(known[name].timer, now_ms)
            if held.episode is not None:
                holds = held.stretch.overdue(known[name].timer)
                yield from _step(held, known[name], now_ms, watch.lateness_ms, holds=holds)

    def end(self, now_ms: int) -> Iterator[Alert]:
        """The session is over."""
        for held in self.by_timer.values():
            yield from _resolved(held, now_ms)
        self.by_timer, self.tail = {}, ""

    def _start(self, event: RoomEvent, timers: Sequence[CompiledTimer]) -> None:
        for timer in timers:
            stretch = self._of(timer).stretch
            if timer.timer.title_suffices and timer.disclosure.matches(event.text or ""):
                stretch.disclosed_in_title = True
            if event.commercial:
                stretch.declared = True
                self._sells(event, timer, "the feed declares the session commercial")

    def _caption(
        self, event: RoomEvent, text: str, timers: Sequence[CompiledTimer], now_ms: int, lateness_ms: int
    ) -> Iterator[Alert]:
        self.language = language_of(text, event.lang) or self.language
        at_ms = event.event_time_ms
        read, front = lower(normalise(text)), ""
        if self.tail and 0 <= at_ms - self.tail_ms <= MAX_PAUSE_MS:
            front = self.tail + (" " if self.tail[-1].isascii() and read[:1].isascii() else "")
        for timer in timers:
            held = self._of(timer)
            held.stretch.expire(timer.timer, at_ms)
            if timer.commercial.match(front + read, beyond=len(front)):
                self._sells(event, timer, text)
            if timer.disclosure.match(front + read, beyond=len(front)):
                held.stretch.on_disclosure(at_ms)
            held.stretch.on_speech(timer.timer, at_ms)
            holds = held.stretch.overdue(timer.timer) and timer.applies(
                self.jurisdiction, event.platform, self.language
            )
            if holds and held.episode is None:
                held.episode = _opened(event, timer, held, now_ms)
                yield held.episode.alert
            yield from _step(held, timer, now_ms, lateness_ms, holds=holds)
        if at_ms >= self.tail_ms:
            self.tail, self.tail_ms = lower(normalise(mask(text)))[-TAIL_CHARS:], at_ms

    def _sells(self, event: RoomEvent, timer: CompiledTimer, text: str) -> None:
        held, at_ms = self._of(timer), event.event_time_ms
        held.stretch.expire(timer.timer, at_ms)
        held.stretch.on_sale_sign(at_ms)
        if event.origin is not None and (not held.signs or at_ms - held.signs[-1].event_time >= MINUTE_MS):
            held.signs.append(_evidence(event.origin, at_ms, timer, text))
            del held.signs[:-SHOWN_SIGNS]

    def _of(self, timer: CompiledTimer) -> TimerState:
        return self.by_timer.setdefault(timer.timer.id, TimerState())


def _step(held: TimerState, timer: CompiledTimer, now_ms: int, lateness_ms: int, *, holds: bool) -> Iterator[Alert]:
    """The alert where its state changes: it fires when no disclosure can come late, and ends with one that comes."""
    episode = held.episode
    if episode is None:
        return
    patience = Hysteresis(fire_after_ms=lateness_ms, resolve_after_ms=0)
    if holds and episode.due(now_ms, patience):
        episode.revise(now_ms, **_told(episode.alert.room_id, timer, held))
    if episode.step(now_ms, holds=holds, calm=not holds, patience=patience):
        yield episode.alert
    if episode.over:
        held.episode = None


def _resolved(held: TimerState, now_ms: int) -> Iterator[Alert]:
    if held.episode is not None:
        held.episode.resolve(now_ms)
        yield held.episode.alert
        held.episode = None


def _opened(event: RoomEvent, timer: CompiledTimer, held: TimerState, now_ms: int) -> Episode:
    since_ms = held.stretch.since_ms or event.event_time_ms
    alert = new_alert(
        "compliance", event.brand_id, started_at_ms=since_ms // MINUTE_MS * MINUTE_MS, now_ms=now_ms,
        severity=timer.timer.severity, room_id=event.room_id, subject=timer.timer.id, family=timer.family,
        platform=event.platform, **_told(event.room_id, timer, held),
    )  # fmt: skip
    return Episode(alert, since_ms=now_ms)


def _told(room_id: str | None, timer: CompiledTimer, held: TimerState) -> dict[str, Any]:
    rules, stretch = timer.timer, held.stretch
    minutes = stretch.undisclosed_ms(rules) / MINUTE_MS
    allowed = stretch.allowed_minutes(rules) or 0
    before = "its last disclosure" if stretch.disclosed_ms == stretch.since_ms else "the first sign that it sells"
    return {
        "summary": f"room {room_id}: {minutes:.0f} minutes of selling without a disclosure ({rules.article})",
        "explanation": f"The host was heard for {minutes:.0f} minutes since {before}, and nothing that counts as a"
        f" disclosure was said. {rules.id} ({timer.jurisdiction}, {rules.article}) allows {allowed} minutes.",
        "observed": {"undisclosed_minutes": round(minutes, 1)},
        "baseline": {"allowed_minutes": float(allowed)},
        "evidence": list(held.signs),
    }


def _evidence(origin: Coordinates, at_ms: int, timer: CompiledTimer, text: str) -> Evidence:
    """A sign that the stream sells. The finding's span is what says so, or the whole where an event does."""
    shown, rules = mask(text), timer.timer
    said = timer.commercial.match(lower(normalise(text)))
    start, end = normalise_mapped(text).original_span(*said) if said else (0, len(shown))
    finding = Finding(timer.family, rules.id, rules.article, (start, end), shown[start:end], rules.severity)
    return Evidence(origin, at_ms, shown[:SHOWN_CHARACTERS], findings=[finding])
