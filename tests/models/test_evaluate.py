"""Rows of figures, on answers that are known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from models.evaluate import Unreadable, evaluate
from models.labels import RISKS, SENTIMENTS
from models.runtime.scorer import Scores

LINES: list[dict[str, Any]] = [
    {"text": "negative abuse", "source": "a", "sentiment": "negative", "abuse": 1},
    {"text": "neutral", "source": "a", "sentiment": "neutral", "abuse": 0},
    {"text": "positive abuse", "source": "a", "sentiment": "positive", "abuse": 0},
    {"text": "neutral", "source": "b", "sentiment": "positive", "sentiment_binary": True},
]


class Echo:
    """Says what the text says: its first word is the sentiment, the others are flagged."""

    def score(self, texts: Sequence[str]) -> list[Scores | None]:
        return [self._scores(*text.split()) for text in texts]

    def _scores(self, sentiment: str, *flagged: str) -> Scores:
        shares = {label: 0.8 if label == sentiment else 0.1 for label in SENTIMENTS}
        return Scores(sentiment, shares, {label: float(label in flagged) for label in RISKS}, list(flagged))


class Ticking:
    """A clock that goes on by two seconds at each look."""

    seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 2.0
        return self.seconds


@pytest.fixture
def rows(tmp_path: Path) -> list[dict[str, Any]]:
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES), encoding="utf-8")
    return evaluate([path], Echo(), Ticking())


def test_rows_name_source_and_label_and_end_with_the_speed(rows: list[dict[str, Any]]) -> None:
    assert [(row.get("source"), row.get("label")) for row in rows] == [
        ("a", "sentiment"),
        ("a", "abuse"),
        ("a", "any_risk"),
        ("b", "sentiment"),
        ("b", "any_risk"),
        (None, None),
    ]
    assert rows[-1] == {"texts_per_second": 2.0}


def test_risk_rows_measure_the_flags(rows: list[dict[str, Any]]) -> None:
    assert rows[1] | {"n": 3, "precision": 0.5, "recall": 1.0, "accuracy": 0.6667} == rows[1]
    assert rows[2] == {"source": "a", "label": "any_risk", "n": 2, "false_alarm_rate": 0.5}


def test_a_source_without_neutral_is_judged_on_the_other_two(rows: list[dict[str, Any]]) -> None:
    assert rows[0]["accuracy"] == 1.0
    assert rows[3]["accuracy"] == 0.0  # an even pair: the first, negative, is taken


@pytest.mark.parametrize("line", ["[]", '{"text": 1}', "{", '{"text": "a", "sentiment": "angry"}', "{}"])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"text": "ok"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(Unreadable, match=r"bad\.jsonl:2"):
        evaluate([path], Echo())


def test_a_calm_text_that_carries_a_risk_is_no_false_alarm(tmp_path: Path) -> None:
    """An advertisement for a private account is friendly, and flagged rightly."""
    path = tmp_path / "texts.jsonl"
    lines = [
        {"text": "positive diversion", "source": "a", "sentiment": "positive", "diversion": 1},
        {"text": "positive abuse", "source": "a", "sentiment": "positive", "diversion": 0},
        {"text": "positive", "source": "a", "sentiment": "positive"},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    (row,) = [row for row in evaluate([path], Echo(), Ticking()) if row.get("label") == "any_risk"]
    assert (row["n"], row["false_alarm_rate"]) == (2, 0.5)
