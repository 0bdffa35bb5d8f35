"""Compressed batches, unpacked within a bound: 46 kB of zstd can be a gigabyte, and aiokafka unpacks whatever comes.

A bound that is reached costs its own size in memory and nothing more: the output is written into a buffer that is no
larger. aiokafka's own functions are replaced where its batches call them, since it offers no other way in.
"""

import struct
import sys
from collections.abc import Callable
from typing import Any

import cramjam
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch

MAX_UNPACKED_BYTES = 32 * 1024**2
"""Of one of a producer's batches: thirty times what producers make by default."""

Payload = bytes | bytearray | memoryview
UnpackInto = Callable[[Any, bytearray], int]

_FIRST_RATIO, _FIRST_BYTES = 16, 65_536
_XERIAL = b"\x82SNAPPY\x00"
_XERIAL_HEADER_BYTES = 16
_TOO_SMALL = ("failed to write whole buffer", "is smaller than required")


class Oversized(Exception):
    """A batch is larger than it may be once it is unpacked."""


class Unpacked:
    """How much was unpacked so far, in bytes. One thread reads batches."""

    total_bytes = 0


def unpack(codec: str, payload: Payload, max_bytes: int = MAX_UNPACKED_BYTES) -> bytes:
    """The batch's records, uncompressed. Raises Oversized beyond `max_bytes`, CorruptRecordException for what is not of
    that codec."""
    data = bytes(payload)
    try:
        raw = _unpack_snappy(data, max_bytes) if codec == "snappy" else _unpack_whole(_INTO[codec], data, max_bytes)
    except (cramjam.DecompressionError, struct.error) as error:
        raise CorruptRecordException(f"{codec}: {error}") from error
    Unpacked.total_bytes += len(raw)
    return raw


def _unpack_whole(into: UnpackInto, data: bytes, max_bytes: int) -> bytes:
    """Into a buffer of a likely size first: most batches are a tenth of theirs."""
    for size in sorted({min(max_bytes, _FIRST_RATIO * len(data) + _FIRST_BYTES), max_bytes}):
        buffer = bytearray(size)
        try:
            return bytes(memoryview(buffer)[: into(data, buffer)])
        except cramjam.DecompressionError as error:
            if not str(error).endswith(_TOO_SMALL[0]):
                raise
    raise Oversized(f"{len(data)} bytes, more than {max_bytes} once they are unpacked")


def _unpack_snappy(data: bytes, max_bytes: int) -> bytes:
    """Snappy's blocks say how long they are: bare, or in the frames of the Java library."""
    if not data.startswith(_XERIAL):
        return _unpack_block(data, max_bytes)
    blocks, at, left = list[bytes](), _XERIAL_HEADER_BYTES, max_bytes
    while at < len(data):
        (size,) = struct.unpack_from("!I", data, at)
        at += 4
        blocks.append(_unpack_block(data[at : at + size], left))
        left -= len(blocks[-1])
        at += size
    return b"".join(blocks)


def _unpack_block(block: bytes, max_bytes: int) -> bytes:
    size = cramjam.snappy.decompress_raw_len(block)
    if size > max_bytes:
        raise Oversized(f"{len(block)} bytes, {size} once they are unpacked")
    buffer = bytearray(size)
    return bytes(memoryview(buffer)[: cramjam.snappy.decompress_raw_into(block, buffer)])


_INTO: dict[str, UnpackInto] = {
    "gzip": cramjam.gzip.decompress_into,
    "lz4": cramjam.lz4.decompress_into,
    "zstd": cramjam.zstd.decompress_into,
}


def bound_unpacking() -> None:
    """Let aiokafka unpack within the bound, in all of this process."""
    home = sys.modules[DefaultRecordBatch.__module__]
    for codec in (*_INTO, "snappy"):
        setattr(home, f"{codec}_decode", lambda payload, codec=codec: unpack(codec, payload))
