from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import msgspec
import pytest

from streams.engagement.dictionary import PEOPLE, SUMS, AudienceMetric, GaugeMetric, Scope, SumMetric, Window
from streams.simulate.compare import compare
from streams.simulate.generate import generate
from streams.simulate.scenarios import BRANDS, CALM, ROOMS
from streams.simulate.truth import Truth

ENDED_AT_MS = 1_790_000_012_345
TINY = replace(CALM, name="tiny", minutes=6, brands=BRANDS[:2], rooms=ROOMS[:3])


@pytest.fixture(scope="module")
def truth() -> Truth:
    return generate(TINY, ENDED_AT_MS).truth


Wrong = Mapping[tuple[str, str, str, str], int]
"""By how much a figure is wrong: (scope, id, window, name)."""


@dataclass
class Counters:
    """Counters that are right, but for what they are told to get wrong."""

    truth: Truth
    wrong: Wrong = field(default_factory=dict)
    strangers: tuple[str, ...] = ()

    def ids(self, scope: Scope) -> Iterable[str]:
        return [*self.truth.scopes[scope], *(self.strangers if scope == "brand" else ())]

    def sums(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int, *, session_id: str | None = None
    ) -> Mapping[SumMetric, int]:
        if scope_id in self.strangers:
            return {"likes": 1}
        right = self.truth.sessions[session_id].sums if session_id else self.truth.sums(scope, scope_id, window)
        return {name: right.get(name, 0) + self._error(scope, scope_id, window, name) for name in SUMS}

    def people(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int, *, session_id: str | None = None
    ) -> Mapping[AudienceMetric, int]:
        if scope_id in self.strangers:
            return {}
        if session_id is not None:
            right = self.truth.sessions[session_id].people
        else:
            right = self.truth.scopes[scope][scope_id].people[window]
        return {name: right.get(name, 0) + self._error(scope, scope_id, window, name) for name in PEOPLE}

    def gauges(
        self, scope: Scope, scope_id: str, window: Window, at_ms: int, *, session_id: str | None = None
    ) -> Mapping[GaugeMetric, int]:
        told = self.truth.sessions[session_id or ""]
        peak = told.viewers_peak + self._error(scope, scope_id, window, "viewers_peak")
        return {"viewers_peak": peak, "viewers_now": told.viewers_last}

    def _error(self, scope: str, scope_id: str, window: str, name: str) -> int:
        return self.wrong.get((scope, scope_id, window, name), 0)


def differences(truth: Truth, wrong: Wrong) -> list[tuple[str, str]]:
    return [(row.scope_id, row.name) for row in compare(truth, Counters(truth, wrong), [], {}).differences]


def test_compare_agrees_with_what_is_right_and_checks_all_of_it(truth: Truth) -> None:
    comparison = compare(truth, Counters(truth), [], {})
    assert comparison.agrees
    assert comparison.figures > 2_000


@pytest.mark.parametrize("window", ["1m", "5m", "60m", "24h"])
def test_compare_finds_a_single_count_that_is_off_by_one(truth: Truth, window: str) -> None:
    assert differences(truth, {("room", "room-101", window, "likes"): 1}) == [("room-101", "likes")]


def test_compare_finds_a_wrong_session_and_a_wrong_peak(truth: Truth) -> None:
    wrong = {("room", "room-101", "session", "paid_value"): -1, ("room", "room-102", "session", "viewers_peak"): 1}
    assert set(differences(truth, wrong)) == {("room-101", "paid_value"), ("room-102", "viewers_peak")}


def test_compare_allows_an_estimate_its_error_and_no_more(truth: Truth) -> None:
    viewers = truth.scopes["platform"]["douyin"].people["60m"]["viewers"]
    allowed = round(4 * 0.0081 * viewers)
    assert allowed > 2
    assert differences(truth, {("platform", "douyin", "60m", "viewers"): allowed}) == []
    assert differences(truth, {("platform", "douyin", "60m", "viewers"): -allowed - 1}) == [("douyin", "viewers")]


def test_compare_allows_followers_no_error(truth: Truth) -> None:
    assert differences(truth, {("brand", "shanye", "24h", "new_followers"): 1}) == [("shanye", "new_followers")]


def test_compare_finds_a_brand_that_does_not_exist(truth: Truth) -> None:
    comparison = compare(truth, Counters(truth, strangers=("ghost",)), [], {})
    assert {row.scope_id for row in comparison.differences} == {"ghost"}


def test_compare_finds_dead_letters_that_are_missing_or_too_many(truth: Truth) -> None:
    told = msgspec.structs.replace(truth, dead_letters={"bad_json": 3})
    assert compare(told, Counters(told), [], {"bad_json": 3}).agrees
    assert not compare(told, Counters(told), [], {}).agrees
    assert not compare(told, Counters(told), [], {"bad_json": 3, "wrong_type": 1}).agrees
