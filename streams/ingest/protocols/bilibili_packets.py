"""Bilibili's live socket, in packets: a header of 16 bytes, and a body that may hold packets itself.

    size 4 · header size 2 · version 2 · operation 4 · sequence 4        big endian

    operation 2 heartbeat, 3 its answer · 7 who we are, 8 its answer · 5 a message
    version   0 JSON · 1 a number or JSON · 2 zlib, of packets · 3 brotli, of packets
Source: https://open-live.bilibili.com/document/657d8e34-f926-a133-16c0-300c1afc6e6b.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cramjam

HEADER: Final = struct.Struct(">IHHII")
HEARTBEAT, HEARTBEAT_ANSWER, MESSAGE, AUTH, AUTH_ANSWER = 2, 3, 5, 7, 8
PLAIN, NUMBER, ZLIB, BROTLI = 0, 1, 2, 3
UNPACKED_BYTES: Final = 16_000_000
DEPTH: Final = 3


class NoPacket(Exception):
    """Bytes that are none; the text says why."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet that holds no others."""

    operation: int
    body: bytes


def packed(operation: int, body: bytes = b"") -> bytes:
    """A packet as we send it."""
    return HEADER.pack(HEADER.size + len(body), HEADER.size, NUMBER, operation, 1) + body


def packets(data: bytes, depth: int = 0) -> Iterator[Packet]:
    """The packets in a message of the socket, those within others too. Raises NoPacket behind the last good one."""
    if depth > DEPTH:
        raise NoPacket("packets within packets without end")
    at = 0
    while at < len(data):
        if len(data) - at < HEADER.size:
            raise NoPacket("a header that is cut")
        size, header_size, version, operation, _ = HEADER.unpack_from(data, at)
        if header_size < HEADER.size or size < header_size:
            raise NoPacket("sizes that cannot be")
        if operation == HEARTBEAT_ANSWER:  # what we sent stands behind it, and is not in its size
            yield Packet(operation, data[at + header_size : at + header_size + 4])
            return
        if at + size > len(data):
            raise NoPacket("a body that is cut")
        body = data[at + header_size : at + size]
        if version in (ZLIB, BROTLI):
            yield from packets(_unpacked(version, body), depth + 1)
        else:
            yield Packet(operation, body)
        at += size


def _unpacked(version: int, body: bytes) -> bytes:
    """Raises NoPacket for what is not packed so, or too large."""
    if version == ZLIB:
        unpacker = zlib.decompressobj()
        try:
            data = unpacker.decompress(body, UNPACKED_BYTES)
        except zlib.error as error:
            raise NoPacket(f"a body that is no zlib ({error})") from None
        if not unpacker.eof:
            raise NoPacket("a body that is cut, or too large")
        return data
    room = bytearray(max(65_536, min(len(body) * 64, UNPACKED_BYTES)))
    try:
        return bytes(memoryview(room)[: cramjam.brotli.decompress_into(body, room)])
    except cramjam.DecompressionError as error:
        raise NoPacket(f"a body that is no brotli, or too large ({str(error)[:100]})") from None
