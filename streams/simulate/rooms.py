"""A live room: who comes and how long they stay, what the host and the chat say, what the room's own counters tell."""

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Literal

from streams.clock import MINUTE_MS
from streams.events.schema import Actor
from streams.simulate.bots import Bots
from streams.simulate.emission import INTERACTING, Emission, EventRecorder, room_desk
from streams.simulate.people import Population
from streams.simulate.scenario import Brand, Incident, Room
from streams.simulate.spans import Span, incident_span, ticks
from streams.simulate.viewer_sessions import Fields, ViewerActions, Visit
from streams.simulate.wording import say

SNAPSHOT_MS = 10_000
EXPOSURE_MS = 20_000
FIRST_DISCLOSURE_MS = 25_000

_CHAT_MOODS = ("greeting", "question", "order", "warm", "plain", "sour", "closing")
_CHAT_WEIGHTS = (10, 28, 8, 20, 28, 2, 4)


class RoomPlay:
    """One session of one room, from its opening to its close or to the scenario's end."""

    def __init__(
        self,
        room: Room,
        brand: Brand,
        crowd: Population,
        incidents: Sequence[Incident],
        start_ms: int,
        end_ms: int,
        seed: int,
    ) -> None:
        self._room, self._brand, self._crowd = room, brand, crowd
        self._seed = seed
        self._rng = random.Random(f"{seed}:{room.room_id}")
        closes_ms = end_ms if room.closes_minute is None else start_ms + int(room.closes_minute * MINUTE_MS)
        self._closes, closes_ms = closes_ms < end_ms, min(closes_ms, end_ms)
        self._span = Span(start_ms + int(room.opens_minute * MINUTE_MS), closes_ms)
        self._session = f"{room.room_id}-s{start_ms // MINUTE_MS + int(room.opens_minute)}"
        self._incidents = [(incident, incident_span(incident, start_ms)) for incident in incidents]
        self._desk: EventRecorder = room_desk(self._rng, room, self._session)
        self._visits: list[Visit] = []
        self._bought: list[Visit] = []

    def play(self) -> list[Emission]:
        if self._span.from_ms >= self._span.to_ms:
            return []
        self._desk.note("session_start", self._span.from_ms)
        self._visits = sorted(self._arrivals(), key=lambda visit: visit.starts_ms)
        attendance = ViewerActions(self._room, self._brand.products, self._session, self._span, self._desk, self._rng)
        for visit in self._visits:
            attendance.attend(visit)
        self._chat()
        self._speak()
        self._disclose()
        self._warn()
        self._expose()
        self._buy()
        self._count_viewers()
        if self._closes:
            self._desk.note("session_end", self._span.to_ms)
        return self._desk.emissions

    # Who comes.

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
        return Visit(self._crowd.anyone(), int(at_ms), int(ends_ms))

    def _collapsed(self, at_ms: float) -> bool:
        return any(incident.kind == "room_collapse" and span.covers(at_ms) for incident, span in self._incidents)

    # What the room says.

    def _chat(self) -> None:
        for at_ms in ticks(self._rng, self._room.comments_per_minute, self._span):
            if not self._collapsed(at_ms):
                mood = self._rng.choices(_CHAT_MOODS, _CHAT_WEIGHTS)[0]
                self._comment(
                    at_ms, say(self._rng, "chat", mood, self._room.language, self._brand, self._room.host)
                )  # fmt: skip
        for incident, span in self._incidents:
            if incident.kind in ("crisis", "praise"):
                self._outcry(incident, Span(span.from_ms, min(span.to_ms, self._span.to_ms)))

    def _outcry(self, incident: Incident, span: Span) -> None:
        """A fifth of a brand's crisis, or praise, is said in its rooms."""
        voice: Literal["crisis", "praise"] = "crisis" if incident.kind == "crisis" else "praise"
        mood = self._brand.goods if incident.kind == "crisis" else "praise"
        for at_ms in ticks(self._rng, incident.texts_per_minute / 10, span):
            self._comment(at_ms, say(self._rng, voice, mood, self._room.language, self._brand))

    def _comment(self, at_ms: int, text: str) -> None:
        visitor = self._present(at_ms)
        if visitor is not None:
            self._desk.note(
                "comment", at_ms, actor=visitor, text=text, lang=self._room.language, counts={"comments": 1},
                people=INTERACTING,
            )  # fmt: skip

    def _present(self, at_ms: int) -> Actor | None:
        """Someone who is in the room, found by trial among those who came before."""
        came = bisect_right(self._visits, at_ms, key=lambda visit: visit.starts_ms)
        for _ in range(20 if came else 0):
            visit = self._visits[self._rng.randrange(max(0, came - 3 * self._room.audience), came)]
            if at_ms < visit.ends_ms:
                return visit.actor
        return None

    def _speak(self) -> None:
        """Captions, some of them revised once before they are final."""
        host = self._crowd.official(self._room.room_id)
        for number, at_ms in enumerate(ticks(self._rng, self._room.captions_per_minute, self._span)):
            text = self._caption(at_ms, number)
            said: Fields = {"actor": host, "lang": self._room.language, "subject_id": f"{self._session}-c{number}"}
            if self._rng.random() < 0.25 and len(text) > 12:
                self._desk.note(
                    "speech", at_ms - 900, text=text[: len(text) * 2 // 3], final=False, delay_ms=100, **said
                )  # fmt: skip
            self._desk.note("speech", at_ms, text=text, counts={"speeches": 1}, delay_ms=100, **said)

    def _caption(self, at_ms: int, number: int) -> str:
        voice: Literal["speech", "breaches"] = "speech"
        mood = "clean"
        for incident, span in self._incidents:
            if incident.kind == "false_advertising" and span.covers(at_ms) and number % 2:
                voice, mood = "breaches", incident.families[number // 2 % len(incident.families)]
        return say(self._rng, voice, mood, self._room.language, self._brand, self._room.host, plain=True)

    def _disclose(self) -> None:
        """An honest host says at the beginning, and again and again, that this is an advertisement."""
        rng, host = (
            random.Random(f"{self._seed}:{self._room.room_id}:disclosed"),
            self._crowd.official(self._room.room_id),
        )
        concealed = [span for incident, span in self._incidents if incident.kind == "undisclosed"]
        every_ms = int(self._room.discloses_minutes * MINUTE_MS)
        for number, at_ms in enumerate(range(self._span.from_ms + FIRST_DISCLOSURE_MS, self._span.to_ms, every_ms)):
            if not any(span.covers(at_ms) for span in concealed):
                self._desk.note(
                    "speech", at_ms, actor=host, lang=self._room.language, subject_id=f"{self._session}-d{number}",
                    text=say(rng, "speech", "disclosure", self._room.language, self._brand, plain=True),
                    counts={"speeches": 1}, delay_ms=100,
                )  # fmt: skip

    def _warn(self) -> None:
        """The platform notices a host's breaches too, a few minutes late."""
        for incident, span in self._incidents:
            if incident.kind == "false_advertising":
                self._desk.note("notice", (span.from_ms + span.to_ms) // 2, counts={"notices": 1})

    def _buy(self) -> None:
        for incident, span in self._incidents:
            if incident.kind == "fake_traffic":
                rng = random.Random(f"{self._seed}:{self._room.room_id}:bought")
                bots = Bots(self._room, self._brand, self._crowd, self._desk, rng, span)
                self._bought += bots.play()

    # What the room's own counters say.

    def _expose(self) -> None:
        for at_ms in range(self._span.from_ms + EXPOSURE_MS, self._span.to_ms, EXPOSURE_MS):
            shown = self._rng.randint(1, 4) * self._room.audience // 3
            self._desk.note("exposure", at_ms, value=shown, value_mode="aggregate", counts={"exposures": shown})

    def _count_viewers(self) -> None:
        visits = [*self._visits, *self._bought]
        starts = sorted(visit.starts_ms for visit in visits)
        ends = sorted(visit.ends_ms for visit in visits)
        for at_ms in range(self._span.from_ms + SNAPSHOT_MS, self._span.to_ms, SNAPSHOT_MS):
            present = bisect_right(starts, at_ms) - bisect_right(ends, at_ms)
            self._desk.note("viewers", at_ms, value=present, value_mode="snapshot", delay_ms=100)
