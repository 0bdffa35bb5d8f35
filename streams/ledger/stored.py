"""Records that a ledger keeps as bytes: marked as stored, written with their version, readable by every later worker.

A record is a msgpack array of its fields in the order of its class. Before the array of a record that a ledger keeps
under a key of its own comes one byte, the version that wrote it:

    01 99 …     version 1, an array of nine fields
    99 …        version 0, from before versions were written: an array begins with 0x80 or more, a version never does

To add a field, append it with a default: older bytes lack it, older workers skip it, the version stays. To change what
a field means, raise `VERSION` and give the step from the version before in `UPGRADES`. A field is never moved, renamed
or removed.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from streams.errors import PulsewatchError

log = logging.getLogger(__name__)

UNREADABLE = (msgspec.DecodeError, AttributeError, LookupError, TypeError, ValueError)
"""What bytes raise that are no record: cut short, or of a form that was never written."""


def tell_unreadable(about: str, error: Exception) -> None:
    """Log that something begins anew. What was remembered is lost, which harms less than a stage that cannot start."""
    log.warning("%s: what was stored of it cannot be read (%s); it begins anew", about, error)


Upgrade = Callable[[list[Any]], list[Any]]
"""The values of a record's fields as one version wrote them → as the next one does."""
_ARRAYS_FROM = 0x80
"""A smaller first byte is a version."""


class Stored(msgspec.Struct, array_like=True):
    """A record that a ledger keeps, by itself or inside another."""

    VERSION: ClassVar[int] = 1
    """Of a record that is kept by itself; it covers what lies inside."""
    UPGRADES: ClassVar[Mapping[int, Upgrade]] = {}
    """By version: the step to the next one. A version without a step has the fields of the next."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        _CLASSES.append(cls)


_CLASSES: list[type[Stored]] = []
Record = TypeVar("Record", bound=Stored)


def stored_fields() -> dict[str, tuple[str, ...]]:
    """Every stored class that is imported, by its full name, with its fields in their stored order."""
    return {f"{one.__module__}.{one.__qualname__}": one.__struct_fields__ for one in _CLASSES}


@dataclass
class UnknownVersion(PulsewatchError):
    """A record that a newer worker wrote. Nothing of it is known to this one: run the newer worker."""

    record: str
    version: int
    known: int

    def __str__(self) -> str:
        return f"{self.record} is stored in version {self.version}; this worker knows {self.known} and older"


class StoredCodec(Generic[Record]):
    """A record that is kept by itself, to bytes and back."""

    def __init__(self, record: type[Record]) -> None:
        if not 0 < record.VERSION < _ARRAYS_FROM:
            raise ValueError(f"{record.__name__}: version {record.VERSION} is not one of 1 to {_ARRAYS_FROM - 1}")
        self._record = record
        self._prefix = bytes([record.VERSION])
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(record).decode

    def encode(self, record: Record) -> bytes:
        return self._prefix + self._encode(record)

    def decode(self, value: bytes) -> Record:
        """Raises UnknownVersion for what a newer worker wrote, msgspec.DecodeError for what is no such record."""
        version = value[0] if value and value[0] < _ARRAYS_FROM else 0
        if version > self._record.VERSION:
            raise UnknownVersion(self._record.__name__, version, self._record.VERSION)
        fields = memoryview(value)[1:] if version else value
        upgrades = self._record.UPGRADES
        steps = [upgrades[step] for step in range(version, self._record.VERSION) if step in upgrades]
        return self._upgraded(fields, steps) if steps else self._decode(fields)

    def decode_or_none(self, value: bytes, about: str) -> Record | None:
        """The record; None, with a line that names what it is about, where the bytes are not one. Raises
        UnknownVersion."""
        try:
            return self.decode(value)
        except UNREADABLE as error:
            tell_unreadable(about, error)
            return None

    def _upgraded(self, fields: bytes | memoryview, steps: Sequence[Upgrade]) -> Record:
        values: list[Any] = msgspec.msgpack.decode(fields, strict=False)
        for step in steps:
            values = step(values)
        return self._decode(self._encode(values))
