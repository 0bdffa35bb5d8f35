"""What the screen shows for a snapshot, and that no stranger's text gets more than its place."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from dashboards.terminal.render import lines, money, render, safe
from dashboards.terminal.snapshot import BrandLine, LagLine, RoomLine, TerminalSnapshot
from tests.builders.alerts import NOON_MS, an_alert


def drawn(snapshot: TerminalSnapshot, rows: int = 8, width: int = 160) -> str:
    """The screen as plain characters."""
    console = Console(file=io.StringIO(), width=width, force_terminal=False, color_system=None)
    console.print(render(snapshot, rows))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_screen_shows_rooms_brands_alerts_lag_and_addresses() -> None:
    screen = drawn(
        TerminalSnapshot(
            taken_at_ms=NOON_MS,
            rooms=[
                RoomLine("r-1", 1234, comments=56, likes=7890, gifts=3, orders=2, paid_value=123_456, fake_share=0.63)
            ],
            brands=[BrandLine("b-1", 40, {"negative": 10, "neutral": 20, "positive": 10}, {"crisis": 4, "abuse": 9})],
            alerts=[an_alert()],
            lags=[LagLine("scoring", "live.events", 321)],
            addresses={"Prometheus": "http://127.0.0.1:9090"},
            progress="feeding",
        )
    )
    for shown in (
        "12:00:00 UTC", "r-1", "1,234", "56", "7,890", "1,234.56", "63%", "25% neg", "abuse 9, crisis 4", "1 firing",
        "critical", "nine times", "scoring live.events 321", "http://127.0.0.1:9090", "feeding",
    ):  # fmt: skip
        assert shown in screen


def test_empty_snapshot_is_quiet_and_unknown_figures_are_dashes() -> None:
    screen = drawn(TerminalSnapshot(NOON_MS, rooms=[RoomLine("r-1", None)], brands=[BrandLine("b-1")]))
    assert "quiet" in screen
    assert "none" in screen
    assert screen.count("–") >= 3


def test_rows_are_bounded() -> None:
    rooms = [RoomLine(f"room-{number}", number) for number in range(50)]
    screen = drawn(TerminalSnapshot(NOON_MS, rooms=rooms), rows=4)
    assert "room-3" in screen
    assert "room-4" not in screen
    assert "(50)" in screen


def test_markup_in_a_name_is_shown_as_it_is() -> None:
    screen = drawn(
        TerminalSnapshot(
            NOON_MS,
            rooms=[RoomLine("[bold]x[/]", 1)],
            brands=[BrandLine("[/nope]", 1)],
            alerts=[an_alert(summary="[link=http://evil]click[/link]")],
            trouble="[red]",
        )
    )
    for shown in ("[bold]x[/]", "[/nope]", "[link=http://evil]click[/link]", "[red]"):
        assert shown in screen


@pytest.mark.parametrize(
    "hostile", ["a\x1b[2Jb", "a\nb", "a\rb", "a\x07b", "a\u202eb", "a\u200bb", "a\x9bb", "a\ud800b", "a\u2028b"]
)
def test_control_characters_do_not_reach_the_terminal(hostile: str) -> None:
    assert safe(hostile).startswith("a�")
    snapshot = TerminalSnapshot(NOON_MS, rooms=[RoomLine(hostile, 1)], alerts=[an_alert(summary=hostile)])
    assert hostile not in drawn(snapshot)
    assert all(hostile not in line for line in lines(None, snapshot))


@given(st.text())
def test_safe_text_is_one_bounded_printable_line(text: str) -> None:
    assert len(safe(text)) <= 200
    assert len(safe(text).splitlines()) <= 1
    assert all(char.isprintable() or char.isspace() for char in safe(text))


@given(st.dictionaries(st.sampled_from(["negative", "neutral", "positive"]), st.integers(0, 10**9)))
def test_mood_bar_is_never_longer_than_its_cells(sentiments: dict[str, int]) -> None:
    screen = drawn(TerminalSnapshot(NOON_MS, brands=[BrandLine("b-1", 1, sentiments)]))
    assert screen.count("█") in (0, 12)


def test_lines_tell_changes_once_and_totals_always() -> None:
    first = TerminalSnapshot(NOON_MS, rooms=[RoomLine("r-1", 10), RoomLine("r-2", None)], alerts=[an_alert()])
    assert lines(None, first) == [
        "12:00:00 firing   critical crisis b-1: negative texts at nine times the baseline",
        "12:00:00 rooms 2, viewers 10, texts 0, firing 1, lag 0",
    ]
    assert lines(first, first) == ["12:00:00 rooms 2, viewers 10, texts 0, firing 1, lag 0"]
    resolved = TerminalSnapshot(NOON_MS, alerts=[an_alert(state="resolved")], trouble="Redis does not answer")
    assert lines(first, resolved) == [
        "12:00:00 resolved critical crisis b-1: negative texts at nine times the baseline",
        "12:00:00 rooms 0, viewers 0, texts 0, firing 0, lag 0 · Redis does not answer",
    ]


def test_money_has_two_decimals() -> None:
    assert [money(0), money(5), money(123_456_789)] == ["0.00", "0.05", "1,234,567.89"]
