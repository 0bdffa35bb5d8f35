"""A room that sells and does not say so: the packs' disclosure timers (streams.compliance.disclosure_timers) as alerts.

    minute      0   1            16  18                 30
    host        .   sells  . . . .   . . . . . . . . .  discloses
    alert                        P   F                  R           15 minutes are allowed, 2 of lateness waited for

Time is that of the captions. An alert is pending from its deadline on and fires once no disclosure can come late any
more; one stretch without a disclosure is one alert.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol, get_args

import msgspec

from models.normalise import lower, normalise, normalise_mapped
from streams.alerts.alert import Alert, Evidence
from streams.alerts.episode import Episode, Hysteresis, new_alert
from streams.alerts.wording import in_room
from streams.clock import MINUTE_MS
from streams.compliance.captions import MAX_PAUSE_MS, TAIL_CHARS
from streams.compliance.disclosure_timers import CompiledTimer, DisclosureState, language_of
from streams.compliance.pack import SaleEvent
from streams.compliance.text_reading import mask
from streams.detection.config import DetectionConfig
from streams.detection.evidence import SHOWN_CHARACTERS
from streams.detection.room.detector import RoomFacts
from streams.detection.room_event import RoomEvent
from streams.events.schema import Coordinates, Finding
from streams.ledger.stored import Stored

TIMER_EVENT_KINDS = frozenset({"session_start", "speech", *get_args(SaleEvent)})
"""Kinds of events that timers read."""
SHOWN_SIGNS = 3
"""The latest signs that a stream is commercial, at most one a minute, kept as evidence."""


RESOLVES_AT_ONCE = Hysteresis(fire_after_ms=0, resolve_after_ms=0)


class TimerState(Stored):
    """A room under one timer."""

    disclosure: DisclosureState = msgspec.field(default_factory=DisclosureState)
    signs: list[Evidence] = []
    episode: Episode | None = None


class DisclosureSession(Stored):
    """What is remembered of a room's session: whose law it is under, and the state of each timer."""

    session_id: str | None = None
    last_ms: int = 0
    """Both only in states from before streams.detection.room.sessions."""
    jurisdiction: str | None = None
    language: str | None = None
    tail: str = ""
    """The end of the last caption, personal data masked, for a phrase that is broken over two captions."""
    tail_ms: int = 0
    timers: dict[str, TimerState] = {}

    def timer(self, timer_id: str) -> TimerState:
        return self.timers.setdefault(timer_id, TimerState())


class SellingRoom(RoomFacts, Protocol):
    """The room's state as this detector reads and writes it."""

    disclosures: DisclosureSession


class DisclosureDetector:
    """A RoomDetector."""

    def __init__(self, room: SellingRoom, config: DetectionConfig) -> None:
        self._session = room.disclosures
        self._timers = config.timers
        self._jurisdictions = config.jurisdictions
        self._lateness_ms = config.lateness_ms

    @property
    def alerting(self) -> bool:
        return any(state.episode for state in self._session.timers.values())

    def on_event(self, event: RoomEvent, now_ms: int) -> Iterable[Alert]:
        if event.kind == "retraction":
            return self._on_retraction(event.takes_back, now_ms) if event.takes_back else ()
        return self._on_timer_event(event, now_ms) if event.kind in TIMER_EVENT_KINDS else ()

    def on_minute(self, minute: int) -> Iterator[Alert]:
        """Evaluate the running alerts; one whose timer is no longer in the packs ends."""
        session, now_ms = self._session, minute * MINUTE_MS
        known = {timer.timer.id: timer for timer in self._timers} if session.timers else {}
        for name, state in list(session.timers.items()):
            if name not in known:
                yield from _end_episode(session.timers.pop(name), now_ms)
                continue
            state.disclosure.expire(known[name].timer, now_ms)
            if state.episode is not None:
                holds = state.disclosure.overdue(known[name].timer)
                yield from self._step(state, known[name], now_ms, holds=holds)

    def running(self, now_ms: int) -> Iterator[Alert]:  # noqa: ARG002 - minutes are those that were spoken
        known = {timer.timer.id: timer for timer in self._timers}
        for name, state in self._session.timers.items():
            if state.episode is not None and state.episode.firing and name in known:
                fields = _alert_fields(state.episode.alert.room_id, known[name], state)
                yield state.episode.as_of(None, RESOLVES_AT_ONCE, **fields)

    def on_session_end(self, now_ms: int) -> Iterator[Alert]:
        for state in self._session.timers.values():
            yield from _end_episode(state, now_ms)
        self._session.timers, self._session.tail = {}, ""

    def _on_timer_event(self, event: RoomEvent, now_ms: int) -> Iterator[Alert]:
        session = self._session
        session.jurisdiction = event.jurisdiction or session.jurisdiction or self._jurisdictions.get(event.brand_id)
        timers = [timer for timer in self._timers if timer.may_apply(session.jurisdiction, event.platform)]
        if event.kind == "session_start":
            self._on_start(event, timers)
        elif event.kind == "speech":
            if event.final and event.text:
                yield from self._on_caption(event, event.text, timers, now_ms)
        else:
            for timer in timers:
                if event.kind in timer.timer.commercial.events:
                    self._on_sale_sign(event, timer, _said_of(event, timer))

    def _on_start(self, event: RoomEvent, timers: Sequence[CompiledTimer]) -> None:
        for timer in timers:
            disclosure = self._session.timer(timer.timer.id).disclosure
            if timer.timer.title_suffices and timer.disclosure.matches(event.text or ""):
                disclosure.disclosed_in_title = True
            if event.commercial:
                disclosure.declared = True
                self._on_sale_sign(event, timer, "the feed declares the session commercial")

    def _on_caption(self, event: RoomEvent, text: str, timers: Sequence[CompiledTimer], now_ms: int) -> Iterator[Alert]:
        session, at_ms = self._session, event.event_time_ms
        session.language = language_of(text, event.lang) or session.language
        plain, front = lower(normalise(text)), ""
        if session.tail and 0 <= at_ms - session.tail_ms <= MAX_PAUSE_MS:
            front = session.tail + (" " if session.tail[-1].isascii() and plain[:1].isascii() else "")
        for timer in timers:
            state = session.timer(timer.timer.id)
            state.disclosure.expire(timer.timer, at_ms)
            if timer.commercial.match(front + plain, beyond=len(front)):
                self._on_sale_sign(event, timer, text)
            if timer.disclosure.match(front + plain, beyond=len(front)):
                state.disclosure.on_disclosure(at_ms)
            state.disclosure.on_speech(timer.timer, at_ms)
            applies = timer.applies(session.jurisdiction, event.platform, session.language)
            holds = state.disclosure.overdue(timer.timer) and applies
            if holds and state.episode is None:
                state.episode = _new_episode(event, timer, state, now_ms)
                yield state.episode.alert
            yield from self._step(state, timer, now_ms, holds=holds)
        if at_ms >= session.tail_ms:
            session.tail, session.tail_ms = lower(normalise(mask(text)))[-TAIL_CHARS:], at_ms

    def _on_retraction(self, text_id: str, now_ms: int) -> Iterator[Alert]:
        """Quote a caption no more; that it was said stays."""
        for state in self._session.timers.values():
            state.signs = [sign for sign in state.signs if sign.text_id != text_id]
            if state.episode and state.episode.withdraw(lambda one: one.text_id == text_id, None, now_ms):
                yield state.episode.alert

    def _on_sale_sign(self, event: RoomEvent, timer: CompiledTimer, text: str) -> None:
        state, at_ms = self._session.timer(timer.timer.id), event.event_time_ms
        state.disclosure.expire(timer.timer, at_ms)
        state.disclosure.on_sale_sign(at_ms)
        if event.origin is not None and (not state.signs or at_ms - state.signs[-1].event_time >= MINUTE_MS):
            state.signs.append(_evidence(event.origin, event.text_id, at_ms, timer, text))
            del state.signs[:-SHOWN_SIGNS]

    def _step(self, state: TimerState, timer: CompiledTimer, now_ms: int, *, holds: bool) -> Iterator[Alert]:
        """Yield the alert where its state changes: it fires when no disclosure can come late any more, and resolves
        with the first disclosure."""
        episode = state.episode
        if episode is None:
            return
        hysteresis = replace(RESOLVES_AT_ONCE, fire_after_ms=self._lateness_ms)
        if holds and episode.due(now_ms, hysteresis):
            episode.revise(now_ms, **_alert_fields(episode.alert.room_id, timer, state))
        if episode.step(now_ms, holds=holds, calm=not holds, hysteresis=hysteresis):
            yield episode.alert
        if episode.over:
            state.episode = None


def _end_episode(state: TimerState, now_ms: int) -> Iterator[Alert]:
    if state.episode is not None:
        state.episode.resolve(now_ms)
        yield state.episode.alert
        state.episode = None


def _new_episode(event: RoomEvent, timer: CompiledTimer, state: TimerState, now_ms: int) -> Episode:
    since_ms = state.disclosure.since_ms or event.event_time_ms
    alert = new_alert(
        "compliance",
        event.brand_id,
        started_at_ms=since_ms // MINUTE_MS * MINUTE_MS,
        now_ms=now_ms,
        severity=timer.timer.severity,
        room_id=event.room_id,
        subject=timer.timer.id,
        family=timer.family,
        platform=event.platform,
        **_alert_fields(event.room_id, timer, state),
    )
    return Episode(alert, since_ms=now_ms)


def _alert_fields(room_id: str | None, timer: CompiledTimer, state: TimerState) -> dict[str, Any]:
    rules, disclosure = timer.timer, state.disclosure
    minutes = disclosure.undisclosed_ms(rules) / MINUTE_MS
    allowed = disclosure.allowed_minutes(rules) or 0
    since = "its last disclosure" if disclosure.disclosed_ms == disclosure.since_ms else "the first sign that it sells"
    return {
        "summary": f"{in_room(room_id)}: {minutes:.0f} minutes of selling without a disclosure ({rules.article})",
        "explanation": f"The host spoke for {minutes:.0f} minutes since {since}, and said nothing that counts as a"
        f" disclosure. {rules.id} ({timer.jurisdiction}, {rules.article}) allows {allowed} minutes.",
        "observed": {"undisclosed_minutes": round(minutes, 1)},
        "baseline": {"allowed_minutes": float(allowed)},
        "evidence": list(state.signs),
    }


_SALE_SIGNS = {
    "product_shown": ("product shown", "展示商品"), "product_click": ("product clicked", "点击商品"),
    "add_to_cart": ("put in the cart", "加购商品"), "order": ("ordered", "下单商品"), "payment": ("paid", "支付商品"),
}  # fmt: skip


def _said_of(event: RoomEvent, timer: CompiledTimer) -> str:
    """An event that sells, in words of the law's country, as a quote of a host would be."""
    english, chinese = _SALE_SIGNS.get(event.kind, (event.kind, event.kind))
    sign = chinese if timer.jurisdiction == "CN" else english
    return f"{sign}: {event.product_id}" if event.product_id else sign


def _evidence(origin: Coordinates, text_id: str, at_ms: int, timer: CompiledTimer, text: str) -> Evidence:
    """A sign that the stream sells. The finding's span is the phrase that sells, or the whole text of an event."""
    shown, rules = mask(text), timer.timer
    phrase = timer.commercial.match(lower(normalise(text)))
    start, end = normalise_mapped(text).original_span(*phrase) if phrase else (0, len(shown))
    finding = Finding(timer.family, rules.id, rules.article, (start, end), shown[start:end], rules.severity)
    return Evidence(origin, at_ms, shown[:SHOWN_CHARACTERS], findings=[finding], text_id=text_id)
