"""How a feed stands, as `feeds status` and the exporter read it: written to Redis by the process that runs it.

Counts go on over restarts. What could not be read is here with an example of its shape alone: the messages themselves
may hold personal data (streams.ingest.unread_messages).

    feed   hash   `cursor` where to go on, `status` this record as JSON
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from streams.ingest.foreign import ForeignError, read_json
from streams.ingest.protocols.received import Gap
from streams.ledger.reader import answers
from streams.ledger.redis import key_prefix, partitions_key

INGEST: Final = "ingest"
"""The stage under which the ledger has the feeds; a feed is a topic with one partition."""
FEED: Final = "feed"
"""The suffix of the hash."""
MAX_UNREAD_TYPES: Final = 50
"""Types with reasons in a status; the most frequent ones."""
SHAPE_CHARS: Final = 1_000
DEPTH: Final = 8
GONE_MS: Final = 60_000
ITEMS: Final = 3
FIELDS: Final = 40

State = Literal["connecting", "connected", "waiting", "refused", "blocked", "finished", "stopped"]
"""`waiting` between two tries · `refused` it says no, and is asked again slowly · `blocked` Kafka takes nothing of what
came, and nothing more is read · `finished` a file's end."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}")


class UnreadStatus(msgspec.Struct):
    """Messages that could not be read, or not whole."""

    type: str
    reason: str
    count: int
    detail: str
    shape: str
    """Of the first: its fields without their values."""


class GapStatus(msgspec.Struct):
    """A time whose messages are missing for good."""

    from_ms: int
    to_ms: int
    missed: int | None
    reason: str


class FeedStatus(msgspec.Struct):
    """One feed. Times are milliseconds since the epoch, 0 where there was none."""

    name: str
    kind: str
    address: str
    state: State = "connecting"
    state_since_ms: int = 0
    written_ms: int = 0
    """When this was written last: a process that is gone writes no more."""
    heard_until_ms: int = 0
    """Until when it was certainly connected."""
    last_message_ms: int = 0
    last_event_ms: int = 0
    """Event time of the newest event."""
    cursor: str | None = None
    error: str = ""
    connects: int = 0
    messages: int = 0
    events: int = 0
    """Events that are in Kafka, for all brands."""
    unmatched: int = 0
    """Events about no brand of the catalogue: they went nowhere."""
    repeated: int = 0
    """Events that it had told before."""
    refused: dict[str, int] = {}
    """Events that no stage would take, by reason."""
    gaps: int = 0
    gap_ms: int = 0
    gap_messages: int = 0
    """Messages that are known to be missing; of most gaps nobody knows how many."""
    last_gap: GapStatus | None = None
    unread: list[UnreadStatus] = []

    def enter(self, state: State, now_ms: int, error: str = "") -> None:
        """Be in a state, since now where it was in another."""
        if state != self.state or not self.state_since_ms:
            self.state_since_ms = now_ms
        self.state, self.error = state, error

    def add_gap(self, gap: Gap) -> None:
        self.gaps += 1
        self.gap_ms += max(0, gap.to_ms - gap.from_ms)
        self.gap_messages += gap.missed or 0
        self.last_gap = GapStatus(gap.from_ms, gap.to_ms, gap.missed, gap.reason)

    def is_gone(self, now_ms: int) -> bool:
        """Whether the process that ran it writes no more, without having said that it ends."""
        return self.state not in ("finished", "stopped") and now_ms - self.written_ms > GONE_MS

    @property
    def lag_ms(self) -> int | None:
        """How old the newest event was when its message came, below 0 where its clock is ahead; None before any."""
        return self.last_message_ms - self.last_event_ms if self.last_event_ms else None


encode_status = msgspec.json.Encoder().encode
_decode_status = msgspec.json.Decoder(FeedStatus).decode


def decode_status(value: bytes | None) -> FeedStatus | None:
    """What a process wrote; None for nothing, or for what this version cannot read."""
    try:
        return _decode_status(value) if value else None
    except msgspec.DecodeError:
        return None


def read_statuses(client: Any, namespace: str) -> list[FeedStatus]:
    """Every feed that ever ran, by name. The client is a synchronous one. Raises Unavailable."""
    (members,) = answers(client, [("SMEMBERS", partitions_key(namespace, INGEST))])
    names = sorted(member.decode().rpartition(":")[0] for member in members)
    keys = (key_prefix(namespace, INGEST, name, 0) + FEED for name in names)
    found = map(decode_status, answers(client, [("HGET", key, "status") for key in keys]))
    return [status for status in found if status is not None]


def shape(raw: bytes) -> str:
    """A message's fields without what they hold: `{"cmd": text(9), "data": {"uid": number}}`."""
    try:
        value = read_json(raw)
    except ForeignError:
        return f"{len(raw)} bytes"
    return "".join(_shape(value, 0))[:SHAPE_CHARS]


def _shape(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield "{" if depth < DEPTH else "{…"
        for place, (name, held) in enumerate(value.items() if depth < DEPTH else ()):
            yield (", " if place else "") + (str(name) if _NAME.fullmatch(str(name)) else "…") + ": "
            yield from _shape(held, depth + 1)
            if place >= FIELDS:
                yield ", …"
                break
        yield "}"
    elif isinstance(value, list):
        yield f"list({len(value)}) ["
        for place, held in enumerate(value[:ITEMS] if depth < DEPTH else ()):
            yield ", " if place else ""
            yield from _shape(held, depth + 1)
        yield "]"
    elif isinstance(value, str):
        yield f"text({len(value)})"
    else:
        yield "null" if value is None else "flag" if isinstance(value, bool) else "number"
