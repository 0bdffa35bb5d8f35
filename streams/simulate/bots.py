"""Bought traffic of a room: visitors who leave at once, machines that tap, accounts that write the same words together.

All of it is recorded as fake, so that the truth knows the inauthentic share.
"""

import random
from collections.abc import Iterator

from streams.simulate.emission import INTERACTING, VIEWING, EventRecorder
from streams.simulate.people import Population
from streams.simulate.scenario import Brand, Room
from streams.simulate.spans import Span, ticks
from streams.simulate.viewer_sessions import Visit
from streams.simulate.wording import write_text

ENTERS_A_MINUTE = 4
"""For each viewer of the room's usual audience."""
MACHINES, TAPS_A_SECOND = 2, 40
CHORUS, CHORUS_EVERY_MS, CHORUS_WITHIN_MS = 6, 20_000, 3_000


class Bots:
    """The bought traffic of one room over one span of its session."""

    def __init__(
        self, room: Room, brand: Brand, population: Population, recorder: EventRecorder, rng: random.Random, span: Span
    ) -> None:
        self._room, self._brand, self._recorder, self._rng, self._span = room, brand, recorder, rng, span
        self._accounts = population.bot_accounts(MACHINES + CHORUS)
        self._population = population

    def play(self) -> list[Visit]:
        """Record all of it; returns the visits, which the room's counter of viewers includes as it does any."""
        visits = list(self._visits())
        self._tap()
        self._sing()
        return visits

    def _visits(self) -> Iterator[Visit]:
        """In and out within two seconds."""
        for at_ms in ticks(self._rng, ENTERS_A_MINUTE * self._room.audience, self._span):
            seconds = self._rng.randint(1, 2)
            visit = Visit(self._population.anyone(), at_ms, at_ms + seconds * 1000)
            self._recorder.record(
                "enter", at_ms, actor=visit.actor, counts={"views": 1}, people=VIEWING, delay_ms=100, fake=True
            )
            self._recorder.record(
                "leave",
                visit.ends_ms,
                actor=visit.actor,
                value=seconds,
                counts={"leaves": 1, "watch_seconds": seconds},
                people=VIEWING,
                delay_ms=100,
            )
            yield visit

    def _tap(self) -> None:
        for at_ms in range(self._span.from_ms, self._span.to_ms, 1000):
            for machine in self._accounts[:MACHINES]:
                self._recorder.record(
                    "like",
                    at_ms,
                    actor=machine,
                    value=TAPS_A_SECOND,
                    counts={"likes": TAPS_A_SECOND},
                    people=INTERACTING,
                    fake=True,
                )

    def _sing(self) -> None:
        for from_ms in range(self._span.from_ms, self._span.to_ms - CHORUS_WITHIN_MS, CHORUS_EVERY_MS):
            text = write_text(self._rng, "chorus", "chorus", self._room.language, self._brand, plain=True)
            for account in self._accounts[MACHINES:]:
                self._recorder.record(
                    "comment",
                    from_ms + self._rng.randint(0, CHORUS_WITHIN_MS),
                    actor=account,
                    text=text,
                    lang=self._room.language,
                    counts={"comments": 1},
                    people=INTERACTING,
                    fake=True,
                )
