"""A partition that stands still is told from one that has nothing to do, waits for a server, or was suspended."""

import threading

import pytest

from streams.ledger.progress import PROGRESS
from streams.transport.watchdog import Place, Standing, Stillness, Watchdog

AT: Place = ("t", 0)


def standing(*mark: int, has_work: bool = True) -> dict[Place, Standing]:
    return {AT: Standing(mark, has_work)}


def test_partition_with_work_stands_still_while_its_mark_does() -> None:
    stillness = Stillness()
    assert stillness.longest(standing(1), 1) == (AT, 0)
    assert stillness.longest(standing(1), 1) == (AT, 1)
    assert stillness.longest(standing(1), 1) == (AT, 2)
    assert stillness.longest(standing(2), 1) == (AT, 0)


def test_partition_without_work_does_not_stand_still() -> None:
    stillness = Stillness()
    for _ in range(5):
        assert stillness.longest(standing(1, has_work=False), 1) == (AT, 0)


def test_partition_that_was_given_back_is_forgotten() -> None:
    stillness = Stillness()
    stillness.longest(standing(1), 1)
    assert stillness.longest({}, 1) == (None, 0)
    assert stillness.longest(standing(1), 1) == (AT, 0)


def test_the_longest_of_several_is_named() -> None:
    stillness, other = Stillness(), ("t", 1)
    for mark in range(3):
        found = stillness.longest({other: Standing((mark,), True), **standing(7)}, 1)
    assert found == (AT, 2)


class Told:
    """A watchdog over one partition that never gets on."""

    def __init__(self, *, excused: bool) -> None:
        self.reason: str | None = None
        self.told = threading.Event()
        self.ticks = 0
        self._excused = excused
        self.watchdog = Watchdog(self._standings, self._is_excused, 0.05, self._stuck, tick_seconds=0.01)

    def _standings(self) -> dict[Place, Standing]:
        return standing(1)

    def _is_excused(self) -> bool:
        self.ticks += 1
        if self.ticks == 30:
            self.told.set()
        return self._excused

    def _stuck(self, reason: str) -> None:
        self.reason = reason
        self.told.set()


@pytest.mark.parametrize("excused", [True, False])
def test_watchdog_tells_once_unless_a_server_is_away(excused: bool) -> None:
    told = Told(excused=excused)
    told.watchdog.start()
    assert told.told.wait(5)
    told.watchdog.stop()
    told.watchdog.join(5)
    assert (told.reason is None) == excused
    assert not told.watchdog.is_alive()


def test_progress_knows_of_a_wait() -> None:
    before = PROGRESS.waiting
    with PROGRESS.wait():
        assert PROGRESS.waiting == before + 1
    assert PROGRESS.waiting == before
