from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from streams.errors import UsageError
from streams.simulate.catalogue import BRANDS, CALM, ROOMS
from streams.simulate.feed import Progress, play, simulate
from streams.simulate.generate import Record
from streams.simulate.truth import load

TINY = replace(CALM, name="tiny", minutes=2, brands=BRANDS[:1], rooms=ROOMS[:1])


@dataclass
class Wall:
    """A clock that only sleeping moves on."""

    now_ms: int = 1_790_000_000_000
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> int:
        return self.now_ms

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_ms += round(seconds * 1000)


@dataclass
class ListSink:
    """Keeps records with the wall time at which they came."""

    wall: Wall
    sent: list[tuple[int, Record]] = field(default_factory=list)
    flushed: int = 0

    def send(self, record: Record) -> None:
        self.sent.append((self.wall(), record))

    def flush(self) -> None:
        self.flushed = len(self.sent)


def records_at(*arrivals_ms: int) -> list[Record]:
    return [Record("live.events", b"room", b"{}", arrives_ms) for arrives_ms in arrivals_ms]


def test_play_lets_both_clocks_meet_at_the_end() -> None:
    #  simulated   0s   60s  120s      speed 12
    #  wall      110s  115s  120s
    wall = Wall(110_000)
    sink = ListSink(wall)
    played = play(records_at(0, 60_000, 120_000), sink, speed=12, ends_ms=120_000, clock=wall, sleep=wall.sleep)
    assert [at_ms for at_ms, _ in sink.sent] == [110_000, 115_000, 120_000]
    assert sink.flushed == played.records == 3
    assert played.wall_seconds == 10


def test_play_without_a_speed_does_not_sleep() -> None:
    wall = Wall()
    play(records_at(0, 60_000), ListSink(wall), speed=None, ends_ms=60_000, clock=wall, sleep=wall.sleep)
    assert wall.slept == []


def test_play_that_starts_late_catches_up_and_says_how_far_it_is_behind() -> None:
    wall = Wall(119_000)
    played = play(records_at(0, 96_000), ListSink(wall), speed=12, ends_ms=120_000, clock=wall, sleep=wall.sleep)
    assert wall.slept == []
    assert played.behind_seconds == 1


def test_play_tells_its_progress_up_to_the_last_record() -> None:
    wall = Wall(0)
    told: list[Progress] = []
    play(
        records_at(0, 60_000, 120_000), ListSink(wall), speed=12, ends_ms=120_000, watch=told.append, clock=wall,
        sleep=wall.sleep,
    )  # fmt: skip
    assert told[-1] == Progress(3, 3, 120_000)


def test_simulate_writes_its_truth_and_never_sends_from_the_future(tmp_path: Path) -> None:
    wall = Wall()
    sink = ListSink(wall)
    path = tmp_path / "truth.json"
    traffic, played = simulate(TINY, sink, wall_seconds=10, truth_path=path, clock=wall, sleep=wall.sleep)
    assert load(path) == traffic.truth
    assert played.records == len(sink.sent) == sum(traffic.truth.records.values())
    assert all(record.arrives_ms <= at_ms for at_ms, record in sink.sent)


def test_simulate_refuses_a_wall_time_longer_than_the_scenario() -> None:
    wall = Wall()
    with pytest.raises(UsageError, match="tiny lasts 2 minutes"):
        simulate(TINY, ListSink(wall), wall_seconds=121, clock=wall, sleep=wall.sleep)
