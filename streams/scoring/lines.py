"""`pulsewatch score`: JSON lines in, JSON lines out, in their order, with no server and no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from models.runtime import Scorer
from streams.compliance.rulebook import Rulebook
from streams.compliance.text_reading import TextReading
from streams.errors import UsageError
from streams.events.schema import TextKind
from streams.scoring.judge import JudgedText, Judgement, judge
from streams.scoring.model import require_classifier
from streams.scoring.verdict import verdict

BATCH_LINES = 128


class Line(msgspec.Struct, frozen=True):
    """One line of input; other fields are ignored."""

    text: str
    kind: TextKind
    lang: str | None = None


_decode = msgspec.json.Decoder(Line).decode


def score_lines(
    lines: Iterable[bytes | str],
    *,
    rulebook: Rulebook | None = None,
    classifier: Scorer | None = None,
    plain_kind: TextKind | None = None,
) -> Iterator[dict[str, Any]]:
    """One row a line, blank lines left out; the shipped rules and model if none are given.

    With a `plain_kind`, a line that does not begin with "{" is a text of this kind as it stands. Raises UsageError for
    a line that is not a `Line`, after the rows of the lines before it, and if the model cannot be loaded.
    """
    rulebook = rulebook or Rulebook.load()
    classifier = classifier or require_classifier()
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    while batch := list(islice(numbered, BATCH_LINES)):
        texts, mistake = _read(batch, plain_kind)
        for text, judgement in zip(texts, judge(texts, rulebook, classifier), strict=True):
            yield _row(text, judgement)
        if mistake is not None:
            raise mistake


def _read(
    batch: list[tuple[int, bytes | str]], plain_kind: TextKind | None
) -> tuple[list[JudgedText], UsageError | None]:
    """The texts of lines up to the first that cannot be read, and what is wrong with that one."""
    texts: list[JudgedText] = []
    for number, line in batch:
        try:
            read = _line(line, plain_kind)
        except (ValueError, RecursionError) as error:
            return texts, UsageError(f"line {number}: {error}")
        texts.append(JudgedText(TextReading(read.text), read.kind))
    return texts, None


def _line(line: bytes | str, plain_kind: TextKind | None) -> Line:
    text = line.decode() if isinstance(line, bytes) else line
    if plain_kind is None or text.lstrip("\ufeff \t").startswith("{"):
        return _decode(text.lstrip("\ufeff"))
    return Line(text.lstrip("\ufeff").rstrip("\r\n"), plain_kind)


def _row(text: JudgedText, judgement: Judgement) -> dict[str, Any]:
    scores = judgement.scores
    risks = {} if scores is None else scores.risks
    flagged = [] if scores is None else scores.flagged
    return {
        "sentiment": None if scores is None else scores.sentiment,
        "sentiment_scores": {} if scores is None else scores.sentiment_scores,
        "risks": risks,
        "flagged": flagged,
        "findings": [msgspec.to_builtins(finding) for finding in judgement.findings],
        "verdict": verdict(judgement.findings, risks, flagged, text.kind).as_row(),
    }
