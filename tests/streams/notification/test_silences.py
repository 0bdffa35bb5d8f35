"""From decisions to Alertmanager's silences."""

from typing import Any

import msgspec

from streams.alerts.alert import Alert
from streams.control.decisions import Decision, Silence, Verdict, silence_of
from streams.notification.alertmanager_api import AlertmanagerSilence, Matcher
from streams.notification.silences import COMMENT, LASTS_MS, SilenceChanges, silence_changes
from tests.builders.episodes import MINUTE_MS, NOW_MS, crisis

ACKNOWLEDGED = Silence("Lin", "crisis", "critical", None)


def changes(
    wanted: Silence | None, *found: AlertmanagerSilence, firing: tuple[Alert, ...] = (crisis(),), now_ms: int = NOW_MS
) -> SilenceChanges:  # fmt: skip
    return silence_changes(firing, {"f1": wanted} if wanted else {}, found, now_ms)


def made(wanted: Silence = ACKNOWLEDGED, now_ms: int = NOW_MS) -> AlertmanagerSilence:
    [silence] = changes(wanted, now_ms=now_ms).made
    return msgspec.structs.replace(silence, id="s1")


def decision(verdict: Verdict, **facts: Any) -> Decision:
    return Decision(verdict, "Lin", NOW_MS, "crisis", "critical", "acme", **facts)


def test_acknowledged_alert_is_silenced_at_the_severity_that_it_has() -> None:
    silence = made()
    assert {(one.name, one.value) for one in silence.matchers} == {
        ("fingerprint", "f1"), ("kind", "crisis"), ("severity", "critical"),
    }  # fmt: skip
    assert silence.created_by == "Lin"
    assert silence.comment == COMMENT


def test_silence_that_there_is_stays() -> None:
    assert changes(ACKNOWLEDGED, made()) == SilenceChanges([], [])


def test_silence_is_prolonged_before_it_ends() -> None:
    later_ms = NOW_MS + LASTS_MS - 5 * MINUTE_MS
    [again] = changes(ACKNOWLEDGED, made(), now_ms=later_ms).made
    assert (again.id, again.ends_at) == ("s1", made(now_ms=later_ms).ends_at)


def test_silence_for_a_time_ends_with_it() -> None:
    brief = Silence("Lin", "crisis", "critical", NOW_MS + 5 * MINUTE_MS)
    assert made(brief).ends_at == "2026-11-30T10:17:00.000Z"
    assert changes(brief, made(brief)) == SilenceChanges([], [])


def test_silence_whose_time_is_shortened_is_changed() -> None:
    [shorter] = changes(Silence("Lin", "crisis", "critical", NOW_MS + 5 * MINUTE_MS), made()).made
    assert (shorter.id, shorter.ends_at) == ("s1", "2026-11-30T10:17:00.000Z")


def test_silence_ends_with_the_decision_and_with_the_alert() -> None:
    assert changes(None, made()).ended == ["s1"]
    assert changes(ACKNOWLEDGED, made(), firing=()).ended == ["s1"]


def test_growth_is_not_silenced() -> None:
    silence = made(Silence("Lin", "crisis", "warning", None))
    assert Matcher("severity", "warning") in silence.matchers


def test_silences_of_others_are_left_alone() -> None:
    theirs = AlertmanagerSilence(made().matchers, made().starts_at, made().ends_at, "admin", "maintenance", "theirs")
    assert changes(None, theirs) == SilenceChanges([], [])


def test_last_acknowledgement_decides_until_it_is_taken_back() -> None:
    acknowledged, until = decision("acknowledged"), decision("acknowledged", silence_until_ms=NOW_MS + MINUTE_MS)
    assert silence_of([acknowledged], NOW_MS) == Silence("Lin", "crisis", "critical", None)
    assert silence_of([acknowledged, decision("confirmed")], NOW_MS) is not None
    assert silence_of([acknowledged, decision("reopened")], NOW_MS) is None
    assert silence_of([acknowledged, decision("false_alarm")], NOW_MS) is None
    assert silence_of([acknowledged, until], NOW_MS) is not None
    assert silence_of([acknowledged, until], NOW_MS + MINUTE_MS) is None
