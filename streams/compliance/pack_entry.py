"""An entry of a pack, a rule or a timer, as its words and patterns are compiled. Errors say the line."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.normalise import lower, normalise
from streams.compliance.loader import Lists, PackError, expand_pattern, expand_word
from streams.compliance.matcher import compile_pattern
from streams.yaml_records import line_of_text


@dataclass(frozen=True, slots=True)
class PackEntry:
    """Its file, its id, and the lists that `{name}` in it refers to."""

    path: Path
    id: str
    lists: Lists

    def mistake(self, reason: str, near: str) -> PackError:
        """The error to raise, at the line that holds `near`, else at the entry's own."""
        line = line_of_text(self.path, near)
        return PackError(f"{self.path}:{line if line > 1 else line_of_text(self.path, self.id)}: {self.id}: {reason}")

    def pattern(self, pattern: str) -> tuple[str, Any]:
        """A pattern in the normal form's signs with its lists filled in, as source and compiled. Raises PackError."""
        try:
            source = unicodedata.normalize("NFKC", expand_pattern(pattern, self.lists))
            return source, compile_pattern(source)
        except KeyError as error:
            raise self.mistake(f"no list is called {error.args[0]}", pattern) from None
        except ValueError as error:
            raise self.mistake(f"{pattern} is not a pattern: {error}", pattern) from None

    def words(self, words: Iterable[str]) -> Iterator[str]:
        """Every word that they stand for, as texts are read. Raises PackError."""
        for word in words:
            try:
                yield from (lower(normalise(one)) for one in expand_word(word, self.lists))
            except KeyError as error:
                raise self.mistake(f"no list is called {error.args[0]}", word) from None
            except ValueError as error:
                raise self.mistake(str(error), word) from None
