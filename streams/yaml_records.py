"""YAML files as typed records. People edit these files, so an error says file, line and what is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

import msgspec
import yaml

from streams.errors import UsageError
from streams.refusals import Refused, field_fault

Record = TypeVar("Record")
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
        raise _as(error, Refused("file_unread", file=str(path), reason=reason.strerror)) from None
    except UnicodeDecodeError as reason:
        raise _as(error, Refused("file_encoding", file=str(path), byte=reason.start)) from None


def record_of(source: str, path: Path, record: type[Record], error: type[UsageError] = UsageError) -> Record:
    """The same of a text that is to stand in the file."""
    try:
        node = yaml.compose(source, Loader=yaml.CSafeLoader)
        if node is None:
            raise _at(error, path, 1, Refused("file_empty"))
        return msgspec.convert(yaml.load(source, Loader=yaml.CSafeLoader), record)
    except yaml.MarkedYAMLError as reason:
        line = reason.problem_mark.line + 1 if reason.problem_mark else 1
        tab = _indented_by_tab(source, line)
        wrong = Refused("file_tab") if tab else Refused("file_yaml", detail=reason.problem or "unreadable")
        raise _at(error, path, line, wrong) from None
    except (yaml.YAMLError, RecursionError) as reason:
        raise _at(error, path, 1, Refused("file_yaml", detail=str(reason).splitlines()[0])) from None
    except msgspec.ValidationError as reason:
        raise _at(error, path, _line_of_node(node, str(reason)), field_fault(str(reason))) from None


def _at(error: type[UsageError], path: Path, line: int, wrong: Refused) -> UsageError:
    return _as(error, Refused("faults_at", file=str(path), line=line, faults=(wrong,)))


def _as(error: type[UsageError], refused: Refused) -> UsageError:
    """A caller's own kind of error says the same sentence."""
    return refused if error is UsageError else error(str(refused))


def _indented_by_tab(source: str, line: int) -> bool:
    """Whether a line is indented by a tab, which YAML forbids."""
    lines = source.splitlines()
    return line <= len(lines) and _INDENTED_BY_TAB.match(lines[line - 1]) is not None


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
