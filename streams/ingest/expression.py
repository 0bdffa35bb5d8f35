"""JMESPath expressions of a mapping: read once, bounded in length, depth and work, and never code of the user's.

    data.user.id              a field of a field
    items[?type == 'chat']    those of a list
    text || caption           the first that is there

Beside JMESPath's own functions (https://jmespath.org/specification.html) there are

    from_json(text)           the value in a string of JSON; null where it is none
    split(text, separator)    a list of texts
    lower(text)               in small letters
    plain_text(html)          without tags and entities
    is_true(flag)             false for "false", "0", "no" and an empty text too, which JMESPath takes for true

A function that is given another type than it takes is a message that cannot be read, not a fault of the process.
"""

import re
import warnings
from collections.abc import Callable, Iterator
from functools import cached_property
from html import unescape
from typing import Any

import jmespath
from jmespath import functions, visitor
from jmespath.exceptions import (
    EmptyExpressionError,
    JMESPathError,
    JMESPathTypeError,
    LexerError,
    ParseError,
)

from streams.errors import UsageError
from streams.ingest.foreign import ForeignError, is_true, read_json

MAX_CHARS = 1_000
MAX_DEPTH = 40
MAX_WORK = 1_000_000
"""Nodes visited and items looked at for one message: the largest real one takes a hundredth."""
_NAME = re.compile(r"\w[\w -]*")
_TAG = re.compile(r"<[^>]*>")


class ExpressionError(UsageError):
    """An expression that cannot be read; the text says at which character and why."""


class _Functions(functions.Functions):
    """JMESPath's own, and a few more."""

    @functions.signature({"types": ["string", "null"]})
    def _func_from_json(self, text: str | None) -> Any:
        try:
            return None if text is None else read_json(text)
        except ForeignError:
            return None

    @functions.signature({"types": ["string"]}, {"types": ["string"]})
    def _func_split(self, text: str, separator: str) -> list[str]:
        return text.split(separator) if separator else [text]

    @functions.signature({"types": ["string"]})
    def _func_lower(self, text: str) -> str:
        return text.lower()

    @functions.signature({"types": []})
    def _func_is_true(self, flag: Any) -> bool:
        return is_true(flag)

    @functions.signature({"types": ["string", "null"]})
    def _func_plain_text(self, html: str | None) -> str | None:
        return None if html is None else unescape(_TAG.sub(" ", html)).strip()


_OPTIONS = visitor.Options(custom_functions=_Functions())
_SIGNATURES = _Functions.FUNCTION_TABLE


class _Interpreter(visitor.TreeInterpreter):
    """Stops at an expression that multiplies what it is given."""

    def __init__(self) -> None:
        super().__init__(_OPTIONS)
        self._work = 0

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        value = super().visit(node, *args, **kwargs)
        self._work += 1 + (len(value) if isinstance(value, list | str) else 0)
        if self._work > MAX_WORK:
            raise ForeignError("out_of_range", "an expression that takes too much work")
        return value


class Expression:
    """One expression, ready to be asked. Raises ExpressionError for a text that is none."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tree = _parsed(text)

    def of(self, value: Any) -> Any:
        """What it finds in a value; None where it finds nothing. Raises ForeignError."""
        return self._find(value)

    @cached_property
    def _find(self) -> Callable[[Any], Any]:
        """A chain of names, which most expressions are, needs no interpreter."""
        names = _names(self._tree)
        if names is None:
            return self._interpreted

        def find(value: Any) -> Any:
            for name in names:
                value = value.get(name) if isinstance(value, dict) else None
            return value

        return find

    def _interpreted(self, value: Any) -> Any:
        try:
            return _Interpreter().visit(self._tree, value)
        except ForeignError:
            raise
        except JMESPathTypeError as error:
            wanted = " or ".join(error.expected_types)
            raise ForeignError(
                "wrong_type", f"{error.function_name}() takes {wanted}, not {error.actual_type}"
            ) from None
        except JMESPathError:
            raise ForeignError("wrong_type", "an expression that does not fit the message") from None
        except (TypeError, ValueError, OverflowError):  # jmespath's own functions compare and convert without asking
            raise ForeignError("wrong_type", "an expression that does not fit the message") from None


def _parsed(text: str) -> Any:
    if len(text) > MAX_CHARS:
        raise ExpressionError(f"an expression has {MAX_CHARS} characters at most, this has {len(text)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = jmespath.compile(text).parsed
    except EmptyExpressionError:
        raise ExpressionError("an empty expression") from None
    except LexerError as error:
        raise ExpressionError(_at(text, error.lexer_position, error.message) + _way_out(text)) from None
    except ParseError as error:
        place = len(text) if error.token_type == "eof" else error.lex_position  # noqa: S105 - a token of the language
        why = "it ends too early" if place >= len(text) else f"{error.token_value!r} cannot stand here"
        raise ExpressionError(_at(text, place, why) + _way_out(text, error.token_value)) from None
    except Warning:
        raise ExpressionError("a literal in backticks is JSON: text stands in single quotes") from None
    except RecursionError:
        raise ExpressionError(f"nested deeper than {MAX_DEPTH}") from None
    _check_tree(text, tree)
    return tree


def _way_out(text: str, token: object = None) -> str:
    """What was meant, likely: a column's name, or a number."""
    if _NAME.fullmatch(text):
        return f"; a name that is no plain word stands in double quotes: '\"{text}\"'"
    return f"; a number stands in backticks: `{token}`" if isinstance(token, int) else ""


def _check_tree(text: str, tree: Any) -> None:
    for depth, node in _nodes(tree):
        if depth > MAX_DEPTH:
            raise ExpressionError(f"nested deeper than {MAX_DEPTH}")
        if node["type"] == "function_expression":
            _check_function(text, node)


def _check_function(text: str, node: Any) -> None:
    """JMESPath looks a function up when it is called: a slip would be told by the first message."""
    name, given = node["value"], len(node["children"])
    known = _SIGNATURES.get(name)
    if known is None:
        raise ExpressionError(_at(text, max(0, text.find(name)), f"there is no function {name}"))
    takes = known["signature"]
    variadic = bool(takes) and takes[-1].get("variadic", False)
    if given < len(takes) or (given > len(takes) and not variadic):
        wanted = f"{len(takes)} or more" if variadic else str(len(takes))
        raise ExpressionError(_at(text, max(0, text.find(name)), f"{name}() takes {wanted} arguments, not {given}"))


def _at(text: str, place: int, why: str) -> str:
    """What is wrong, and where: the text, up to the place, has a mark behind it."""
    shown = f"{text[max(0, place - 30) : place]}⟨here⟩{text[place : place + 30]}"
    return f"character {place + 1}: {why} — {shown}"


def _nodes(tree: Any) -> Iterator[tuple[int, Any]]:
    """Every node with its depth, without recursion."""
    waiting = [(1, tree)]
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        waiting += [(depth + 1, child) for child in node.get("children", ()) if isinstance(child, dict)]


def _names(tree: Any) -> tuple[str, ...] | None:
    if tree["type"] == "field":
        return (str(tree["value"]),)
    if tree["type"] != "subexpression":
        return None
    found = [_names(child) for child in tree["children"]]
    return None if None in found else tuple(name for names in found for name in names or ())
