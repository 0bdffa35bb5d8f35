"""A secret in a file of its own: a token, a key, an address that holds one. It is read at each use, so that a rotated
one needs no restart."""

from pathlib import Path

from streams.errors import UsageError


def read_word(path: Path) -> str:
    """The one word in a file. Raises UsageError, which quotes nothing of it."""
    try:
        word = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} cannot be read: not UTF-8 at byte {error.start}") from None
    if not word or len(word.split()) != 1:
        raise UsageError(f"{path} must hold one word")
    return word
