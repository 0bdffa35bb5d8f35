"""Reads packs from YAML. Errors say file, line and what is wrong, since lawyers edit these files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

from streams.compliance.pack import Disguises, Pack, Rule, Shared, Timer, Title
from streams.errors import UsageError
from streams.yaml_records import line_of_text, read_record

PACKS_FOLDER = Path(__file__).parent / "packs"
SHARED_FILE = "shared.yaml"
DISGUISES_FILE = "disguises.yaml"
MAX_WORDS_PER_ENTRY = 5_000

Lists = Mapping[str, Sequence[str]]
"""Alternatives by the name of their list."""
_LIST_NAME = re.compile(r"\{([a-z_]+)\}")


class PackError(UsageError):
    """A pack cannot be used; the message opens with file:line."""


def read_packs(folder: Path) -> list[tuple[Path, Pack]]:
    """Every pack of a folder by file name. Raises PackError."""
    if not folder.is_dir():
        raise PackError(f"{folder}: no such folder of rule packs")
    paths = sorted(path for path in folder.glob("*.yaml") if path.name not in (SHARED_FILE, DISGUISES_FILE))
    if not paths:
        raise PackError(f"{folder}: no rule pack (*.yaml) in it")
    packs = [(path, read_record(path, Pack, PackError)) for path in paths]
    seen: dict[str, Path] = {}
    for path, pack in packs:
        entries: tuple[Rule | Timer, ...] = (*pack.rules, *pack.timers)
        for rule in entries:
            if rule.id in seen:
                raise PackError(f"{path}:{line_of_text(path, rule.id)}: rule {rule.id} is in {seen[rule.id].name} too")
            if not rule.id.startswith(f"{pack.family}."):
                raise PackError(f"{path}:{line_of_text(path, rule.id)}: rule {rule.id} must begin with {pack.family}.")
            if isinstance(rule, Rule) and not (rule.words or rule.patterns or rule.detectors):
                raise PackError(f"{path}:{line_of_text(path, rule.id)}: {rule.id} has no words, patterns or detectors")
            seen[rule.id] = path
    return packs


def family_titles(folder: Path | None = None) -> dict[str, Title]:
    """What people read for each family of a folder of packs, or of those that are shipped. Raises PackError."""
    return {pack.family: pack.title for _, pack in read_packs(folder or PACKS_FOLDER)}


def read_shared(folder: Path) -> Shared:
    """The folder's shared lists and exemptions; none if it has no shared.yaml. Raises PackError."""
    path = folder / SHARED_FILE
    return read_record(path, Shared, PackError) if path.exists() else Shared()


def read_disguises(folder: Path) -> Disguises:
    """The folder's table of disguises, or the one that is shipped. Raises PackError."""
    path = folder / DISGUISES_FILE
    return read_record(path if path.exists() else PACKS_FOLDER / DISGUISES_FILE, Disguises, PackError)


def expand_word(word: str, lists: Lists) -> list[str]:
    """Every word that `最{good}` stands for. Raises KeyError for an unknown list, ValueError for too many."""
    parts = _LIST_NAME.split(word)
    choices: list[Sequence[str]] = [lists[part] if i % 2 else (part,) for i, part in enumerate(parts)]
    size = 1
    for choice in choices:
        size *= len(choice)
    if size > MAX_WORDS_PER_ENTRY:
        raise ValueError(f"{word} stands for {size} words, at most {MAX_WORDS_PER_ENTRY}")
    return ["".join(combination) for combination in product(*choices)]


def expand_pattern(pattern: str, lists: Lists) -> str:
    """A pattern with each `{name}` as a group of alternatives. Raises KeyError for an unknown list."""
    return _LIST_NAME.sub(lambda m: f"(?:{'|'.join(lists[m[1]])})", pattern)
