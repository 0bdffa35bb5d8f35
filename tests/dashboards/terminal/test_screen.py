"""The screen in a pipe and on a terminal."""

import io
from dataclasses import replace

from rich.console import Console

from dashboards.lag import Lag
from dashboards.snapshot import RoomFigures, Snapshot
from dashboards.terminal.screen import Screen
from tests.builders.alerts import NOON_MS, an_alert

CALM = Snapshot(NOON_MS, True, True, rooms=[RoomFigures("r-1", {}, 10)])


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), width=120, height=40, force_terminal=terminal)


def written(screen: Console) -> str:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_pipe_gets_a_line_each_five_seconds_and_no_escape_codes() -> None:
    pipe = console(terminal=False)
    with Screen(pipe) as screen:
        for second in range(11):
            screen.show(replace(CALM, read_at_ms=NOON_MS + 1000 * second))
    assert [line[:8] for line in written(pipe).splitlines()] == ["12:00:00", "12:00:05", "12:00:10"]
    assert "\x1b" not in written(pipe)


def test_alert_reaches_a_pipe_at_once() -> None:
    pipe = console(terminal=False)
    with Screen(pipe) as screen:
        screen.show(CALM)
        screen.show(replace(CALM, read_at_ms=NOON_MS + 1000, active=[an_alert(summary="[b]markup[/b]")]))
    assert "crisis b-1: [b]markup[/b]" in written(pipe)


def test_terminal_is_drawn_anew_in_place() -> None:
    terminal = console(terminal=True)
    with Screen(terminal) as screen:
        screen.show(CALM)
        screen.show(replace(CALM, rooms=[RoomFigures("r-2", {}, 11)]))
    assert "r-1" in written(terminal)
    assert "r-2" in written(terminal)
    assert "\x1b[1A" in written(terminal)


def test_screen_of_24_lines_of_80_shows_the_critical_of_nine_and_is_not_cut() -> None:
    terminal = Console(file=io.StringIO(), width=80, height=24, force_terminal=True, color_system=None)
    grave = [an_alert(f"c{number}", room_id=f"grave-{number}") for number in range(2)]
    newer = [an_alert(f"w{number}", severity="warning", room_id=f"mild-{number}") for number in range(7)]
    rooms = [RoomFigures(f"r-{number}", {}, 10) for number in range(30)]
    with Screen(terminal, {"console": "http://127.0.0.1:9107/", "redis": "redis://127.0.0.1:6379/0"}) as screen:
        screen.show(replace(CALM, rooms=rooms, active=[*grave, *newer]))
        first = written(terminal)
    for number in range(2):
        assert f"grave-{number}" in first
    assert "http://127.0.0.1:9107/" in first


def test_screen_of_24_lines_of_80_has_every_address_of_a_whole_stack() -> None:
    terminal = Console(file=io.StringIO(), width=80, height=24, force_terminal=True, color_system=None)
    lags = [
        Lag(stage, topic, 0, 0)
        for stage in ("engagement", "scoring", "detection")
        for topic in ("live.events", "social.interactions")
    ]
    addresses = {
        name: f"http://127.0.0.1:{9090 + number}/"
        for number, name in enumerate(("console", "kafka", "redis", "prometheus", "alertmanager", "pages", "exporter"))
    }
    rooms = [RoomFigures(f"r-{number}", {}, 10) for number in range(30)]
    firing = [an_alert(f"w{number}", severity="warning") for number in range(9)]
    with Screen(terminal, addresses) as screen:
        screen.show(replace(CALM, rooms=rooms, lags=lags, active=firing))
        first = written(terminal)
    for address in addresses.values():
        assert address in first
    assert len(first.splitlines()) <= 24
