"""Texts that a team marked (`pulsewatch decisions export`), as examples that teach the one risk known of each."""

from collections.abc import Iterator
from pathlib import Path

from models.evaluate import read_labelled
from models.normalise import model_text
from models.runtime.classifier import script
from models.train.data.sources import SOURCES, WRITTEN, Example

MARK_WEIGHT = 3.0
"""Of a marked text in the loss, in texts of the written corpus."""


def load_marked(path: Path, language: str) -> Iterator[Example]:
    """The texts of a language; rule families, which the model does not know, are left out. Raises Unreadable."""
    source = SOURCES[f"{WRITTEN}_{language}"]
    for marked in read_labelled(path):
        read = model_text(marked.text)
        if read and marked.risks and script(read) == language:
            yield Example(
                read,
                source.name,
                source.max_tokens,
                source.passes,
                sentiment_weight=0.0,
                risks={risk: (float(present), MARK_WEIGHT * source.weight) for risk, present in marked.risks.items()},
                written=marked.text,
            )
