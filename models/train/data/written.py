"""The corpus that was written for this model: ``written/AUTHOR.jsonl``, one text a line with all of its labels.

An author's file names its language first (``zh1``). The texts of ``JUDGES`` are never trained on, nor do they choose a
threshold: they judge. Of the other authors one text in ten is kept for calibration and figures. A disguised text has
its ``plain`` twin beside it, which counts as a text of its own.
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from models.labels import RISKS, SENTIMENTS
from models.normalise import model_text
from models.train.data.sources import SOURCES, WRITTEN, Example, read_rows

FOLDER = Path(__file__).with_name("written")
JUDGES = ("zh3", "en2")
"""The authors that were held out whole, chosen before the first training."""
UNSEEN_PART = 10


def load_written(language: str) -> tuple[list[Example], list[Example]]:
    """The (training, unseen) examples of the authors that teach, without what a judge happens to have written as well.

    Both twins are on the same side.
    """
    judging = {example.text for example in load_judging(language)}
    training: list[Example] = []
    unseen: list[Example] = []
    for path in sorted(FOLDER.glob(f"{language}*.jsonl")):
        if path.stem not in JUDGES:
            for row in read_rows(path):
                examples = [example for example in examples_of(row, language) if example.text not in judging]
                (unseen if _is_unseen(row["text"]) else training).extend(examples)
    return training, unseen


def load_judging(language: str) -> list[Example]:
    """The examples of the authors that judge."""
    paths = [FOLDER / f"{name}.jsonl" for name in JUDGES if name.startswith(language)]
    return [example for path in paths for row in read_rows(path) for example in examples_of(row, language)]


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


def _is_unseen(text: str) -> bool:
    return blake2b(text.encode(), digest_size=4, person=b"written").digest()[0] % UNSEEN_PART == 0
