"""Reads packs from YAML. A mistake is told as file, line and what is wrong, since lawyers edit these files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TypeVar

import msgspec
import yaml

from streams.compliance.pack import Disguises, Pack, Rule, Shared, Timer
from streams.errors import UsageError

PACKS_FOLDER = Path(__file__).parent / "packs"
SHARED_FILE = "shared.yaml"
DISGUISES_FILE = "disguises.yaml"
MAX_WORDS_PER_ENTRY = 5_000

Record = TypeVar("Record")
Lists = Mapping[str, Sequence[str]]
"""Alternatives by the name that stands for them."""
_PATH_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+|\.\.\.)\]")
_LIST_NAME = re.compile(r"\{([a-z_]+)\}")


class PackError(UsageError):
    """A pack cannot be used; the message opens with file:line."""


def read_record(path: Path, record: type[Record]) -> Record:
    """A YAML file as a record. Raises PackError with the line that is wrong."""
    try:
        source = path.read_text(encoding="utf-8")
        node = yaml.compose(source, Loader=yaml.CSafeLoader)
        if node is None:
            raise PackError(f"{path}:1: the file is empty")
        return msgspec.convert(yaml.load(source, Loader=yaml.CSafeLoader), record)
    except OSError as error:
        raise PackError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise PackError(f"{path}: not UTF-8 at byte {error.start}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PackError(f"{path}:{line}: {error.problem or 'not YAML'}") from None
    except msgspec.ValidationError as error:
        raise PackError(f"{path}:{_line_of(node, str(error))}: {error}") from None


def read_packs(folder: Path) -> list[tuple[Path, Pack]]:
    """Every pack of a folder by file name. Raises PackError."""
    if not folder.is_dir():
        raise PackError(f"{folder}: no such folder of rule packs")
    paths = sorted(path for path in folder.glob("*.yaml") if path.name not in (SHARED_FILE, DISGUISES_FILE))
    if not paths:
        raise PackError(f"{folder}: no rule pack (*.yaml) in it")
    packs = [(path, read_record(path, Pack)) for path in paths]
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


def read_shared(folder: Path) -> Shared:
    """The folder's shared lists and exemptions; none where it has no shared.yaml. Raises PackError."""
    path = folder / SHARED_FILE
    return read_record(path, Shared) if path.exists() else Shared()


def read_disguises(folder: Path) -> Disguises:
    """The folder's table of disguises, or the one that is shipped. Raises PackError."""
    path = folder / DISGUISES_FILE
    return read_record(path if path.exists() else PACKS_FOLDER / DISGUISES_FILE, Disguises)


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


def line_of_text(path: Path, text: str) -> int:
    """The first line that holds a text, counted from 1; 1 where none does."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if text in line), 1)


def _line_of(node: yaml.Node | None, message: str) -> int:
    """The line of the deepest node on msgspec's path: `… - at `$.rules[2].severity``."""
    _, _, path = message.rpartition("`$")
    for name, index in _PATH_STEP.findall(path):
        child = None
        if name and isinstance(node, yaml.MappingNode):
            child = next((value for key, value in node.value if key.value == name), None)
        elif index.isdigit() and isinstance(node, yaml.SequenceNode):
            child = node.value[int(index)]
        if child is None:
            break
        node = child
    return int(node.start_mark.line) + 1 if node is not None else 1
