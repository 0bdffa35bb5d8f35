"""A file's contents by its name: plain, gzip or zstd, CSV, JSON lines or Parquet.

posts.jsonl  posts.csv               plain: may grow, so its offset counts bytes of the file
posts.jsonl.gz  posts.csv.zst        packed: whole when it is read, its offset counts bytes as they are unpacked
posts.parquet                        whole too, its offset counts rows
"""

import gzip
import importlib
import io
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec

from streams.errors import UsageError
from streams.ingest.foreign import ForeignError, read_json
from streams.ingest.protocols.file_records import (
    DETECT_BYTES,
    MAX_RECORD_BYTES,
    CsvRows,
    Framing,
    JsonLines,
    Record,
    Utf16,
    encoding_of,
    utf8_of_utf16,
)

CHUNK_BYTES = 262_144
PARQUET_ROWS = 1_000
_HEAD_BYTES = 4 * DETECT_BYTES
_PACKED = (".gz", ".zst")
_CSV = (".csv", ".tsv")


class Damaged(Exception):
    """A file that cannot be read, or not further; the text says why."""


class Contents(Protocol):
    """An opened file. Blocks; raises Damaged, OSError."""

    def records(self, at_end: bool, goes_on: Callable[[], bool]) -> Iterator[Record]:
        """What there is from the offset on; `at_end`: what is unfinished is the last. Ends where `goes_on` says that
        the file is another by now; it is asked before more is read."""
        ...

    def tail(self) -> Record | None:
        """What stands behind the last line end, where it is a whole record by itself."""
        ...

    def close(self) -> None: ...


def is_whole(name: str) -> bool:
    """Whether a file of this name is written once, before it is read."""
    return name.endswith((*_PACKED, ".parquet"))


def open_contents(path: Path, offset: int, encoding: str | None, delimiter: str | None) -> Contents:
    """The contents from an offset on. Raises Damaged, OSError, UsageError where a library is missing."""
    if path.name.endswith(".parquet"):
        return _Parquet(path, offset)
    return _Text(path, offset, encoding, delimiter)


class _Text:
    """Records in a stream of bytes."""

    def __init__(self, path: Path, offset: int, encoding: str | None, delimiter: str | None) -> None:
        self._framing = _framing(path, encoding, delimiter)
        self._bytes = _unpacked(path)
        self._skip(offset)
        self._buffer = b""
        self._skipping = False
        """Inside a record that is too large."""

    def records(self, at_end: bool, goes_on: Callable[[], bool]) -> Iterator[Record]:
        ended = False
        while not ended and goes_on():
            try:
                chunk = self._bytes.read(CHUNK_BYTES)
            except (EOFError, OSError, zlib.error) as error:
                raise Damaged(f"cut short or damaged: {error}") from None
            ended = not chunk
            self._buffer += chunk
            yield from self._framed(at_end and ended)

    def tail(self) -> Record | None:
        match list(islice(self._framing.records(self._buffer, at_end=True), 2)):
            case [record] if record.size == len(self._buffer) and not record.fault and _is_json(record.message):
                return record
        return None

    def close(self) -> None:
        self._bytes.close()

    def _framed(self, at_end: bool) -> Iterator[Record]:
        if self._skipping:
            cut = self._framing.line_end(self._buffer)
            dropped = cut or len(self._buffer)
            self._buffer, self._skipping = self._buffer[dropped:], not cut
            yield Record(b"", dropped, 1 if cut else 0)
        taken = 0
        for record in self._framing.records(self._buffer, at_end):
            taken += record.size
            self._skipping = record.too_large and not record.lines
            yield record
        self._buffer = self._buffer[taken:]

    def _skip(self, offset: int) -> None:
        if isinstance(self._bytes, io.BufferedReader):
            self._bytes.seek(offset)
            return
        try:
            while offset > 0 and (chunk := self._bytes.read(min(offset, CHUNK_BYTES))):
                offset -= len(chunk)
        except (EOFError, OSError, zlib.error) as error:
            raise Damaged(f"cut short or damaged: {error}") from None


class _Parquet:
    """Rows of a Parquet file, each a JSON object; a row a record."""

    def __init__(self, path: Path, offset: int) -> None:
        parquet = _library("pyarrow.parquet", "Parquet")
        self._arrow = _library("pyarrow", "Parquet")
        try:
            self._file = parquet.ParquetFile(path)
        except self._arrow.ArrowException as error:
            raise Damaged(f"no Parquet file: {str(error)[:200]}") from None
        self._skip = offset
        self._read = False

    def records(self, at_end: bool, goes_on: Callable[[], bool]) -> Iterator[Record]:  # noqa: ARG002 - it is whole
        if self._read:
            return
        self._read = True
        skip = self._skip
        try:
            for batch in self._file.iter_batches(batch_size=PARQUET_ROWS):
                if skip >= batch.num_rows:
                    skip -= batch.num_rows
                    continue
                for row in self._rows(batch)[skip:]:
                    yield Record(_written(row), 1, 1)
                skip = 0
        except self._arrow.ArrowException as error:
            raise Damaged(f"damaged: {str(error)[:200]}") from None

    def tail(self) -> Record | None:
        return None

    def close(self) -> None:
        self._file.close()

    def _rows(self, batch: Any) -> list[dict[str, Any]]:
        """Python has no nanoseconds: they are cut to microseconds."""
        arrow = self._arrow
        columns = [
            column.cast(arrow.timestamp("us", tz=column.type.tz), safe=False)
            if arrow.types.is_timestamp(column.type) and column.type.unit == "ns"
            else column
            for column in batch.columns
        ]
        rows: list[dict[str, Any]] = arrow.RecordBatch.from_arrays(columns, names=batch.schema.names).to_pylist()
        return rows


def _is_json(message: bytes) -> bool:
    try:
        read_json(message)
    except ForeignError:
        return False
    return True


def _written(row: dict[str, Any]) -> bytes:
    return msgspec.json.encode(row, enc_hook=str)


def _framing(path: Path, encoding: str | None, delimiter: str | None) -> Framing:
    head = _head(path)
    found = (encoding or encoding_of(head[:DETECT_BYTES])).lower().replace("_", "-")
    if found in ("utf-16", "utf16"):
        found = _byte_order(head)
    is_csv = Path(path.name.removesuffix(".gz").removesuffix(".zst")).suffix.lower() in _CSV
    if found.startswith("utf-16-"):
        text = utf8_of_utf16(head, found, at_end=False)
        return Utf16(CsvRows(text, "utf-8", delimiter) if is_csv else JsonLines(), found)
    found = "utf-8" if found in ("utf-8-sig", "utf8", "ascii") else found
    return CsvRows(head, found, delimiter) if is_csv else JsonLines(found)


def _byte_order(head: bytes) -> str:
    """The order that the file's mark tells. Raises Damaged where it has none."""
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16-le" if head.startswith(BOM_UTF16_LE) else "utf-16-be"
    raise Damaged("it is UTF-16 without a byte-order mark: set `encoding` to utf-16-le or utf-16-be")


def _head(path: Path) -> bytes:
    with _unpacked(path) as opened:
        try:
            head = opened.read(_HEAD_BYTES)
            while b"\n" not in head and len(head) < MAX_RECORD_BYTES and (more := opened.read(_HEAD_BYTES)):
                head += more
        except (EOFError, OSError, zlib.error) as error:
            raise Damaged(f"cut short or damaged: {error}") from None
        return head


def _unpacked(path: Path) -> BinaryIO:
    if path.name.endswith(".gz"):
        return gzip.open(path, "rb")  # type: ignore[return-value] # a GzipFile is one in all but name
    if path.name.endswith(".zst"):
        arrow = _library("pyarrow", "zstd")
        stream: BinaryIO = arrow.input_stream(str(path), compression="zstd")
        return stream
    return path.open("rb")


def _library(name: str, what: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UsageError(f"{what} needs a library that is not there: pip install 'pulsewatch[feeds]'") from None
