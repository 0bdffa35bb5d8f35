"""Files: read once to their end, or a folder that a collector writes, followed as its files grow, rotate and are
replaced.

    data/weibo/jsonl/search_contents_2026-09-21.jsonl    read to its last whole line, looked at again
    data/weibo/jsonl/search_contents_2026-09-22.jsonl    the next day's, found when it is there

What is half-written is read once it is whole: with its line end, or where nothing was written to the file for a
minute. A cursor has how far each file was read (streams.ingest.protocols.file_positions).
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from streams.clock import Clock, system_clock
from streams.ingest.protocols.file_contents import Contents, Damaged, is_whole, open_contents
from streams.ingest.protocols.file_positions import Position, Positions, digest_of, is_same
from streams.ingest.protocols.file_records import Record
from streams.ingest.protocols.received import Connected, FeedRefused, FeedUnavailable, Gap, Item, Received, skipped

LOG = logging.getLogger(__name__)

SETTLED_SECONDS = 60.0
"""After so long without a change a last line without an end is whole."""
WHOLE_SECONDS = 5.0
"""After so long a packed file has been written."""
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".swp", "~")
READABLE = tuple(
    f"**/*{kind}{packed}" for kind in (".jsonl", ".ndjson", ".csv", ".tsv") for packed in ("", ".gz", ".zst")
)
"""What a folder's files are called, where nothing else is said."""
PARQUET = "**/*.parquet"


@dataclass(frozen=True)
class Files:
    """Files below a folder, or one file."""

    folder: Path
    patterns: Sequence[str] = (*READABLE, PARQUET)
    follow: bool = False
    encoding: str | None = None
    """Detected, where nothing is said."""
    delimiter: str | None = None
    poll_seconds: float = 2.0
    settled_seconds: float = SETTLED_SECONDS
    whole_seconds: float = WHOLE_SECONDS
    clock: Clock = system_clock

    @property
    def finite(self) -> bool:
        return not self.follow

    def found(self) -> Iterator[tuple[str, Path]]:
        """Every file that there is, whether it is read or not: its path from the folder on, and where it lies."""
        if self.folder.is_file():
            yield self.folder.name, self.folder
            return
        for parent, _, names in os.walk(self.folder):
            for file in (Path(parent, name) for name in names):
                if not file.name.startswith(".") and not file.name.endswith(_UNFINISHED):
                    yield file.relative_to(self.folder).as_posix(), file

    def is_named(self, path: str) -> bool:
        """Whether a file of the folder is one that is read."""
        return self.folder.is_file() or any(
            fnmatchcase(path, pattern) or fnmatchcase(path, pattern.removeprefix("**/")) for pattern in self.patterns
        )

    async def messages(self, cursor: str | None) -> AsyncIterator[Item]:
        if not self.folder.exists():
            raise FeedRefused(f"{self.folder}: there is no such file or folder")
        reading = _Reading(self, cursor)
        yield Connected()
        while True:
            for gap in await asyncio.to_thread(reading.look):
                yield gap
            for file in reading.unread():
                for item in reading.items(file):
                    yield item
                    if reading.asks_for_others():
                        await asyncio.sleep(0)
            if not self.follow:
                return
            await asyncio.sleep(self.poll_seconds)


@dataclass(slots=True)
class _File:
    """A file as it was when the folder was last looked at."""

    path: str
    file: Path
    stat: os.stat_result
    done: tuple[int, int, int] = (-1, 0, 0)
    """Its inode, size and time of change when it was last read to its end."""
    settled: tuple[int, int, int] = (-1, 0, 0)
    """The same when it was read once more because it had settled."""

    @property
    def state(self) -> tuple[int, int, int]:
        return self.stat.st_ino, self.stat.st_size, self.stat.st_mtime_ns


class _Reading:
    """One connection: what was seen of the files, and how far each was read."""

    def __init__(self, files: Files, cursor: str | None) -> None:
        self._files = files
        self._positions = Positions(cursor)
        self._seen: dict[str, _File] = {}
        self._taken = 0

    def look(self) -> list[Gap]:
        """Look at the folder; what vanished before it was read is a gap. Raises FeedUnavailable."""
        before, self._seen = self._seen, {}
        for path, file, stat in sorted(self._named()):
            old = before.get(path)
            same = old is not None and old.stat.st_ino == stat.st_ino
            self._seen[path] = (
                _File(path, file, stat, old.done, old.settled) if old and same else _File(path, file, stat)
            )
        unread = [(old, position) for old in before.values() if (position := self._unread_of(old)) is not None]
        # Before any file is read: one may be the copy of another that was truncated since.
        found = [
            self._positions.found(seen.file, seen.path, seen.stat)
            for seen in self._seen.values()
            if seen.done != seen.state
        ]
        for position in found:
            self._positions.keep(position)
        self._positions.forget_gone(self._seen)
        return [self._lost(old) for old, position in unread if not self._goes_on(old, position)]

    def unread(self) -> Iterator[_File]:
        """The files of which there may be something new, one after the other."""
        for seen in self._seen.values():
            quiet = self._quiet_seconds(seen)
            if self._files.follow and is_whole(seen.path) and quiet < self._files.whole_seconds:
                continue
            settles = self._files.follow and seen.done[0] >= 0 and quiet >= self._files.settled_seconds
            settles = settles and seen.settled != seen.state
            position = self._positions.of(seen.path)
            unfinished = position is not None and position.offset < seen.stat.st_size and not is_whole(seen.path)
            if seen.done != seen.state or (settles and unfinished):
                yield seen

    def items(self, seen: _File) -> Iterator[Item]:
        """What is new in a file."""
        files = self._files
        position = self._positions.of(seen.path) or Position(seen.path, seen.stat.st_ino)
        self._positions.keep(position)
        try:
            with (
                closing(open_contents(seen.file, position.offset, files.encoding, files.delimiter)) as contents,
                seen.file.open("rb", buffering=0) as probe,
            ):
                goes_on = partial(self._goes_on_in, seen, probe.fileno())
                yield from self._items(seen, position, self._records(seen, contents, goes_on), probe.fileno())
                if not goes_on():
                    return
        except FileNotFoundError:
            return
        except (Damaged, OSError) as error:
            LOG.warning("%s: %s", seen.file, error)
            now_ms = files.clock()
            yield Gap(now_ms, now_ms, None, "lost")
            seen.settled = seen.state  # as it is, it is told once
        if self._quiet_seconds(seen) >= files.settled_seconds:
            seen.settled = seen.state
        seen.done = seen.state

    def asks_for_others(self) -> bool:
        """Whether it is the loop's turn, which a long file would keep waiting."""
        self._taken += 1
        return self._taken % 500 == 0

    def _quiet_seconds(self, seen: _File) -> float:
        return self._files.clock() / 1000 - seen.stat.st_mtime

    def _records(self, seen: _File, contents: Contents, goes_on: Callable[[], bool]) -> Iterator[Record]:
        """The records; of a file that has settled, what stands behind its last line end too."""
        at_end = not self._files.follow or is_whole(seen.path)
        yield from contents.records(at_end, goes_on)
        if not at_end and self._quiet_seconds(seen) >= self._files.settled_seconds and goes_on():
            tail = contents.tail()
            if tail is not None:
                yield tail

    def _goes_on_in(self, seen: _File, probe: int) -> bool:
        """Whether the file is still the one that is being read: it may be replaced or written anew meanwhile."""
        position = self._positions.of(seen.path)
        return position is not None and is_same(probe, position)

    def _items(self, seen: _File, position: Position, records: Iterator[Record], probe: int) -> Iterator[Item]:
        whole = seen.stat.st_size if is_whole(seen.path) else 0
        digest = digest_of(probe, whole) if whole else ""
        offset, line = position.offset, position.line
        for record in records:
            line += record.lines
            offset += record.size
            checked = whole or offset
            self._positions.keep(
                Position(seen.path, seen.stat.st_ino, offset, line, checked, digest or digest_of(probe, checked))
            )
            if record.message or record.too_large:
                yield self._item(seen, record, line)

    def _item(self, seen: _File, record: Record, line: int) -> Item:
        first = line - max(record.lines, 1) + 1
        if record.too_large:
            LOG.warning("%s, line %d: too large, left out", seen.file, first)
            return skipped(now_ms=self._files.clock())
        place = f"{seen.path}, line {first}"
        if record.fault:
            place = f"{place}: {record.fault}"
            LOG.warning("%s", place)
        return Received(record.message, self._positions.cursor(), place=place)

    def _named(self) -> Iterator[tuple[str, Path, os.stat_result]]:
        """The folder's files, by their path below it; those too that were renamed before they were read to their
        end. Raises FeedUnavailable."""
        there = list(self._there())
        if not there and self._positions.all() and self._files.follow:
            raise FeedUnavailable(f"{self._files.folder} is empty: it had files before")
        named = [one for one in there if self._files.is_named(one[0])]
        yield from named
        missing = {one.inode for one in self._positions.all()} - {stat.st_ino for _, _, stat in named}
        if missing:
            yield from (one for one in there if one[2].st_ino in missing and not self._files.is_named(one[0]))

    def _there(self) -> Iterator[tuple[str, Path, os.stat_result]]:
        for path, file in self._files.found():
            try:
                yield path, file, file.stat()
            except OSError:
                continue

    def _unread_of(self, old: _File) -> Position | None:
        """The position of a file that was not read to its end when it was last looked at."""
        position = self._positions.of(old.path)
        if position is None or is_whole(old.path):
            return None
        return position if old.done != old.state or position.offset < old.stat.st_size else None

    def _goes_on(self, old: _File, position: Position) -> bool:
        """Whether what was unread of a file is still there, in it or in another that has what was read of it."""
        if any(
            seen.stat.st_ino == old.stat.st_ino and seen.stat.st_size >= old.stat.st_size
            for seen in self._seen.values()
        ):
            return True
        there = (self._positions.of(path) for path in self._seen)
        return position.offset > 0 and any(one is not None and one.digest == position.digest for one in there)

    def _lost(self, old: _File) -> Gap:
        LOG.warning("%s: gone before it was read to its end", old.file)
        return Gap(int(old.stat.st_mtime * 1000), self._files.clock(), None, "lost")
