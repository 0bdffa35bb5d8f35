"""How good a catalogue is on labelled texts: precision and recall of text-brand pairs."""

import gzip
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from streams.catalogue.brand import Brand
from streams.catalogue.matcher import BrandMatcher
from streams.errors import UsageError


class LabelledText(msgspec.Struct, frozen=True):
    """One line of a labelled file: a text and the brands that it is about, none where it is about none."""

    text: str
    brands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Miss:
    """A pair that was answered wrongly."""

    brand: str
    text: str
    found: bool
    """True where the brand was found and is not meant, False where it is meant and was not found."""
    why: str


@dataclass(frozen=True, slots=True)
class Quality:
    """What a matcher makes of labelled texts; precision and recall are None where nothing is found, or meant."""

    texts: int
    meant: int
    found: int
    right: int
    misses: tuple[Miss, ...]

    @property
    def precision(self) -> float | None:
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        return self.right / self.meant if self.meant else None


def read_labelled_texts(paths: Iterable[Path]) -> list[LabelledText]:
    """The texts of JSON lines files. Raises UsageError that names file and line."""
    texts = []
    for path in paths:
        try:
            lines = path.read_bytes().splitlines()
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
        for number, line in enumerate(lines, 1):
            try:
                texts.append(msgspec.json.decode(line, type=LabelledText))
            except (ValueError, RecursionError) as error:
                raise UsageError(f"{path}:{number}: not a labelled text ({error})") from None
    return texts


def read_texts(path: Path) -> Iterator[str]:
    """The texts of a recording, .gz or plain: JSON lines with a `text`. Raises UsageError that names file and line."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _decoded(line, path, number).text
    except (OSError, EOFError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None


class _Recorded(msgspec.Struct):
    text: str


def _decoded(line: bytes, path: Path, number: int) -> _Recorded:
    try:
        return msgspec.json.decode(line, type=_Recorded)
    except (ValueError, RecursionError) as error:
        raise UsageError(f'{path}:{number}: no JSON with a text, such as {{"text": "…"}} ({error})') from None


def examples(brands: Sequence[Brand], matcher: BrandMatcher) -> tuple[int, list[Miss]]:
    """How many examples the catalogue has, and those that are answered wrongly."""
    asked = [(brand.id, text, True) for brand in brands for text in brand.examples.about]
    asked += [(brand.id, text, False) for brand in brands for text in brand.examples.not_about]
    wrong = [
        Miss(name, text, not right, "") for name, text, right in asked if (name in matcher.brands(text)) is not right
    ]
    return len(asked), wrong


def measure(matcher: BrandMatcher, texts: Sequence[LabelledText]) -> Quality:
    """The quality on these texts; a brand that a label names and the catalogue lacks is a miss as well."""
    meant = found = right = 0
    misses = []
    for labelled in texts:
        matches = {match.brand: match for match in matcher.explain(labelled.text)}
        about = {name for name, match in matches.items() if match.about}
        wanted = set(labelled.brands)
        meant, found, right = meant + len(wanted), found + len(about), right + len(wanted & about)
        for brand in sorted(wanted ^ about):
            missing = "none of its words" if matcher.knows(brand) else "the catalogue has no such brand"
            why = matches[brand].why if brand in matches else missing
            misses.append(Miss(brand, labelled.text, brand in about, why))
    return Quality(len(texts), meant, found, right, tuple(misses))
