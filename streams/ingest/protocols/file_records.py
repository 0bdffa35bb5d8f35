"""Files as records: how long one is, what it says, and where the next begins. One bad line spoils one line.

    {"id": 1, "text": "a"}⏎                     JSON lines: a line a record
    id,text⏎ 1,"two⏎lines"⏎                     CSV: a header, then rows; a quoted field may have line ends

A CSV row in which a quote is opened and never closed would swallow the rest of the file. So a row must have the fields
of the header: where it has not, its first line alone is bad, and the next line begins anew.
"""

import csv
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from streams.ingest.protocols.received import MESSAGE_BYTES

MAX_RECORD_BYTES = MESSAGE_BYTES
"""A longer one is skipped, and told."""
MAX_ROW_LINES = 2_000
"""Lines a row: more of them are a quote that was never closed."""
DETECT_BYTES = 65_536
_NUL_SHARE = 5
"""UTF-16 has a NUL in every other byte of ASCII; one byte in so many is no accident."""
DELIMITERS = (",", ";", "\t", "|")
csv.field_size_limit(MAX_RECORD_BYTES)


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file."""

    message: bytes
    """As the decoder reads it; the line itself where it could not be read. Empty for what is no record."""
    size: int
    """Bytes of the file up to the next record."""
    lines: int
    fault: str = ""
    """What is wrong with it, in words."""
    too_large: bool = False


class Framing(Protocol):
    """How a kind of file is taken apart. One for a file: a CSV has its header."""

    def records(self, data: bytes, at_end: bool) -> Iterator[Record]:
        """The records at the beginning of the data. What is unfinished stays for the next call, which has more; none
        does at the end of a file that is whole."""
        ...

    def line_end(self, data: bytes) -> int:
        """Where the first line ends, behind its line end; 0 where it goes on."""
        return data.find(b"\n") + 1


def encoding_of(head: bytes) -> str:
    """The encoding of a file by its beginning: UTF-8, or else GB 18030, which GBK and GB 2312 are part of. A line or
    two that were damaged make no other encoding of the rest."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _NUL_SHARE * head.count(0) > len(head):
        return "utf-16"
    lines = [line for line in head.split(b"\n") if not line.isascii()]
    in_utf8 = sum(_is_in(line, "utf-8", cut=3 if line is lines[-1] else 0) for line in lines)  # the last may be cut
    return "utf-8" if 2 * in_utf8 >= len(lines) else "gb18030"


def _is_in(line: bytes, encoding: str, cut: int = 0) -> bool:
    """Whether a line is in an encoding, without as many of its last bytes."""
    for less in range(cut + 1):
        try:
            line[: len(line) - less].decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


def text_of(line: bytes, encoding: str) -> str:
    """A line's text. In a file that began with ASCII alone, one that is hardly UTF-8 may be GB 18030."""
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        is_other = encoding == "utf-8" and _is_hardly_utf8(line) and _is_in(line, "gb18030")
        return line.decode("gb18030" if is_other else encoding, errors="replace")


def _is_hardly_utf8(line: bytes) -> bool:
    """Whether UTF-8 can read less than half of the bytes beyond ASCII: some pairs of GB 18030 are UTF-8 by chance."""
    unread = len(line) - len(line.decode(errors="ignore").encode())
    return 2 * unread >= sum(byte >= 0x80 for byte in line)


class Utf16:
    """Records in UTF-16, as those of another framing; their sizes are in bytes of the file."""

    def __init__(self, framing: Framing, encoding: str) -> None:
        """`encoding` is utf-16-le or utf-16-be; the framing reads UTF-8."""
        self._framing = framing
        self._encoding = encoding

    def records(self, data: bytes, at_end: bool) -> Iterator[Record]:
        whole = utf8_of_utf16(data, self._encoding, at_end)
        start = 0
        for record in self._framing.records(whole, at_end):
            text = whole[start : start + record.size].decode(errors="surrogatepass")
            size = len(text.encode(self._encoding, errors="surrogatepass"))
            start += record.size
            odd = len(data) % 2 if at_end and start == len(whole) else 0
            yield replace(record, size=size + odd)
        if at_end and len(data) == 1:
            yield Record(b"", 1, 1, "half a character")

    def line_end(self, data: bytes) -> int:
        line_end = "\n".encode(self._encoding)
        at = data.find(line_end)
        while at % 2 and at > 0:
            at = data.find(line_end, at + 1)
        return at + 2 if at >= 0 else 0


def utf8_of_utf16(data: bytes, encoding: str, at_end: bool) -> bytes:
    """The same in UTF-8, half a character left out; half a surrogate pair inside stays one."""
    whole = len(data) - len(data) % 2
    text = data[:whole].decode(encoding, errors="surrogatepass")
    if not at_end and text and "\ud800" <= text[-1] < "\udc00":
        text = text[:-1]
    return text.encode(errors="surrogatepass")


class JsonLines(Framing):
    """JSON lines, in UTF-8 or another encoding."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self._encoding = encoding

    def records(self, data: bytes, at_end: bool) -> Iterator[Record]:
        start = 0
        while (record := _line(data, start, at_end)) is not None:
            line = _in_utf8(record.message.removeprefix(BOM_UTF8).strip(), self._encoding)
            yield Record(line, record.size, record.lines, record.fault, record.too_large)
            start += record.size


class CsvRows(Framing):
    """The rows of a CSV file as JSON objects of texts, by the names in its header."""

    def __init__(self, head: bytes, encoding: str, delimiter: str | None = None) -> None:
        """`head` is the beginning of the file, its first line whole."""
        self._encoding = encoding
        first, skipped = head.removeprefix(BOM_UTF8), 0
        if first[:4].lower() == b"sep=":  # Excel's
            skipped = first.find(b"\n") + 1
            delimiter = delimiter or first[4:5].decode(errors="replace")
        self._delimiter = delimiter or _delimiter(first[skipped:], encoding)
        self._preamble = skipped > 0
        self._header: Sequence[str] | None = None
        header = next((fields for fields, _ in self._rows(first[skipped:], at_end=True) if fields is not None), None)
        if header is not None:
            self._header = _names(header)

    def records(self, data: bytes, at_end: bool) -> Iterator[Record]:
        for fields, record in self._rows(data, at_end):
            if fields is None or not record.message:
                yield record
            elif _names(fields) == self._header or (self._preamble and fields[0][:4].lower() == "sep="):
                yield Record(b"", record.size, record.lines)
            else:
                row = dict(zip(self._header or (), fields, strict=False))
                yield Record(msgspec.json.encode(row), record.size, record.lines)

    def _rows(self, data: bytes, at_end: bool) -> Iterator[tuple[list[str] | None, Record]]:
        """The fields of each row, None where it cannot be read; and the record."""
        start = 0
        while (first := _line(data, start, at_end)) is not None:
            line = first.message.removeprefix(BOM_UTF8)
            if first.too_large or not line.strip():
                yield None, Record(b"", first.size, first.lines, first.fault, first.too_large)
                start += first.size
                continue
            fields, fault, is_open = self._fields(line)
            record = Record(line, first.size, 1, fault)
            if is_open:
                longer = self._longer_row(data, start, first, at_end)
                if longer is None:
                    return
                fields, record = longer
            yield fields, record
            start += record.size

    def _longer_row(
        self, data: bytes, start: int, first: Record, at_end: bool
    ) -> tuple[list[str] | None, Record] | None:
        """A row of several lines; its first line alone, as a bad one, where they make no row; None where the rest is
        yet to come."""
        size, lines = first.size, 1
        while lines < MAX_ROW_LINES and size < MAX_RECORD_BYTES:
            line = _line(data, start + size, at_end)
            if line is None:
                if not at_end:
                    return None
                break
            size, lines = size + line.size, lines + 1
            if line.message.count(b'"') % 2:
                row = data[start : start + size].rstrip(b"\r\n").removeprefix(BOM_UTF8)
                fields, fault, is_open = self._fields(row)
                if fields is not None:
                    return fields, Record(row, size, lines)
                if not is_open:
                    return None, Record(first.message, first.size, 1, fault)
        return None, Record(first.message, first.size, 1, "a quote is opened and never closed")

    def _fields(self, row: bytes) -> tuple[list[str] | None, str, bool]:
        """A row's fields, or what is wrong with it, and whether a quote is still open."""
        text = text_of(row, self._encoding)
        try:
            fields = next(csv.reader([text], delimiter=self._delimiter, strict=True))
        except (csv.Error, StopIteration) as error:
            return None, f"no row: {error}", "unexpected end" in str(error)
        if self._header is None or (self._preamble and text[:4].lower() == "sep="):
            return fields, "", False
        known = len(self._header)
        while len(fields) > known and not fields[-1]:  # a delimiter at the end of each line
            fields.pop()
        if len(fields) != known:
            return None, f"{len(fields)} fields, the header has {known}", False
        return fields, "", False


def _line(data: bytes, start: int, at_end: bool) -> Record | None:
    """The line that begins there; None where its end is yet to come."""
    end = data.find(b"\n", start)
    if end < 0:
        if len(data) - start > MAX_RECORD_BYTES:
            return Record(b"", len(data) - start, 0, "", too_large=True)
        if not at_end or start >= len(data):
            return None
        return Record(data[start:].rstrip(b"\r"), len(data) - start, 1)
    if end - start > MAX_RECORD_BYTES:
        return Record(b"", end + 1 - start, 1, "", too_large=True)
    return Record(data[start:end].rstrip(b"\r"), end + 1 - start, 1)


def _in_utf8(line: bytes, encoding: str) -> bytes:
    return line if encoding == "utf-8" and line.isascii() else text_of(line, encoding).encode()


def _delimiter(head: bytes, encoding: str) -> str:
    """The one that the header has most of."""
    header = head.split(b"\n", 1)[0].decode(encoding, errors="replace")
    outside = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _names(header: Sequence[str]) -> Sequence[str]:
    """The columns' names; one that is missing or taken has its place in it."""
    names: list[str] = []
    for place, given in enumerate(header, 1):
        name = given.strip()
        names.append(name if name and name not in names else f"{name or 'column'}_{place}")
    return names
