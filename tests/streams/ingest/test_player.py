from streams.ingest.player import Progress, TimedRecord, play
from tests.fakes.playing import ListSink, Wall


def records_at(*arrivals_ms: int) -> list[TimedRecord]:
    return [TimedRecord("live.events", b"room", b"{}", arrives_ms) for arrives_ms in arrivals_ms]


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
        records_at(0, 60_000, 120_000),
        ListSink(wall),
        speed=12,
        ends_ms=120_000,
        on_progress=told.append,
        clock=wall,
        sleep=wall.sleep,
    )
    assert told[-1] == Progress(3, 3, 120_000)
