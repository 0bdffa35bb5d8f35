"""A stranger's text on one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.untrusted import MAX_CHARS, one_line


@pytest.mark.parametrize(
    "hostile", ["a\x1b[2Jb", "a\nb", "a\rb", "a\x07b", "a\u202eb", "a\u200bb", "a\x9bb", "a\ud800b", "a\u2028b"]
)
def test_hidden_characters_are_replaced(hostile: str) -> None:
    assert one_line(hostile).startswith("a�")


@given(st.text())
def test_text_is_one_bounded_printable_line(text: str) -> None:
    line = one_line(text)
    assert len(line) == min(len(text), MAX_CHARS)
    assert len(line.splitlines()) <= 1
    assert all(char.isprintable() or char.isspace() for char in line)


def test_readable_text_stays_as_it_is() -> None:
    assert one_line("全网最好的面霜 👍 [b]x[/b]") == "全网最好的面霜 👍 [b]x[/b]"
    assert one_line("xxxxx", 5) == "xxxxx"
    assert one_line("x" * 10_000, 5) == "xxxx…"
