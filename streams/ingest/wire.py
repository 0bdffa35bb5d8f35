"""Protobuf's wire format, as far as it goes without a schema: numbers and bytes by field number.

Some platforms put a message within a message, as protobuf in base64. Two wire types carry all that is read of them;
source: https://protobuf.dev/programming-guides/encoding/.
"""

import base64
import binascii

from streams.ingest.foreign import ForeignError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_VARINT_BYTES = 10
_STANDARD = str.maketrans("-_", "+/")


class Wire:
    """A protobuf message. A field that is missing is 0, or empty, as the format has it."""

    def __init__(self, data: bytes) -> None:
        """Raises ForeignError for what is no protobuf."""
        self._numbers: dict[int, int] = {}
        self._bytes: dict[int, list[bytes]] = {}
        at = 0
        while at < len(data):
            at = self._field(data, at)

    def number(self, field: int) -> int:
        return self._numbers.get(field, 0)

    def text(self, field: int) -> str:
        return self._bytes.get(field, [b""])[-1].decode(errors="replace")

    def parts(self, field: int) -> "list[Wire]":
        """The messages of a repeated field. Raises ForeignError."""
        return [Wire(data) for data in self._bytes.get(field, [])]

    def part(self, field: int) -> "Wire":
        """The message in a field. Raises ForeignError."""
        return Wire(self._bytes.get(field, [b""])[-1])

    def _field(self, data: bytes, at: int) -> int:
        key, at = _varint(data, at)
        field, wire_type = key >> 3, key & 7
        if wire_type == _VARINT:
            self._numbers[field], at = _varint(data, at)
            return at
        if wire_type == _BYTES:
            length, at = _varint(data, at)
            self._bytes.setdefault(field, []).append(data[at : at + length])
            return _within(data, at + length)
        if wire_type in (_FIXED32, _FIXED64):
            return _within(data, at + (4 if wire_type == _FIXED32 else 8))
        raise ForeignError("wrong_type", "pb is no protobuf")


def from_base64(text: str) -> Wire:
    """Of either alphabet, padded or not. Raises ForeignError for what is no protobuf in base64."""
    plain = text.strip().translate(_STANDARD).rstrip("=")
    try:
        data = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ForeignError("wrong_type", "pb is no base64") from None
    return Wire(data)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for place, byte in enumerate(data[at : at + _VARINT_BYTES]):
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return number, at + place + 1
    raise ForeignError("wrong_type", "pb is cut short")


def _within(data: bytes, at: int) -> int:
    if at > len(data):
        raise ForeignError("wrong_type", "pb is cut short")
    return at
