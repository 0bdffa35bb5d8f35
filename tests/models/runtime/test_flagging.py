"""Which threshold a risk is flagged from: the point that is chosen, or a team's own."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from models.labels import RISKS
from models.operating_points import PRECISION
from models.runtime.classifier import BUNDLED, load_classifier
from models.runtime.flagging import (
    AS_SHIPPED,
    Flagging,
    FlaggingRefused,
    OwnThresholds,
    read_flagging,
    thresholds_of,
    widened,
)
from models.runtime.load import load_model
from models.runtime.manifest import Exit, LanguageModel, read_manifest

POINTS = {point: dict.fromkeys(RISKS, limit) for point, limit in zip(PRECISION, (0.9, 0.6, 0.3), strict=True)}
MODEL = LanguageModel("zh", 512, "tiny", (), POINTS["balanced"], POINTS)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("balanced", AS_SHIPPED),
        ("", AS_SHIPPED),
        ("precise", Flagging("precise")),
        (" balanced , abuse=precise", Flagging("balanced", {"abuse": "precise"})),
        ("crisis=sensitive,abuse = precise", Flagging("balanced", {"crisis": "sensitive", "abuse": "precise"})),
    ],
)
def test_points_are_read_as_people_write_them(written: str, read: Flagging) -> None:
    assert read_flagging(written) == read


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("strict", "points are precise, balanced, sensitive"),
        ("precise,sensitive", "one for all risks"),
        ("abuse=strict", "points are"),
        ("sarcasm=precise", "no risk sarcasm"),
    ],
)
def test_points_that_there_are_not_are_refused(written: str, reason: str) -> None:
    with pytest.raises(FlaggingRefused, match=reason):
        read_flagging(written)


def test_a_risk_takes_its_own_point_and_the_others_the_general_one() -> None:
    found = thresholds_of("r", "zh", MODEL, Flagging("precise", {"crisis": "sensitive"}))
    assert (found["abuse"], found["crisis"]) == (0.9, 0.3)
    assert tuple(found) == RISKS


def test_own_thresholds_go_before_the_point_in_their_language() -> None:
    own = OwnThresholds("r", {"zh": {"abuse": 0.42}})
    found = thresholds_of("r", "zh", MODEL, Flagging("precise", own=own))
    assert (found["abuse"], found["crisis"]) == (0.42, 0.9)
    assert thresholds_of("r", "en", MODEL, Flagging(own=own))["abuse"] == 0.6


def test_thresholds_of_another_revision_are_refused() -> None:
    with pytest.raises(FlaggingRefused, match="model calibrate"):
        thresholds_of("later", "zh", MODEL, Flagging(own=OwnThresholds("r", {"zh": {"abuse": 0.42}})))


def test_a_model_without_points_serves_as_shipped_and_refuses_others() -> None:
    before = msgspec.structs.replace(MODEL, operating_points={})
    assert thresholds_of("r", "zh", before, AS_SHIPPED)["abuse"] == 0.6
    with pytest.raises(FlaggingRefused, match="no operating point precise"):
        thresholds_of("r", "zh", before, Flagging("precise"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{}", "not what pulsewatch model calibrate writes"),
        ('{"revision": "r", "thresholds": {"zh": {"sarcasm": 0.5}}}', "no risk sarcasm"),
        ('{"revision": "r", "thresholds": {"zh": {"abuse": 0}}}', "above 0"),
    ],
)
def test_a_file_that_is_no_thresholds_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "thresholds.json"
    path.write_text(content)
    with pytest.raises(FlaggingRefused, match=reason):
        read_flagging(own=path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FlaggingRefused, match="No such file"):
        read_flagging(own=tmp_path / "thresholds.json")


def test_no_text_leaves_between_its_risks_threshold_and_the_band() -> None:
    rule = Exit(0.5, {"abuse": (0.3, 0.8), "crisis": (0.3, 0.8), "rumor": (0.3, 0.8)})
    bands = widened(rule, {"abuse": 0.2, "crisis": 0.9, "rumor": 0.5}).risks
    assert bands["abuse"][0] < 0.2
    assert bands["crisis"][1] == 0.9
    assert bands["rumor"] == (0.3, 0.8)


def test_as_shipped_the_exits_are_the_measured_ones() -> None:
    for language, model in read_manifest(BUNDLED).models.items():
        limits = thresholds_of("r", language, model, AS_SHIPPED)
        for stage in model.stages[:-1]:
            assert stage.exit is not None
            assert widened(stage.exit, limits) == stage.exit


def test_own_thresholds_decide_what_the_bundled_model_flags(tmp_path: Path) -> None:
    text = "加微信 abc88888 私下转账,价格更低"
    path = tmp_path / "thresholds.json"
    revision = read_manifest(BUNDLED).revision
    path.write_text(json.dumps({"revision": revision, "thresholds": {"zh": dict.fromkeys(RISKS, 0.0001)}}))
    (shipped,), (own,) = (
        load_model(None, flagging=rule).score([text]) for rule in (AS_SHIPPED, read_flagging(own=path))
    )
    assert shipped is not None
    assert own is not None
    assert "diversion" in shipped.flagged
    assert set(own.flagged) > set(shipped.flagged)


def test_a_checkpoint_has_no_points(tmp_path: Path) -> None:
    with pytest.raises(FlaggingRefused, match="no operating points"):
        load_model(str(tmp_path), flagging=Flagging("precise"))


def test_the_classifier_serves_the_chosen_thresholds() -> None:
    own = OwnThresholds(read_manifest(BUNDLED).revision, {"en": {"abuse": 0.123}})
    assert load_classifier(flagging=Flagging(own=own)).served["en"].thresholds["abuse"] == 0.123
