"""YAML files as typed records. People edit these files, so an error says file, line and what is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

import msgspec
import yaml

from streams.errors import UsageError

Record = TypeVar("Record")
_BARE = re.compile(r"Expected `str[^`]*`, got `(?:int|float|bool)`")
_INDENTED_BY_TAB = re.compile(r" *\t")
_PATH_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+|\.\.\.)\]")


def read_record(path: Path, record: type[Record], error: type[UsageError] = UsageError) -> Record:
    """Reads a YAML file as a record. Raises `error`, whose message opens with `path:line`."""
    return record_of(read_source(path, error), path, record, error)


def read_source(path: Path, error: type[UsageError] = UsageError) -> str:
    """The file's text. Raises `error`."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as reason:
        raise error(f"{path}: cannot be read: {reason.strerror}") from None
    except UnicodeDecodeError as reason:
        raise error(f"{path}: not UTF-8 at byte {reason.start}") from None


def record_of(source: str, path: Path, record: type[Record], error: type[UsageError] = UsageError) -> Record:
    """The same of a text that is to stand in the file."""
    try:
        node = yaml.compose(source, Loader=yaml.CSafeLoader)
        if node is None:
            raise error(f"{path}:1: the file is empty")
        return msgspec.convert(yaml.load(source, Loader=yaml.CSafeLoader), record)
    except yaml.MarkedYAMLError as reason:
        line = reason.problem_mark.line + 1 if reason.problem_mark else 1
        raise error(f"{path}:{line}: {_tab(source, line) or reason.problem or 'not YAML'}") from None
    except (yaml.YAMLError, RecursionError) as reason:
        raise error(f"{path}:1: not YAML: {str(reason).splitlines()[0]}") from None
    except msgspec.ValidationError as reason:
        raise error(f"{path}:{_line_of_node(node, str(reason))}: {reason}{_way_out(str(reason))}") from None


def _way_out(message: str) -> str:
    """What to do about a bare `105`, `on` or `no`, which YAML reads as a number or a truth where a text is meant, and
    about one word where a list is."""
    if message.startswith("Expected `array`, got `str`"):
        return ": write it as a list, in brackets"
    return ": write it in quotes" if _BARE.match(message) else ""


def _tab(source: str, line: int) -> str:
    """A line that is indented by a tab, which YAML forbids."""
    lines = source.splitlines()
    return "a tab: YAML is indented by spaces" if line <= len(lines) and _INDENTED_BY_TAB.match(lines[line - 1]) else ""


def line_of_text(path: Path, text: str) -> int:
    """The first line that contains a text, counted from 1; 1 if none does."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if text in line), 1)


def _line_of_node(node: yaml.Node | None, message: str) -> int:
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
