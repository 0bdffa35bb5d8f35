"""One letter a minute: # the cause holds, ~ it neither holds nor is calm, . it is calm."""

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dashboards
from streams.alerts.episode import Episode, Hysteresis, max_severity, new_alert
from streams.alerts.kinds import KINDS, AlertKind
from streams.clock import MINUTE_MS

HYSTERESIS = Hysteresis(fire_after_ms=2 * MINUTE_MS, resolve_after_ms=3 * MINUTE_MS)


def opened() -> Episode:
    alert = new_alert(
        "crisis", "acme", started_at_ms=0, now_ms=0, severity="warning", summary="what", explanation="how bad"
    )
    return Episode(alert, since_ms=0)


def states(minutes: str) -> str:
    """The state's first letter after each minute; nothing is asked of an episode that is over."""
    episode, shown = opened(), ""
    for minute, letter in enumerate(minutes):
        if episode.over:
            break
        episode.step(minute * MINUTE_MS, holds=letter == "#", calm=letter == ".", hysteresis=HYSTERESIS)
        shown += episode.alert.state[0]
    return shown


def test_alert_fires_once_its_cause_has_held() -> None:
    assert states("###") == "ppf"


def test_alert_whose_cause_goes_before_it_fires_resolves_unfired() -> None:
    assert states("#.") == "pr"


def test_alert_resolves_once_it_has_been_calm() -> None:
    assert states("###....") == "ppffffr"


def test_flicker_neither_resolves_nor_raises_again() -> None:
    assert states("###..#..#~~#..~#") == "ppffffffffffffff"


def test_state_between_holds_and_calm_changes_nothing() -> None:
    assert states("#~~~") == "pppp"
    assert states("###~~~~~~") == "ppfffffff"


@given(st.text("#.~", max_size=60))
def test_states_only_go_forward(minutes: str) -> None:
    shown = states(minutes)
    assert list(shown) == sorted(shown, key="pfr".index)


def test_times_of_the_states_are_kept() -> None:
    episode = opened()
    episode.fire(5)
    episode.resolve(9)
    assert (episode.alert.fired_at, episode.alert.resolved_at, episode.alert.updated_at) == (5, 9, 9)


def test_severity_never_falls_while_the_episode_lasts() -> None:
    episode = opened()
    episode.revise(1, severity="critical")
    episode.revise(2, severity="info")
    assert episode.alert.severity == "critical"
    assert max_severity("info", "warning") == "warning"


def test_revision_that_comes_late_does_not_turn_time_back() -> None:
    episode = opened()
    episode.revise(10, summary="new")
    episode.revise(3, summary="newer")
    assert (episode.alert.summary, episode.alert.updated_at) == ("newer", 10)


@pytest.mark.parametrize("kind", get_args(AlertKind))
def test_each_kind_has_a_runbook(kind: AlertKind) -> None:
    folder = Path(dashboards.__file__).parent / "runbooks"
    assert (folder / KINDS[kind].runbook).is_file()
