"""The written corpus: well formed, its judges apart, twins on one side."""

import json

import pytest

from models.labels import RISKS, SENTIMENTS
from models.train.data.written import (
    CALIBRATORS,
    FOLDER,
    JUDGES,
    NOT_ASKED_FOR_RUMOURS,
    examples_of,
    load_judging,
    load_written,
)

AUTHORS = sorted(path.stem for path in FOLDER.glob("*.jsonl"))
KEYS = {"text", "sentiment", "risks", "target", "kind", "platform", "industry"}


@pytest.mark.parametrize("author", AUTHORS)
def test_author_is_well_formed(author: str) -> None:
    rows = [json.loads(line) for line in (FOLDER / f"{author}.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) >= 300
    assert len({row["text"] for row in rows}) == len(rows)
    for row in rows:
        assert row.keys() - {"plain"} == KEYS
        assert row["sentiment"] in SENTIMENTS
        assert set(row["risks"]) <= set(RISKS)
        assert row["target"] in {"person", "group", "goods", "nobody"}
        assert ("plain" in row) == (row["kind"] == "disguised")


def test_half_is_hard() -> None:
    lines = [line for path in FOLDER.glob("*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()]
    kinds = [json.loads(line)["kind"] for line in lines]
    assert sum(kind != "plain" for kind in kinds) >= len(kinds) / 2


@pytest.mark.parametrize("language", ["zh", "en"])
def test_judges_teach_nothing(language: str) -> None:
    training, calibration = load_written(language)
    judging = {example.text for example in load_judging(language)}
    assert judging
    assert not judging & {example.text for example in [*training, *calibration]}
    assert any(name.startswith(language) for name in JUDGES)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_whoever_calibrates_teaches_nothing(language: str) -> None:
    training, calibration = load_written(language)
    assert calibration
    assert not {example.text for example in training} & {example.text for example in calibration}
    assert len(calibration) < len(training)
    assert not set(CALIBRATORS) & set(JUDGES)


def test_twin_has_the_labels_of_its_disguise() -> None:
    row = {"text": "加v❤", "plain": "加微信", "sentiment": "neutral", "risks": ["diversion"]}
    disguised, plain = examples_of(row, "zh")
    assert (disguised.written, plain.written) == ("加v❤", "加微信")
    assert disguised.risks == plain.risks
    assert plain.risks["diversion"][0] == 1.0


def test_who_was_not_asked_for_rumours_denies_none() -> None:
    assert set(NOT_ASKED_FOR_RUMOURS) <= set(AUTHORS)
    assert not {*CALIBRATORS, *JUDGES} & set(NOT_ASKED_FOR_RUMOURS)
    row = {"text": "so it goes", "sentiment": "neutral", "risks": ["crisis"]}
    (example,) = examples_of(row, "en", {"rumor"})
    assert example.risks.keys() == set(RISKS) - {"rumor"}
    training, calibration = load_written("en")
    assert any(e.risks.get("rumor", (0.0, 0.0))[0] == 1 for e in training)
    assert any("rumor" not in e.risks for e in training)
    assert all(e.risks.keys() == set(RISKS) for e in calibration)


def test_rehearsed_authors_are_read_once_an_epoch() -> None:
    passes = {example.passes for example in load_written("en", rehearsed=("en3",))[0]}
    assert len(passes) == 2
    assert min(passes) == 1
    assert {example.passes for example in load_written("en")[0]} == {max(passes)}
