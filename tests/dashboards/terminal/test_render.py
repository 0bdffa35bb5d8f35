"""The screen and the pipe's lines for a snapshot; a stranger's text never gets more than its place."""

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from dashboards.lag import Lag
from dashboards.snapshot import RoomFigures, Snapshot, TextCount
from dashboards.terminal.render import NO_ADDRESSES, age, lines, render, shown_alerts, when
from streams.alerts.alert import Severity
from streams.catalogue.facts import BrandFacts
from streams.control.decisions import Decision
from streams.engagement.dictionary import SumMetric
from streams.settings import Settings
from tests.builders.alerts import NOON_MS, an_alert


def reading(**facts: Any) -> Snapshot:
    """A reading at noon with every server up."""
    return Snapshot(NOON_MS, redis_up=True, kafka_up=True, **facts)


def drawn(
    snapshot: Snapshot,
    rows: int = 8,
    *,
    cells: int = 160,
    addresses: Mapping[str, str] = NO_ADDRESSES,
    progress: str = "",
) -> str:
    """The screen as plain characters."""
    console = Console(file=io.StringIO(), width=cells, force_terminal=False, color_system=None)
    console.print(render(snapshot, rows, cells=cells, addresses=addresses, progress=progress))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_screen_shows_rooms_brands_alerts_lag_and_addresses() -> None:
    sums: Mapping[SumMetric, int] = {
        "comments": 56,
        "likes": 7890,
        "gifts": 3,
        "orders": 2,
        "paid_value": 123_456,
        "views": 9,
    }
    screen = drawn(
        reading(
            rooms=[RoomFigures("r-1", sums, 1234, {"likes": 0.63, "enters": 0.1})],
            texts=[
                TextCount("b-1", "weibo", 30, {"negative": 10, "neutral": 20}, {"crisis": 4, "abuse": 4}),
                TextCount("b-1", "x", 10, {"positive": 10}, {"abuse": 5}),
            ],
            active=[an_alert()],
            lags=[Lag("scoring", "live.events", 0, 300), Lag("scoring", "live.events", 1, 21)],
        ),
        addresses={"Prometheus": "http://127.0.0.1:9090"},
        progress="feeding",
    )
    for shown in (
        "12:00:00 UTC", "r-1", "1,234", "56", "7,890", "1,234.56", "63%", "25% neg", "abuse 9, crisis 4", "1 firing",
        "critical", "nine times", "scoring live.events 321", "http://127.0.0.1:9090", "feeding", "(1)",
    ):  # fmt: skip
        assert shown in screen


def test_empty_snapshot_is_quiet_and_unknown_figures_are_dashes() -> None:
    screen = drawn(reading(rooms=[RoomFigures("r-1", {})], texts=[TextCount("b-1", "x")]))
    assert "quiet" in screen
    assert "none" in screen
    assert screen.count("–") >= 3


def test_rows_are_bounded() -> None:
    rooms = [RoomFigures(f"room-{number}", {}, number) for number in range(50)]
    screen = drawn(reading(rooms=rooms), rows=4)
    assert "room-3" in screen
    assert "room-4" not in screen
    assert "(50)" in screen


def test_firing_alerts_come_first_and_pending_ones_not_at_all() -> None:
    active = [an_alert("pending", "pending"), an_alert("firing", "firing")]
    shown = shown_alerts(reading(active=active, resolved=[an_alert("over", "resolved")]))
    assert [alert.fingerprint for alert in shown] == ["firing", "over"]


def test_gravest_alerts_come_before_newer_warnings_and_undecided_ones_before_the_rest() -> None:
    shown: list[tuple[str, Severity]] = [
        ("c1", "critical"), ("c2", "critical"), ("i1", "info"), ("w1", "warning"), ("w2", "warning"),
    ]  # fmt: skip
    active = [
        msgspec.structs.replace(an_alert(name, severity=severity), updated_at=NOON_MS + at)
        for at, (name, severity) in enumerate(shown)
    ]
    decided = {"c2": Decision("acknowledged", "alice", NOON_MS, "crisis", "critical", "b-1")}
    snapshot = reading(active=active, decided=decided, resolved=[an_alert("over", "resolved")])
    assert [alert.fingerprint for alert in shown_alerts(snapshot)] == ["c1", "c2", "w2", "w1", "i1", "over"]
    assert "acknowledged by alice" in drawn(snapshot)


def test_false_alarm_fires_for_nobody() -> None:
    decided = {"f1": Decision("false_alarm", "alice", NOON_MS, "crisis", "critical", "b-1")}
    snapshot = reading(active=[an_alert("f1")], decided=decided)
    screen = drawn(snapshot)
    assert "quiet" in screen
    assert re.search(r"over .*\[false alarm by alice\]", screen)
    assert "firing 0" in lines(None, snapshot)[-1]


def test_narrow_screen_counts_what_it_does_not_show_by_severity() -> None:
    active = [an_alert(f"f{number}", severity="critical" if number < 4 else "warning") for number in range(9)]
    screen = drawn(reading(active=active, resolved=[an_alert("over", "resolved")]), rows=3, cells=80)
    assert "9 firing: 4 critical, 5 warning" in screen
    assert screen.count("critical ") == 3
    assert "… 6 more: 1 critical, 5 warning, 1 resolved" in screen


def test_alerts_that_are_left_out_are_resolved_ones_only() -> None:
    over = [an_alert(f"o{number}", "resolved") for number in range(5)]
    screen = drawn(reading(active=[an_alert("f")], resolved=over), rows=3, cells=80)
    assert "… 3 more, resolved" in screen


def test_amounts_are_whole_on_a_narrow_screen() -> None:
    screen = drawn(reading(rooms=[RoomFigures("room-1", {"orders": 212, "paid_value": 12_345_600}, 123_456)]), cells=80)
    for shown in ("123,456 ", "212", "123,456.00"):
        assert shown in screen
    assert "…" not in screen


@pytest.mark.parametrize(
    ("hours", "pattern"),
    [
        (0, r"12:00:00"),
        (12, r"00:00:00"),
        (13, r"\d\d-\d\d 23:00"),
        (288, r"\d\d-\d\d 12:00"),
        (12_000, r"\d{4}-\d\d-\d\d"),
    ],
)
def test_time_of_another_day_has_its_date(hours: int, pattern: str) -> None:
    assert re.fullmatch(pattern, when(NOON_MS - hours * 3_600_000, NOON_MS))


@pytest.mark.parametrize(("minutes", "told"), [(0, "0 min"), (89, "89 min"), (180, "3 h"), (12 * 1440, "12 days")])
def test_age_is_told_in_its_largest_unit(minutes: int, told: str) -> None:
    assert age(NOON_MS - minutes * 60_000, NOON_MS) == told


def test_markup_in_a_name_is_shown_as_it_is() -> None:
    screen = drawn(
        reading(
            rooms=[RoomFigures("[bold]x[/]", {}, 1)],
            texts=[TextCount("[/nope]", "x", 1)],
            active=[an_alert(summary="[link=http://evil]click[/link]")],
            trouble="[red]",
        )
    )
    for shown in ("[bold]x[/]", "[/nope]", "[link=http://evil]click[/link]", "[red]"):
        assert shown in screen


@pytest.mark.parametrize("hostile", ["a\x1b[2Jb", "a\nb", "a\rb", "a\u202eb", "a\x9bb", "a\u2028b"])
def test_control_characters_do_not_reach_the_terminal(hostile: str) -> None:
    snapshot = reading(rooms=[RoomFigures(hostile, {}, 1)], active=[an_alert(summary=hostile)], trouble=hostile)
    assert hostile not in drawn(snapshot, progress=hostile)
    assert all(hostile not in line for line in lines(None, snapshot, hostile))


@given(st.dictionaries(st.sampled_from(["negative", "neutral", "positive"]), st.integers(0, 10**9)))
def test_sentiment_bar_is_never_longer_than_its_cells(sentiments: dict[str, int]) -> None:
    screen = drawn(reading(texts=[TextCount("b-1", "x", 1, sentiments)]))
    assert screen.count("█") in (0, 12)


def test_lines_report_changes_once_and_totals_always() -> None:
    first = reading(rooms=[RoomFigures("r-1", {}, 10), RoomFigures("r-2", {})], active=[an_alert()])
    assert lines(None, first) == [
        "12:00:00 firing   critical crisis b-1: negative texts at nine times the baseline",
        "12:00:00 rooms 2, viewers 10, texts 0, firing 1, lag 0",
    ]
    assert lines(first, first) == ["12:00:00 rooms 2, viewers 10, texts 0, firing 1, lag 0"]
    resolved = reading(resolved=[an_alert(state="resolved")], trouble="Redis does not answer")
    assert lines(first, resolved, "feeding") == [
        "12:00:00 resolved critical crisis b-1: negative texts at nine times the baseline",
        "12:00:00 rooms 0, viewers 0, texts 0, firing 0, lag 0 · feeding · Redis does not answer",
    ]


@pytest.fixture
def facts(tmp_path: Path) -> BrandFacts:
    path = tmp_path / "brands.yaml"
    path.write_text(
        """brands:
  - {id: b-1, display_name: "[red]山野\\u202e\\e[2J 户外[/]", names: [山野], currency: CNY}
  - {id: b-2, display_name: Kiku, names: [Kiku], currency: JPY}
"""
    )
    return BrandFacts.of(Settings(brands=path))


def test_brand_is_called_by_its_name_and_its_rooms_pay_in_its_money(facts: BrandFacts) -> None:
    rooms = [RoomFigures(f"r-{brand}", {"paid_value": 123_456}, brand_id=brand) for brand in ("b-1", "b-2", "b-3")]
    snapshot = reading(rooms=rooms, texts=[TextCount("b-1", "x", 1), TextCount("b-3", "x", 1)], active=[an_alert()])
    console = Console(file=io.StringIO(), width=200, force_terminal=False, color_system=None)
    console.print(render(snapshot, cells=200, facts=facts))
    assert isinstance(console.file, io.StringIO)
    screen = console.file.getvalue()
    for shown in ("[red]山野�", "¥1,234.56", "JP¥123,456", " 1,234.56", "b-3"):
        assert shown in screen
    assert "\x1b" not in screen
    assert lines(None, snapshot, facts=facts)[0].endswith(
        "crisis [red]山野��[2J 户外[/]: negative texts at nine times the baseline"
    )
