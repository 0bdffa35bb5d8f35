"""Markdown, as far as a reference page needs it."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def code(text: object) -> str:
    """A name or a value as it is written; nothing for the empty text."""
    return f"`{text}`" if f"{text}" else ""


def listing(text: str) -> str:
    """Lines as they are."""
    return f"```\n{text.rstrip()}\n```\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
