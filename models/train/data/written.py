"""The corpus that was written for this model: ``written/AUTHOR.jsonl``, one text a line with all of its labels.

An author's file names its language first (``zh1``). The texts of ``JUDGES`` are never trained on, nor do they choose a
threshold: they judge. Those of ``CALIBRATORS`` are not trained on either: they choose thresholds, for texts of people
whom the model does not know. A disguised text has its ``plain`` twin beside it, which counts as a text of its own.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.labels import RISKS, SENTIMENTS
from models.normalise import model_text
from models.train.data.sources import SOURCES, WRITTEN, Example, read_rows

FOLDER = Path(__file__).with_name("written")
JUDGES = ("zh3", "en2")
"""The authors that were held out whole, chosen before the first training."""
CALIBRATORS = ("zh1", "zh12", "en1", "en13")
NOT_ASKED_FOR_RUMOURS = ("en5", "en6", "en7", "zh6")
"""Authors whose guide did not define rumours: where they marked none, there may be one."""
TOLD_FLATLY = ("news", "host", "service")
"""Where a crisis is negative to some authors and neutral to others."""
OWN_MOODS = {
    "en4": {"apology"},
    "en7": {"adult", "privacy", "counter", "apology"},
    "en9": {"gambling"},
    "zh4": {"counter"},
}
"""Risks and kinds of text whose sentiment an author took otherwise than the others."""


def load_written(language: str, rehearsed: Collection[str] = ()) -> tuple[list[Example], list[Example]]:
    """The (training, calibration) examples: of each, no text that one held further out happens to have written too.

    The texts of ``rehearsed`` authors, whom a model knows by heart, are drawn once an epoch.
    """
    names = [path.stem for path in sorted(FOLDER.glob(f"{language}*.jsonl"))]
    judging = load_judging(language)
    calibration = _without(_written_by([name for name in names if name in CALIBRATORS], language), judging)
    others = [name for name in names if name not in CALIBRATORS + JUDGES]
    teaching = _written_by([name for name in others if name not in rehearsed], language, teaching=True)
    by_heart = _written_by([name for name in others if name in rehearsed], language, teaching=True)
    teaching += [replace(example, passes=1) for example in by_heart]
    return _without(teaching, [*judging, *calibration]), calibration


def load_judging(language: str) -> list[Example]:
    """The examples of the authors that judge."""
    return _written_by([name for name in JUDGES if name.startswith(language)], language)


def _written_by(authors: Iterable[str], language: str, *, teaching: bool = False) -> list[Example]:
    return [
        replace(example, sentiment=None) if teaching and _mood_is_disputed(row, name) else example
        for name in authors
        for row in read_rows(FOLDER / f"{name}.jsonl")
        for example in examples_of(row, language, _unknown(row, name))
    ]


def _mood_is_disputed(row: Mapping[str, Any], author: str) -> bool:
    """Whether a second reader found authors at odds about the sentiment of such a text: it teaches none."""
    told_flatly = "crisis" in row["risks"] and row["platform"] in TOLD_FLATLY
    return told_flatly or not OWN_MOODS.get(author, set()).isdisjoint([*row["risks"], row["kind"]])


def _unknown(row: Mapping[str, Any], author: str) -> set[str]:
    """The risks of which a row without them says nothing."""
    return {"rumor"} - set(row["risks"]) if author in NOT_ASKED_FOR_RUMOURS else set()


def _without(examples: Iterable[Example], others: Iterable[Example]) -> list[Example]:
    known = {example.text for example in others}
    return [example for example in examples if example.text not in known]


def examples_of(row: Mapping[str, Any], language: str, unknown: Collection[str] = ()) -> Iterator[Example]:
    """A row's text, and its plain twin after it; every risk is known but for those that are ``unknown``."""
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
                risks={label: (float(label in row["risks"]), source.weight) for label in RISKS if label not in unknown},
                written=text,
            )
