"""What is found, and how it is looked for: a pattern of RE2 with the function that decides about each match."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from streams.compliance.pack import Detector


class PersonalDatum(NamedTuple):
    """Something personal at [start, end) of the text that was searched."""

    start: int
    end: int
    kind: Detector


Found = Iterator[PersonalDatum]
Decide = Callable[[Any, str], Found]
"""From a match and the text to the data in it: none, one, or several."""


class Form(NamedTuple):
    """One way in which something personal is written."""

    pattern: str
    decide: Decide


def always(kind: Detector, group: int = 0) -> Decide:
    """Every match, or its group, is a datum of this kind."""

    def decide(match: Any, _text: str) -> Found:
        yield PersonalDatum(match.start(group), match.end(group), kind)

    return decide
