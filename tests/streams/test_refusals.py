"""Reasons for refusals: a sentence in each language, with the same places to fill."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.catalogue.brand import Brand, brands_of
from streams.errors import UsageError
from streams.refusals import REFUSALS, Problem, Refused, field_fault, problem_of
from streams.yaml_records import read_source


@pytest.mark.parametrize("why", REFUSALS)
def test_refusal_has_both_languages_with_the_same_facts(why: str) -> None:
    chinese, english = (set(re.findall(r"\{(\w+)\}", sentence)) for sentence in REFUSALS[why])
    assert chinese == english
    assert re.search("[\u4e00-\u9fff]", REFUSALS[why][0])


def test_refusal_is_a_usage_error_that_says_its_english_sentence() -> None:
    error = Refused("campaign_length", days=31)
    assert isinstance(error, UsageError)
    assert (str(error), error.why, error.facts) == ("a campaign lasts 31 days at most", "campaign_length", {"days": 31})


def _problem_of_file(source: str) -> Problem:
    with pytest.raises(UsageError) as raised:
        brands_of(source, Path("/etc/pulsewatch/brands.yaml"))
    return problem_of(raised.value)


@pytest.mark.parametrize(
    ("source", "whys"),
    [
        ("brands: [{id: a}]", ["brand_nameless"]),
        ("brands: [{id: a, names: ['@']}]", ["brand_empty_name"]),
        ("brands: [{id: a, ambiguous: [qwzx]}]", ["brand_context"]),
        ("brands: [{id: a, names: [A1], time_zone: Mars}, {id: a, names: [A1]}]", ["brand_time_zone", "brand_twice"]),
        ("brands: [{id: a, names: [A1], currency: XXZ, jurisdiction: china}]", ["brand_currency", "brand_country"]),
        ("brands: [{id: a, names: [A1], languages: [xx], rivals: [b]}]", ["brand_language", "brand_rival"]),
        (f"brands: [{', '.join('{id: a}' for _ in range(9))}]", []),
        ("brands: [{id: a, nam: [A1]}]", ["field_unknown"]),
        ("brands: [{names: [A1]}]", ["field_missing"]),
        ("brands: [{id: a, names: [105]}]", ["field_quotes"]),
        ("brands: [{id: a, names: A1}]", ["field_list"]),
        ("brands: [{id: a, names: ['']}]", ["field_length"]),
        ("brands: {a: 1}", ["field_type"]),
        ("brands: [", ["file_yaml"]),
        ("brands:\n\t- id: a", ["file_tab"]),
        ("", ["file_empty"]),
    ],
)
def test_every_fault_of_a_catalogue_is_one_that_pages_have_a_sentence_for(source: str, whys: list[str]) -> None:
    problem = _problem_of_file(source)
    assert problem.why == "faults_at"
    assert problem.facts["file"] == "brands.yaml" in problem.error
    told = [fault.why for fault in problem.facts["faults"]]
    assert told == whys or (not whys and told[-1] == "faults_more")
    assert "/etc/" not in problem.error


def test_a_file_that_is_not_there_is_told_by_its_name_and_a_reason(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        brands_of(read_source(tmp_path / "none.yaml"), tmp_path / "none.yaml")
    problem = problem_of(raised.value)
    assert (problem.why, problem.facts["file"]) == ("file_unread", "none.yaml")
    assert str(tmp_path) not in problem.error


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"id": 1}, "field_quotes"),
        ({"id": "a", "x": 1}, "field_unknown"),
        ({"id": "a", "names": ["x" * 101]}, "field_length"),
    ],
)
def test_a_field_of_a_form_is_told_by_name(given: dict[str, Any], why: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(given, Brand)
    assert field_fault(str(raised.value)).why == why
