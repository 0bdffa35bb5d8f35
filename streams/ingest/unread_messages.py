"""The messages of a feed of which nothing could be read, kept raw for a while so that somebody can look at them.

It is a ring beside the cursor, bounded in bytes and by type, and changes in the same act:

    unread:<day>   hash   number → one message, msgpack; a day since the epoch, kept for KEPT_DAYS days

They may hold personal data: only `pulsewatch feeds status NAME --raw FILE` shows them.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from streams.clock import DAY_MS
from streams.ingest.feed import UnreadPart
from streams.ingest.feed_status import INGEST
from streams.ingest.foreign import ForeignError, read_json
from streams.ledger.reader import answers
from streams.ledger.redis import key_prefix

KEPT_DAYS: Final = 7
MAX_OF_A_TYPE: Final = 20
"""The newest of a type and reason: one that floods leaves room for the others."""
MESSAGE_BYTES: Final = 16_000
"""The beginning of a longer message is kept."""


class UnreadMessage(msgspec.Struct, frozen=True, array_like=True):
    """One message, as it came."""

    received_ms: int
    type: str
    reason: str
    detail: str
    raw: bytes
    bytes: int
    """Of the whole message: more than there are of `raw` where it was cut."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(UnreadMessage).decode


def suffix(day: int) -> str:
    """The ledger's key suffix of a day's messages."""
    return f"unread:{day}"


class UnreadMessages:
    """One feed's; one event loop."""

    def __init__(self, max_bytes: int) -> None:
        """0 keeps none."""
        self._max_bytes = max_bytes
        self._ring: OrderedDict[int, tuple[int, tuple[str, str], int]] = OrderedDict()
        """Number → day, type and reason, bytes; the oldest first."""
        self._of_type: dict[tuple[str, str], deque[int]] = {}
        self._bytes = 0
        self._next = 1
        self._changes: dict[int, dict[str, bytes | None]] = {}

    def load(self, day: int, entries: Mapping[str, bytes]) -> None:
        """What a former process kept of a day; days in their order."""
        for name in sorted(entries, key=int):
            message = _decoded(entries[name])
            if message is not None:
                self._put(int(name), day, (message.type, message.reason), len(entries[name]))
        self._bound()

    def add(self, raw: bytes | str, part: UnreadPart, received_ms: int) -> None:
        """Keep a message, and let the oldest go where there are too many."""
        if not self._max_bytes:
            return
        whole = raw.encode(errors="replace") if isinstance(raw, str) else raw
        message = UnreadMessage(received_ms, *part, whole[:MESSAGE_BYTES], len(whole))
        number, day, entry = self._next, received_ms // DAY_MS, _encode(message)
        self._put(number, day, (part.type, part.reason), len(entry))
        self._changes.setdefault(day, {})[str(number)] = entry
        self._bound()

    def changes(self) -> dict[int, dict[str, bytes | None]]:
        """What is to be stored, by day: a message, or None for one that is let go."""
        return self._changes

    def stored(self) -> None:
        """Everything so far is in the ledger."""
        self._changes = {}

    def _put(self, number: int, day: int, of: tuple[str, str], size: int) -> None:
        self._ring[number] = (day, of, size)
        self._bytes += size
        self._next = max(self._next, number + 1)
        numbers = self._of_type.setdefault(of, deque())
        numbers.append(number)
        if len(numbers) > MAX_OF_A_TYPE:
            self._drop(numbers[0])

    def _bound(self) -> None:
        while self._bytes > self._max_bytes and self._ring:
            self._drop(next(iter(self._ring)))

    def _drop(self, number: int) -> None:
        day, of, size = self._ring.pop(number)
        self._bytes -= size
        self._of_type[of].remove(number)
        if not self._of_type[of]:
            del self._of_type[of]
        self._changes.setdefault(day, {})[str(number)] = None


def read_unread(client: Any, namespace: str, feed: str, now_ms: int) -> list[UnreadMessage]:
    """The messages that are kept of a feed, the oldest first. The client is a synchronous one. Raises Unavailable."""
    today = now_ms // DAY_MS
    keys = (key_prefix(namespace, INGEST, feed, 0) + suffix(day) for day in range(today - KEPT_DAYS, today + 2))
    kept = [
        (int(number), message)
        for entries in answers(client, [("HGETALL", key) for key in keys])
        for number, entry in entries.items()
        if (message := _decoded(entry)) is not None
    ]
    return [message for _, message in sorted(kept, key=lambda one: one[0])]


def written(messages: Iterable[UnreadMessage]) -> Iterator[bytes]:
    """The messages as they came, one a line, so that `pulsewatch feeds try` reads them."""
    for message in messages:
        yield _on_one_line(message.raw) + b"\n"


def _on_one_line(raw: bytes) -> bytes:
    """JSON with line ends between its tokens is the same without; of anything else they are replaced by blanks."""
    if b"\n" not in raw and b"\r" not in raw:
        return raw
    try:
        return msgspec.json.encode(read_json(raw))
    except ForeignError:
        return raw.replace(b"\r", b" ").replace(b"\n", b" ")


def _decoded(entry: bytes) -> UnreadMessage | None:
    try:
        return _decode(entry)
    except msgspec.DecodeError:
        return None
