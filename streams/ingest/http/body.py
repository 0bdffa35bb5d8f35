"""A request's body as single events: unpacked and taken apart with every size bounded before work is done."""

import zlib
from codecs import BOM_UTF8
from collections.abc import AsyncIterable, Iterable, Sequence
from typing import Final

import cramjam
import msgspec

PACKED_BYTES: Final = 8_000_000
"""A body as it is sent."""
BODY_BYTES: Final = 32_000_000
"""The same, unpacked."""
MAX_EVENTS: Final = 10_000
"""Events a request."""

NDJSON: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
JSON: Final = ("application/json", *NDJSON)
ENCODINGS: Final = ("gzip", "zstd", "identity")

_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Refused(Exception):
    """A request that cannot be read at all: its HTTP status, and one sentence for its sender."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


async def read_body(parts: AsyncIterable[bytes], encoding: str) -> bytes:
    """The unpacked body. Raises Refused."""
    if encoding not in ENCODINGS:
        raise Refused(415, f"Content-Encoding is none of {', '.join(ENCODINGS)}")
    packed = bytearray()
    async for part in parts:
        packed += part
        if len(packed) > PACKED_BYTES:
            raise Refused(413, f"more than {PACKED_BYTES} bytes")
    return unpack(bytes(packed), encoding)


def unpack(packed: bytes, encoding: str) -> bytes:
    """The body without its encoding. Raises Refused, also for what would unpack to more than BODY_BYTES."""
    if encoding == "gzip":
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            body = unpacker.decompress(packed, BODY_BYTES + 1)
        except zlib.error:
            raise Refused(400, "the body is not gzip") from None
        if not unpacker.eof and len(body) <= BODY_BYTES:
            raise Refused(400, "the gzip body is cut short")
    elif encoding == "zstd":
        body = _unpack_zstd(packed)
    else:
        body = packed
    if len(body) > BODY_BYTES:
        raise Refused(413, f"more than {BODY_BYTES} bytes when unpacked")
    return body


def _unpack_zstd(packed: bytes) -> bytes:
    room = bytearray(BODY_BYTES + 1)
    try:
        size = cramjam.zstd.decompress_into(packed, room)
    except cramjam.DecompressionError as error:
        if "buffer" in str(error):
            raise Refused(413, f"more than {BODY_BYTES} bytes when unpacked") from None
        raise Refused(400, "the body is not zstd") from None
    return bytes(memoryview(room)[:size])


def split(body: bytes, content_type: str) -> Sequence[bytes | msgspec.Raw]:
    """The events' own bytes: of one object, of an array, or of lines. Raises Refused; an event that is no JSON is the
    reader's to refuse, by itself, as far as lines tell it from its neighbours."""
    if content_type not in JSON:
        raise Refused(415, f"Content-Type is none of {', '.join(JSON)}")
    events = _lines(body) if content_type in NDJSON else _values(body)
    if not events:
        raise Refused(400, "the body has no event")
    if len(events) > MAX_EVENTS:
        raise Refused(413, f"more than {MAX_EVENTS} events in one request")
    return events


def _lines(body: bytes) -> list[bytes]:
    lines: Iterable[bytes] = body.removeprefix(BOM_UTF8).split(b"\n")
    return [stripped for line in lines if (stripped := line.strip())]


def _values(body: bytes) -> Sequence[bytes | msgspec.Raw]:
    text = body.removeprefix(BOM_UTF8).strip()
    if not text.startswith(b"["):
        return [text] if text else []
    try:
        return _split(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Refused(400, f"the array is no JSON: {str(error)[:100]}") from None
