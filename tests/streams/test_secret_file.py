"""A secret's file is read whole, and a wrong one is named without a word of what it holds."""

from pathlib import Path

import pytest

from streams.errors import UsageError
from streams.secret_file import read_word


def test_word_is_read_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(" s3cret\n")
    assert read_word(tmp_path / "token") == "s3cret"


@pytest.mark.parametrize("held", [b"", b" \n", b"s3cret and more", b"s3cret\xff"])
def test_file_without_one_word_is_named_and_not_quoted(tmp_path: Path, held: bytes) -> None:
    (tmp_path / "token").write_bytes(held)
    with pytest.raises(UsageError, match=r"token (must hold one word|cannot be read: not UTF-8)") as refused:
        read_word(tmp_path / "token")
    assert "s3cret" not in str(refused.value)


def test_missing_file_says_why(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_word(tmp_path / "token")
