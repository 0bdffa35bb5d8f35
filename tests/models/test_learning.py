"""What marked texts teach, on the bundled model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.evaluate import LabelledText
from models.learning import MIN_MARKS, Learner, Looked, Rehearsed, flags_of, learn
from models.runtime.classifier import BUNDLED, load_classifier
from models.runtime.correction import Correction, CorrectionRefused, read_corrections, save_corrections
from models.runtime.flagging import AS_SHIPPED
from models.runtime.manifest import read_manifest
from models.runtime.scorer import Scores

MISSED = [
    f"we settle at the {place}, knock and say lemon" for place in ("barn", "bakery", "garden", "shed", "attic", "dock")
]
ALIKE = "we settle at the barn tonight, knock and say lemon"
FAR = "what a lovely lipstick, does it come in red?"
REVISION = read_manifest(BUNDLED).revision


@pytest.fixture(scope="module")
def corrections() -> dict[str, Correction]:
    marked = [LabelledText(text, risks={"diversion": 1}) for text in MISSED]
    [(language, correction, [taught])] = learn(marked, BUNDLED, AS_SHIPPED, rehearsed=100)
    assert correction is not None
    assert taught.rehearsed is not None
    assert sum(taught.rehearsed) <= 1, "of a hundred texts that it knew"
    assert (language, taught.risk, taught.marks, taught.wrong_before) == ("en", "diversion", len(MISSED), len(MISSED))
    assert taught.wrong_after == 0
    return {language: correction}


@pytest.fixture(scope="module")
def learnt(corrections: dict[str, Correction], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("learnt") / "correction.npz"
    save_corrections(path, REVISION, corrections)
    return path


def scores(texts: list[str], correction: Path | None = None) -> list[Scores]:
    found = load_classifier(remembered_texts=0, correction=correction).score(texts)
    return [one for one in found if one is not None]


def test_texts_like_the_marked_ones_are_found_in_any_company(learnt: Path) -> None:
    (before,), (alone,) = scores([ALIKE]), scores([ALIKE], learnt)
    assert "diversion" not in before.flagged
    assert "diversion" in alone.flagged
    together = scores([FAR * 9, ALIKE, FAR, "主播好美"], learnt)
    assert together[1].risks["diversion"] == pytest.approx(alone.risks["diversion"], abs=0.02)


def test_other_risks_and_the_other_language_stay_exactly(learnt: Path) -> None:
    texts = ["主播好美", "加微信 abc88888 私下转账"]
    assert scores(texts, learnt) == scores(texts)
    (before,), (after,) = scores([ALIKE]), scores([ALIKE], learnt)
    assert {**after.risks, "diversion": 0} == {**before.risks, "diversion": 0}
    assert after.sentiment_scores == before.sentiment_scores


def test_what_was_learnt_on_another_model_is_refused(
    corrections: dict[str, Correction], tmp_path: Path
) -> None:  # fmt: skip
    save_corrections(tmp_path / "old.npz", "an older one", corrections)
    with pytest.raises(CorrectionRefused, match="learn again"):
        load_classifier(correction=tmp_path / "old.npz")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_file_that_is_no_correction_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "correction.npz"
    path.write_bytes(content)
    with pytest.raises(CorrectionRefused):
        read_corrections(path, REVISION)


def test_few_marks_teach_nothing() -> None:
    marked = [LabelledText(text, risks={"diversion": 1}) for text in MISSED[: MIN_MARKS - 1]]
    [(_, correction, [taught])] = learn(marked, BUNDLED, AS_SHIPPED, rehearsed=10)
    assert correction is None
    assert taught.rehearsed is None
    assert taught.wrong_after == taught.wrong_before


def looked(risk: list[float], where: list[int]) -> Looked:
    """Texts of one risk, at its probability, each at one of a few places far apart."""
    calm = np.tile([0.0, 1.0, 0.0], (len(risk), 1))
    noise = np.random.default_rng(len(risk)).normal(scale=0.01, size=(len(risk), 8))
    return Looked(np.column_stack([calm, risk]), (np.eye(8, dtype=np.float32)[where] + noise).astype(np.float32))


def rehearsed(risk: list[float], where: list[int], truth: list[bool]) -> Rehearsed:
    everything = np.ones(len(risk), dtype=bool)
    return Rehearsed(looked(risk, where), {"abuse": everything}, {"abuse": np.array(truth)})


ELSEWHERE = [0.1, 0.9] * 50, [0, 1] * 50, [False, True] * 50
"""Right ones at two places."""


def flagged_after(learner: Learner, marks: Looked, answer: bool, others: Looked) -> list[bool]:
    correction = learner.learn(marks, {"abuse": dict.fromkeys(range(len(marks.pooled)), answer)}).correction
    assert correction is not None
    return [bool(flag) for flag in flags_of(correction.apply(*others), {"abuse": 0.5})["abuse"]]


@pytest.mark.parametrize(("said", "answer"), [(0.4, True), (0.6, False)])
def test_mistakes_take_only_texts_like_them_and_only_in_their_direction(said: float, answer: bool) -> None:
    risk, where, truth = ELSEWHERE
    learner = Learner({"abuse": 0.5}, rehearsed([*risk, said], [*where, 2], [*truth, answer]))
    others = looked([said, said, 1 - said], [2, 0, 2])
    assert flagged_after(learner, looked([said] * 6, [2] * 6), answer, others) == [answer, not answer, answer]


def test_right_ones_that_are_as_near_as_the_mistakes_keep_their_flags() -> None:
    risk, where, truth = ELSEWHERE
    learner = Learner({"abuse": 0.5}, rehearsed(risk + [0.6] * 40, where + [2] * 40, truth + [True] * 40))
    kept = flagged_after(learner, looked([0.6] * 6, [2] * 6), False, looked([0.6] * 40, [2] * 40))
    assert sum(kept) >= 36


def test_what_is_not_moved_keeps_its_very_probability() -> None:
    risk, where, truth = ELSEWHERE
    learner = Learner({"abuse": 0.5}, rehearsed(risk, where, truth))
    correction = learner.learn(looked([0.4] * 6, [2] * 6), {"abuse": dict.fromkeys(range(6), True)}).correction
    others = looked([0.123456, 0.7], [0, 2])
    assert correction is not None
    assert (correction.apply(*others) == others.probabilities).all()
