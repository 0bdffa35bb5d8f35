"""The corpus that was written for this model: ``written/AUTHOR.jsonl``, one text a line with all of its labels.

An author's file names its language first (``zh1``). The texts of ``JUDGES`` are never trained on, nor do they choose a
threshold: they judge. Those of ``CALIBRATORS`` are not trained on either: they choose thresholds, for texts of people
whom the model does not know. A disguised text has its ``plain`` twin beside it, which counts as a text of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from models.labels import RISKS, SENTIMENTS
from models.normalise import model_text
from models.train.data.sources import SOURCES, WRITTEN, Example, read_rows

FOLDER = Path(__file__).with_name("written")
JUDGES = ("zh3", "en2")
"""The authors that were held out whole, chosen before the first training."""
CALIBRATORS = ("zh1", "en1")


def load_written(language: str) -> tuple[list[Example], list[Example]]:
    """The (training, calibration) examples: of each, no text that one held further out happens to have written too."""
    names = [path.stem for path in sorted(FOLDER.glob(f"{language}*.jsonl"))]
    judging = load_judging(language)
    calibration = _without(_written_by([name for name in names if name in CALIBRATORS], language), judging)
    teaching = _written_by([name for name in names if name not in CALIBRATORS + JUDGES], language)
    return _without(teaching, [*judging, *calibration]), calibration


def load_judging(language: str) -> list[Example]:
    """The examples of the authors that judge."""
    return _written_by([name for name in JUDGES if name.startswith(language)], language)


def _written_by(authors: Iterable[str], language: str) -> list[Example]:
    rows = (row for name in authors for row in read_rows(FOLDER / f"{name}.jsonl"))
    return [example for row in rows for example in examples_of(row, language)]


def _without(examples: Iterable[Example], others: Iterable[Example]) -> list[Example]:
    known = {example.text for example in others}
    return [example for example in examples if example.text not in known]


def examples_of(row: Mapping[str, Any], language: str) -> Iterator[Example]:
    """A row's text, and its plain twin after it."""
    source = SOURCES[f"{WRITTEN}_{language}"]
    for text in (row["text"], row.get("plain", "")):
        if read := model_text(text):
            yield Example(
                read,
                source.name,
                source.max_tokens,
                source.passes,
                sentiment=SENTIMENTS.index(row["sentiment"]),
                sentiment_weight=source.weight,
                risks={label: (float(label in row["risks"]), source.weight) for label in RISKS},
                written=text,
            )
