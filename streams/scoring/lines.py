"""`pulsewatch score`: JSON lines in, JSON lines out, in their order, with no server and no network."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from models.labels import LANGUAGES
from models.runtime import Scorer
from streams.compliance.rulebook import Rulebook
from streams.compliance.text_reading import TextReading
from streams.errors import UsageError
from streams.events.schema import TextKind
from streams.ingest.foreign import read_json
from streams.scoring.judge import JudgedText, Judgement, judge
from streams.scoring.model import require_classifier
from streams.scoring.verdict import verdict

BATCH_LINES = 128


class Line(msgspec.Struct, frozen=True):
    """One line of input; other fields are ignored."""

    text: str
    kind: TextKind
    lang: str | None = None


def score_lines(
    lines: Iterable[bytes | str],
    *,
    rulebook: Rulebook | None = None,
    classifier: Scorer | None = None,
    plain_kind: TextKind | None = None,
    on_left_out: Callable[[str], None] | None = None,
) -> Iterator[dict[str, Any]]:
    """One row a line, blank lines left out; the shipped rules and model if none are given.

    With a `plain_kind`, a line that does not begin with "{" is a text of this kind as it stands. A line that is not a
    `Line` is left out, and told with its number to `on_left_out`. Raises UsageError after the last row where there were
    such lines, and if the model cannot be loaded.
    """
    rulebook = rulebook or Rulebook.load()
    languages: Collection[str] | None = LANGUAGES
    if classifier is None:
        served = require_classifier()
        classifier, languages = served, served.languages
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    left_out: list[str] = []
    while batch := list(islice(numbered, BATCH_LINES)):
        texts, mistakes = _read(batch, plain_kind)
        for mistake in mistakes:
            left_out.append(mistake)
            if on_left_out is not None:
                on_left_out(mistake)
        for text, judgement in zip(texts, judge(texts, rulebook, classifier, languages=languages), strict=True):
            yield _row(text, judgement)
    if left_out:
        raise UsageError(left_out[0] if len(left_out) == 1 else f"{left_out[0]}; {len(left_out)} lines left out")


def _read(batch: list[tuple[int, bytes | str]], plain_kind: TextKind | None) -> tuple[list[JudgedText], list[str]]:
    """The texts of the lines that can be read, and what is wrong with the others."""
    texts, mistakes = list[JudgedText](), list[str]()
    for number, line in batch:
        try:
            read = _line(line, plain_kind)
        except msgspec.ValidationError as error:
            mistakes.append(f"line {number}: {error}")
        else:
            texts.append(JudgedText(TextReading(read.text, read.lang), read.kind))
    return texts, mistakes


def _line(line: bytes | str, plain_kind: TextKind | None) -> Line:
    """Raises msgspec.ValidationError."""
    text = (line.decode(errors="replace") if isinstance(line, bytes) else line).lstrip("\ufeff")
    if plain_kind is None or text.lstrip(" \t").startswith("{"):
        return msgspec.convert(read_json(line), Line)
    return Line(text.rstrip("\r\n"), plain_kind)


def _row(text: JudgedText, judgement: Judgement) -> dict[str, Any]:
    scores = judgement.scores
    risks = {} if scores is None else scores.risks
    flagged = [] if scores is None else scores.flagged
    return {
        "sentiment": None if scores is None else scores.sentiment,
        "sentiment_scores": {} if scores is None else scores.sentiment_scores,
        "risks": risks,
        "flagged": flagged,
        **({} if judgement.unscored is None else {"unscored": judgement.unscored}),
        "findings": [msgspec.to_builtins(finding) for finding in judgement.findings],
        "verdict": verdict(judgement.findings, risks, flagged, text.kind).as_row(),
    }
