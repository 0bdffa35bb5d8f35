"""How far each file of a folder has been read, in a cursor: a file is what it holds, whatever it is called.

    comments.jsonl     renamed, or replaced by a copy that has grown    goes on behind what was read
                       truncated, or written anew with other content    begins at its first line
    comments.jsonl.1   a copy of it, beside the truncated one           goes on behind what was read

An entry has a digest of the file's beginning and of what stands before its offset, so an inode that was given to
another file, and a file that was written anew, are not taken for what was read.
"""

import json
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from streams.ingest.protocols.file_contents import is_whole

WINDOW_BYTES = 256
"""Bytes at the beginning, and before the offset, that tell a file from another."""
MAX_GONE = 50
"""Files that are gone and still remembered: one that is being renamed may be seen under neither name."""
VERSION = 1


@dataclass(frozen=True, slots=True)
class Position:
    """How far one file has been read."""

    path: str
    """Below the folder, when it was last seen."""
    inode: int
    offset: int = 0
    """Bytes, as they are unpacked; of Parquet rows."""
    line: int = 0
    """Lines before the offset."""
    checked: int = 0
    """Bytes of the file itself that the digest goes to: for a packed file, all."""
    digest: str = ""


class Positions:
    """The positions of a folder's files. Runs along as they are read; `cursor` writes it down."""

    def __init__(self, cursor: str | None) -> None:
        self._by_path: dict[str, Position] = {}
        self._written: dict[str, str] = {}
        self._before = ""
        """What the cursor has of all but the newest."""
        for path, inode, offset, line, checked, digest in json.loads(cursor)["files"] if cursor else []:
            self.keep(Position(path, inode, offset, line, checked, digest))

    def keep(self, position: Position) -> None:
        """Put down a position, the newest last."""
        path = position.path
        if not self._written or next(reversed(self._written)) != path:
            self._written.pop(path, None)
            self._by_path.pop(path, None)
            self._before = "".join(f"{one}," for one in self._written.values())
        self._by_path[path] = position
        self._written[path] = json.dumps(
            [path, position.inode, position.offset, position.line, position.checked, position.digest],
            ensure_ascii=False,
            separators=(",", ":"),
        )

    def forget_gone(self, there: Collection[str]) -> None:
        """Forget the files that are gone, but the newest of them."""
        gone = [path for path in self._by_path if path not in there]
        for path in gone[:-MAX_GONE]:
            del self._by_path[path], self._written[path]
        self._before = "".join(f"{one}," for one in list(self._written.values())[:-1])

    def cursor(self) -> str:
        newest = next(reversed(self._written.values()), "")
        return f'{{"version":{VERSION},"files":[{self._before}{newest}]}}'

    def of(self, path: str) -> Position | None:
        return self._by_path.get(path)

    def all(self) -> list[Position]:
        return list(self._by_path.values())

    def found(self, file: Path, path: str, stat: os.stat_result) -> Position:
        """Where to go on in a file: the position of what it holds; at its beginning, where that is new."""
        for known in self._likeliest(path, stat):
            if is_that(known, file, stat.st_size):
                return replace(known, path=path, inode=stat.st_ino)
        return Position(path, stat.st_ino)

    def _likeliest(self, path: str, stat: os.stat_result) -> Iterator[Position]:
        own = self._by_path.get(path)
        if own is not None:
            yield own
        others = [one for one in self._by_path.values() if one is not own and one.offset]
        yield from (one for one in others if one.inode == stat.st_ino)
        yield from (one for one in others if one.inode != stat.st_ino and one.checked <= stat.st_size)


def is_that(position: Position, file: Path, size: int) -> bool:
    """Whether the file is the one that was read so far, perhaps longer by now."""
    if not position.offset or size < position.checked:
        return not position.offset
    if is_whole(file.name) and size != position.checked:
        return False
    try:
        with file.open("rb", buffering=0) as opened:
            return has_what_was_read(opened.fileno(), position)
    except OSError:
        return False


def has_what_was_read(descriptor: int, position: Position) -> bool:
    """Whether an open file begins as the one that was read. Raises OSError."""
    return not position.offset or digest_of(descriptor, position.checked) == position.digest


def is_same(descriptor: int, position: Position) -> bool:
    """Whether an open file is the one of a position, and begins as it did. Raises OSError."""
    return os.fstat(descriptor).st_ino == position.inode and has_what_was_read(descriptor, position)


def digest_of(descriptor: int, size: int) -> str:
    """The digest of an open file's first `size` bytes, by their beginning and their end. Raises OSError."""
    window = min(size, WINDOW_BYTES)
    ends = os.pread(descriptor, window, 0) + os.pread(descriptor, window, size - window)
    return blake2b(ends + size.to_bytes(8, "big"), digest_size=8).hexdigest()
