"""What authors whom the model never read say of it: ``python -m models.train.release.judges``.

found             of each risk, how many of its flags are right and how many of its texts are flagged
clean             of the texts without any risk, those that are flagged for one; the hard kinds of them too
disguised         how often the texts with a disguise are found, against their plain twins
sentiment         the macro-averaged recall
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from models.labels import LANGUAGES, RISKS, SENTIMENTS
from models.measures import macro_recall, precision, recall
from models.runtime.classifier import load_classifier
from models.runtime.scorer import Scorer, Scores
from models.train.data.sources import read_rows
from models.train.data.written import FOLDER, JUDGES

HARD_KINDS = ("quotation", "counter", "happy_profanity", "identity", "negation", "question", "numbers", "resolved")
Row = Mapping[str, Any]


class Judged(NamedTuple):
    """A row of the corpus, what was said of its text, and of its plain twin where it has one."""

    row: Row
    scores: Scores
    of_plain: Scores | None


def judge(scorer: Scorer, language: str, authors: Sequence[str] = JUDGES) -> dict[str, Any]:
    """The figures of a language on the authors' texts; a text that cannot be scored is left out and counted."""
    rows = [row for name in authors if name.startswith(language) for row in read_rows(FOLDER / f"{name}.jsonl")]
    said = scorer.score([row["text"] for row in rows])
    of_plain = scorer.score([row.get("plain", "") for row in rows])
    judged = [
        Judged(row, scores, plain)
        for row, scores, plain in zip(rows, said, of_plain, strict=True)
        if scores is not None
    ]
    clean = [one for one in judged if not one.row["risks"]]
    return {
        "texts": len(judged),
        "unscored": len(rows) - len(judged),
        "found": {label: _found(judged, label) for label in RISKS if label in judged[0].scores.risks},
        "clean": {"texts": len(clean), "flagged": _share_flagged(clean)} | dict(_hard(clean)),
        "disguised": _disguised(judged),
        "sentiment": _sentiment(judged),
    }


def _found(judged: Sequence[Judged], label: str) -> dict[str, float]:
    truth = np.array([label in one.row["risks"] for one in judged])
    flagged = np.array([label in one.scores.flagged for one in judged])
    return {
        "texts": int(truth.sum()),
        "precision": round(precision(truth, flagged), 3),
        "recall": round(recall(truth, flagged), 3),
    }


def _hard(clean: Sequence[Judged]) -> Iterator[tuple[str, float]]:
    for kind in HARD_KINDS:
        of_kind = [one for one in clean if one.row["kind"] == kind]
        if of_kind:
            yield kind, _share_flagged(of_kind)


def _share_flagged(judged: Sequence[Judged]) -> float:
    return round(sum(bool(one.scores.flagged) for one in judged) / max(1, len(judged)), 3)


def _disguised(judged: Iterable[Judged]) -> dict[str, float]:
    """Of the risks that disguised texts carry, the shares that are flagged on them and on their twins."""
    pairs = [
        (label in one.scores.flagged, label in one.of_plain.flagged)
        for one in judged
        if one.of_plain is not None
        for label in one.row["risks"]
        if label in one.scores.risks
    ]
    found, plain = (sum(pair[side] for pair in pairs) / max(1, len(pairs)) for side in (0, 1))
    return {"risks": len(pairs), "found": round(found, 3), "plain_found": round(plain, 3)}


def _sentiment(judged: Sequence[Judged]) -> float:
    truth = np.array([SENTIMENTS.index(one.row["sentiment"]) for one in judged])
    said = np.array([SENTIMENTS.index(one.scores.sentiment) for one in judged])
    return round(macro_recall(truth, said), 3)


@click.command()
@click.option(
    "--model", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The bundled one by default."
)
@click.option("--authors", default=",".join(JUDGES), show_default=True)
def main(model: Path | None, authors: str) -> None:
    """Print the figures of a packaged model as JSON."""
    scorer = load_classifier(model, remembered_texts=0)
    figures = {language: judge(scorer, language, authors.split(",")) for language in LANGUAGES}
    click.echo(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
