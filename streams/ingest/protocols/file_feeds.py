"""`kind: files`, read once to their end, and `kind: folder`, which a collector writes and which is followed."""

from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from streams.ingest.feed_entry import FeedEntry, Seconds
from streams.ingest.protocols.file_records import CsvRows, Framing, JsonLines, encoding_of
from streams.ingest.protocols.files import PARQUET, READABLE, SETTLED_SECONDS, Files
from streams.ingest.protocols.received import Received
from streams.ingest.secret import Secrets

Pattern = Annotated[str, Meta(min_length=1, max_length=200)]


class FilesFeed(FeedEntry, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="files"):
    """A file, or the files below a folder: JSON lines, CSV (both packed by gzip or zstd, too) or Parquet."""

    path: Annotated[str, Meta(min_length=1)]
    """From the configuration's folder on."""
    patterns: tuple[Pattern, ...] = (*READABLE, PARQUET)
    """Which files below the folder."""
    encoding: str | None = None
    """Found, where nothing is said: UTF-8 or GB 18030."""
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] | None = None
    """Of CSV; found in the header, where nothing is said."""

    @property
    def retells(self) -> bool:
        return True

    @property
    def address(self) -> str:
        return self.path

    def way_in(self, secrets: Secrets) -> Files:
        return self._files(secrets.folder)

    def recorded(self, data: bytes) -> Iterator[Received]:
        found = self.encoding or encoding_of(data)
        is_json = data.removeprefix(BOM_UTF8).lstrip()[:1] in (b"{", b"[")
        framing: Framing = JsonLines(found) if is_json else CsvRows(data, found, self.delimiter)
        line = 1
        for record in framing.records(data, at_end=True):
            if record.message or record.too_large:
                fault = "too large, left out" if record.too_large else record.fault
                yield Received(record.message, place=f"line {line}" + (f": {fault}" if fault else ""))
            line += record.lines

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.encoding is not None:
            try:
                "".encode(self.encoding)
            except LookupError:
                yield f"`encoding`: there is no {self.encoding}; usual are utf-8 and gb18030"

    def _files(self, folder: Path) -> Files:
        return Files(folder / self.path, self.patterns, encoding=self.encoding, delimiter=self.delimiter)


class FolderFeed(FilesFeed, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="folder"):
    """A folder whose files grow, rotate and are replaced."""

    poll_seconds: Seconds = 2.0
    """How often the folder is looked at."""
    settled_seconds: Seconds = SETTLED_SECONDS
    """After so long without a change a last line without a line end is whole."""

    def _files(self, folder: Path) -> Files:
        return Files(
            folder / self.path,
            self.patterns,
            follow=True,
            encoding=self.encoding,
            delimiter=self.delimiter,
            poll_seconds=self.poll_seconds,
            settled_seconds=self.settled_seconds,
        )
