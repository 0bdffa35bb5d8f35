"""A live room: viewers and their stays, the host's captions, the chat, the room's own counters."""

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Literal

from streams.clock import MINUTE_MS
from streams.events.schema import Actor
from streams.simulate.bots import Bots
from streams.simulate.emission import INTERACTING, Emission, EventRecorder, room_recorder
from streams.simulate.people import Population
from streams.simulate.scenario import Brand, Incident, Room
from streams.simulate.spans import Span, incident_span, ticks
from streams.simulate.viewer_sessions import Fields, ViewerActions, Visit
from streams.simulate.wording import write_text

SNAPSHOT_MS = 10_000
EXPOSURE_MS = 20_000
FIRST_DISCLOSURE_MS = 25_000

_CHAT_CATEGORIES = ("greeting", "question", "order", "warm", "plain", "sour", "closing")
_CHAT_WEIGHTS = (10, 28, 8, 20, 28, 2, 4)


class RoomPlay:
    """One session of one room, from its opening to its close or to the scenario's end."""

    def __init__(
        self,
        room: Room,
        brand: Brand,
        population: Population,
        incidents: Sequence[Incident],
        start_ms: int,
        end_ms: int,
        seed: int,
    ) -> None:
        self._room, self._brand, self._population = room, brand, population
        self._seed = seed
        self._rng = random.Random(f"{seed}:{room.room_id}")
        closes_ms = end_ms if room.closes_minute is None else start_ms + int(room.closes_minute * MINUTE_MS)
        self._closes, closes_ms = closes_ms < end_ms, min(closes_ms, end_ms)
        self._span = Span(start_ms + int(room.opens_minute * MINUTE_MS), closes_ms)
        self._session = f"{room.room_id}-s{start_ms // MINUTE_MS + int(room.opens_minute)}"
        self._incidents = [(incident, incident_span(incident, start_ms)) for incident in incidents]
        self._recorder: EventRecorder = room_recorder(self._rng, room, self._session)
        self._visits: list[Visit] = []
        self._bought: list[Visit] = []

    def play(self) -> list[Emission]:
        if self._span.from_ms >= self._span.to_ms:
            return []
        self._recorder.record("session_start", self._span.from_ms)
        self._visits = sorted(self._arrivals(), key=lambda visit: visit.starts_ms)
        actions = ViewerActions(self._room, self._brand.products, self._session, self._span, self._recorder, self._rng)
        for visit in self._visits:
            actions.attend(visit)
        self._chat()
        self._speak()
        self._disclose()
        self._warn()
        self._expose()
        self._buy()
        self._count_viewers()
        if self._closes:
            self._recorder.record("session_end", self._span.to_ms)
        return self._recorder.emissions

    # Visits.

    def _arrivals(self) -> Iterator[Visit]:
        """Poisson arrivals whose rate keeps the audience at its size (Little's law), after a rush at the opening."""
        stay_ms = self._room.stay_seconds * 1000
        for _ in range(int(self._room.audience * 0.7)):
            yield self._visit(self._span.from_ms + self._rng.random() * 45_000, stay_ms)
        at_ms: float = self._span.from_ms
        while (at_ms := at_ms + self._rng.expovariate(self._room.audience / stay_ms)) < self._span.to_ms:
            if not self._collapsed(at_ms) or self._rng.random() < 0.03:
                yield self._visit(at_ms, stay_ms)

    def _visit(self, at_ms: float, stay_ms: float) -> Visit:
        ends_ms = at_ms + min(max(self._rng.lognormvariate(0, 0.9) * stay_ms * 0.67, 3_000), 40 * MINUTE_MS)
        for incident, span in self._incidents:
            if incident.kind == "room_collapse" and at_ms < span.from_ms < ends_ms and self._rng.random() < 0.96:
                ends_ms = span.from_ms + self._rng.random() * 70_000
        if self._closes:  # else they stay beyond the scenario's end
            ends_ms = max(at_ms, min(ends_ms, self._span.to_ms))
        return Visit(self._population.anyone(), int(at_ms), int(ends_ms))

    def _collapsed(self, at_ms: float) -> bool:
        return any(incident.kind == "room_collapse" and span.covers(at_ms) for incident, span in self._incidents)

    # Texts.

    def _chat(self) -> None:
        for at_ms in ticks(self._rng, self._room.comments_per_minute, self._span):
            if not self._collapsed(at_ms):
                category = self._rng.choices(_CHAT_CATEGORIES, _CHAT_WEIGHTS)[0]
                self._comment(
                    at_ms, write_text(self._rng, "chat", category, self._room.language, self._brand, self._room.host)
                )
        for incident, span in self._incidents:
            if incident.kind in ("crisis", "praise"):
                self._outcry(incident, Span(span.from_ms, min(span.to_ms, self._span.to_ms)))

    def _outcry(self, incident: Incident, span: Span) -> None:
        """The fifth of a brand's crisis, or praise, that is written in its rooms."""
        genre: Literal["crisis", "praise"] = "crisis" if incident.kind == "crisis" else "praise"
        category = self._brand.goods if incident.kind == "crisis" else "praise"
        for at_ms in ticks(self._rng, incident.texts_per_minute / 10, span):
            self._comment(at_ms, write_text(self._rng, genre, category, self._room.language, self._brand))

    def _comment(self, at_ms: int, text: str) -> None:
        visitor = self._present(at_ms)
        if visitor is not None:
            self._recorder.record(
                "comment",
                at_ms,
                actor=visitor,
                text=text,
                lang=self._room.language,
                counts={"comments": 1},
                people=INTERACTING,
            )

    def _present(self, at_ms: int) -> Actor | None:
        """A viewer who is in the room, found by trial among the visits that began before; None where none is found."""
        came = bisect_right(self._visits, at_ms, key=lambda visit: visit.starts_ms)
        for _ in range(20 if came else 0):
            visit = self._visits[self._rng.randrange(max(0, came - 3 * self._room.audience), came)]
            if at_ms < visit.ends_ms:
                return visit.actor
        return None

    def _speak(self) -> None:
        """Captions, some of them revised once before they are final."""
        host = self._population.official(self._room.room_id)
        for number, at_ms in enumerate(ticks(self._rng, self._room.captions_per_minute, self._span)):
            text = self._caption(at_ms, number)
            said: Fields = {"actor": host, "lang": self._room.language, "subject_id": f"{self._session}-c{number}"}
            if self._rng.random() < 0.25 and len(text) > 12:
                self._recorder.record(
                    "speech", at_ms - 900, text=text[: len(text) * 2 // 3], final=False, delay_ms=100, **said
                )
            self._recorder.record("speech", at_ms, text=text, counts={"speeches": 1}, delay_ms=100, **said)

    def _caption(self, at_ms: int, number: int) -> str:
        genre: Literal["speech", "breaches"] = "speech"
        category = "clean"
        for incident, span in self._incidents:
            if incident.kind == "false_advertising" and span.covers(at_ms) and number % 2:
                genre, category = "breaches", incident.families[number // 2 % len(incident.families)]
        return write_text(self._rng, genre, category, self._room.language, self._brand, self._room.host, plain=True)

    def _disclose(self) -> None:
        """An honest host says at the beginning, and again and again, that this is an advertisement."""
        rng, host = (
            random.Random(f"{self._seed}:{self._room.room_id}:disclosed"),
            self._population.official(self._room.room_id),
        )
        concealed = [span for incident, span in self._incidents if incident.kind == "undisclosed"]
        every_ms = int(self._room.discloses_minutes * MINUTE_MS)
        for number, at_ms in enumerate(range(self._span.from_ms + FIRST_DISCLOSURE_MS, self._span.to_ms, every_ms)):
            if not any(span.covers(at_ms) for span in concealed):
                self._recorder.record(
                    "speech",
                    at_ms,
                    actor=host,
                    lang=self._room.language,
                    subject_id=f"{self._session}-d{number}",
                    text=write_text(rng, "speech", "disclosure", self._room.language, self._brand, plain=True),
                    counts={"speeches": 1},
                    delay_ms=100,
                )

    def _warn(self) -> None:
        """The platform's own notice of a host's breaches, in the middle of the incident."""
        for incident, span in self._incidents:
            if incident.kind == "false_advertising":
                self._recorder.record("notice", (span.from_ms + span.to_ms) // 2, counts={"notices": 1})

    def _buy(self) -> None:
        for incident, span in self._incidents:
            if incident.kind == "fake_traffic":
                rng = random.Random(f"{self._seed}:{self._room.room_id}:bought")
                bots = Bots(self._room, self._brand, self._population, self._recorder, rng, span)
                self._bought += bots.play()

    # The room's own counters.

    def _expose(self) -> None:
        for at_ms in range(self._span.from_ms + EXPOSURE_MS, self._span.to_ms, EXPOSURE_MS):
            shown = self._rng.randint(1, 4) * self._room.audience // 3
            self._recorder.record("exposure", at_ms, value=shown, value_mode="aggregate", counts={"exposures": shown})

    def _count_viewers(self) -> None:
        visits = [*self._visits, *self._bought]
        starts = sorted(visit.starts_ms for visit in visits)
        ends = sorted(visit.ends_ms for visit in visits)
        for at_ms in range(self._span.from_ms + SNAPSHOT_MS, self._span.to_ms, SNAPSHOT_MS):
            present = bisect_right(starts, at_ms) - bisect_right(ends, at_ms)
            self._recorder.record("viewers", at_ms, value=present, value_mode="snapshot", delay_ms=100)
