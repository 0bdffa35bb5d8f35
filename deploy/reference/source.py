"""What the code says about itself: constants and fields, each with the text that stands behind it."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import NamedTuple


class Documented(NamedTuple):
    """A constant of a module, or a field of a class."""

    name: str
    value: ast.expr | None
    text: str
    """The string behind it; empty where there is none."""


def constants(module: ModuleType) -> list[Documented]:
    """A module's constants, in order."""
    return list(_documented(ast.parse(inspect.getsource(module)).body))


def fields(cls: type) -> Mapping[str, str]:
    """What is said of each of a class's fields."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(definition, ast.ClassDef)
    return {field.name: field.text for field in _documented(definition.body)}


def key_table(module: ModuleType) -> str:
    """The blocks of a module's docstring that say what a key holds: those with an arrow from field to value."""
    blocks = (inspect.getdoc(module) or "").split("\n\n")
    return "\n\n".join(textwrap.dedent(block) for block in blocks if block.startswith("    ") and "→" in block)


def _documented(body: list[ast.stmt]) -> Iterator[Documented]:
    for statement, behind in zip(body, [*body[1:], None], strict=True):
        name = _name(statement)
        if name is not None:
            assert isinstance(statement, ast.Assign | ast.AnnAssign)
            yield Documented(name, statement.value, _text(behind))


def _name(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.AnnAssign):
        target: ast.expr = statement.target
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        (target,) = statement.targets
    else:
        return None
    return target.id if isinstance(target, ast.Name) else None


def _text(statement: ast.stmt | None) -> str:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return inspect.cleandoc(str(statement.value.value))
    return ""
