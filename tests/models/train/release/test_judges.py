"""What judging authors say of a scorer whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from models.labels import RISKS
from models.runtime.scorer import Scores
from models.train.data.sources import read_rows
from models.train.data.written import FOLDER
from models.train.release.judges import judge


class Knowing:
    """Flags what the corpus says of a text, but for those whose labels it is told to miss."""

    def __init__(self, author: str, disguised_too: bool = True, everything: bool = False) -> None:
        self.rows = {}
        for row in read_rows(FOLDER / f"{author}.jsonl"):
            self.rows[row.get("plain", "")] = row
            self.rows[row["text"]] = row if disguised_too or "plain" not in row else {**row, "risks": []}
        self.everything = everything

    def score(self, texts: Sequence[str]) -> list[Scores | None]:
        return [self._scores(text) if text else None for text in texts]

    def _scores(self, text: str) -> Scores:
        risks = list(RISKS) if self.everything else self.rows[text]["risks"]
        return Scores(self.rows[text]["sentiment"], {}, {label: float(label in risks) for label in RISKS}, risks)


@pytest.mark.parametrize(("language", "author"), [("zh", "zh3"), ("en", "en2")])
def test_who_knows_all_is_right_in_all(language: str, author: str) -> None:
    figures = judge(Knowing(author), language)
    assert set(figures["found"]) == set(RISKS)
    assert all((one["precision"], one["recall"]) == (1.0, 1.0) for one in figures["found"].values())
    assert set(figures["clean"].values()) - {figures["clean"]["texts"]} == {0.0}
    assert (figures["disguised"]["found"], figures["sentiment"], figures["unscored"]) == (1.0, 1.0, 0)


def test_who_flags_all_is_told_of_clean_texts() -> None:
    figures = judge(Knowing("zh3", everything=True), "zh")
    assert figures["clean"]["flagged"] == 1.0
    assert figures["found"]["abuse"]["precision"] == pytest.approx(0.1, abs=0.02)


def test_who_reads_no_disguise_is_told_of_it() -> None:
    figures = judge(Knowing("zh3", disguised_too=False), "zh")
    assert figures["disguised"]["found"] == 0.0
    assert figures["disguised"]["plain_found"] == 1.0
