from dataclasses import replace
from pathlib import Path

import pytest

from streams.errors import UsageError
from streams.simulate.play import simulate
from streams.simulate.scenarios import BRANDS, CALM, ROOMS
from streams.simulate.truth import load
from tests.fakes.playing import ListSink, Wall

TINY = replace(CALM, name="tiny", minutes=2, brands=BRANDS[:1], rooms=ROOMS[:1])


def test_simulate_writes_its_truth_and_never_sends_from_the_future(tmp_path: Path) -> None:
    wall = Wall()
    sink = ListSink(wall)
    path = tmp_path / "truth.json"
    traffic, played = simulate(TINY, sink, wall_seconds=10, truth_path=path, clock=wall, sleep=wall.sleep)
    assert load(path) == traffic.truth
    assert played.records == len(sink.sent) == sum(traffic.truth.records.values())
    assert all(record.due_ms <= at_ms for at_ms, record in sink.sent)


def test_simulate_refuses_a_wall_time_longer_than_the_scenario() -> None:
    wall = Wall()
    with pytest.raises(UsageError, match="tiny lasts 2 minutes"):
        simulate(TINY, ListSink(wall), wall_seconds=121, clock=wall, sleep=wall.sleep)
