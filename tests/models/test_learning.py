"""What marked texts teach, on the bundled model."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.evaluate import LabelledText
from models.learning import MIN_MARKS, learn
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
    assert taught.wrong_after == taught.wrong_before
