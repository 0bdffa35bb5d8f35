"""Another topic, perhaps of another Kafka, with somebody else's records: read by offsets that stand in our cursor.

    {"topic": "wYb…", "partitions": {"0": [1204, 900], "1": [77, 0]}}     the next offset, and since where holes count

    partition that is not in the cursor      from its beginning: it was added
    offset below the first that is kept      a gap of so many records: they expired
    offsets that are missing in between      a gap, where the topic is compacted; else they are marks of transactions
    topic with another id                    it was made anew: from its beginning, after a gap
    offset beyond the end                    the log was cut: from its end, after a gap

A record is its value. With `record: true` it is {"key", "value", "headers", "partition", "offset", "timestamp"}; so a
mapping can use them, and read a deletion that is a key without a value.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import msgspec
from msgspec import Meta

from streams.clock import Clock, system_clock
from streams.errors import Unavailable, UsageError
from streams.ingest.feed_entry import FeedEntry
from streams.ingest.foreign import ForeignError, read_json
from streams.ingest.protocols.received import Connected, FeedRefused, FeedUnavailable, Gap, Item, Received
from streams.ingest.secret import Secret, Secrets
from streams.kafka.connection import KafkaConnection
from streams.kafka.security import KafkaSecurity
from streams.kafka.topic_reader import Bounds, TopicReader, TopicRecord
from streams.settings import SERVERS

POLL_SECONDS = 1.0
LOOK_SECONDS = 10.0
"""How often it is looked whether Kafka answers, and whether there are more partitions."""
_SETTING = re.compile(r"PULSEWATCH_KAFKA(?:_([A-Z_]+[A-Z]))?|\b_([A-Z]+)\b")


class Reader(Protocol):
    """streams.kafka.topic_reader.TopicReader."""

    async def topic_id(self) -> str: ...
    async def bounds(self) -> Mapping[int, Bounds]: ...
    async def offsets_at(self, time_ms: int, partitions: list[int]) -> Mapping[int, int | None]: ...
    async def is_compacted(self) -> bool: ...
    def go_on(self, positions: Mapping[int, int]) -> None: ...
    async def records(self, within_seconds: float) -> list[TopicRecord] | None: ...


class KafkaFeed(FeedEntry, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="kafka"):
    """A topic. Without `servers` it is one of the Kafka that Pulsewatch runs on, by the same credentials."""

    topic: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,249}$")]
    start: str = "latest"
    """Where to begin without a cursor: `earliest`, `latest`, or a time with an offset (ISO 8601)."""
    record: bool = False
    """Whether a message has key, headers and place of the record beside its value."""
    servers: Annotated[str, Meta(pattern=SERVERS)] | None = None
    security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] = "SCRAM-SHA-512"
    user: str | Secret | None = None
    password: Secret | None = None
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    key_password: Secret | None = None
    token_url: str | None = None
    token_scope: str | None = None

    @property
    def address(self) -> str:
        return f"{self.servers or 'our Kafka'}/{self.topic}"

    def secrets(self) -> Iterator[Secret]:
        yield from (one for one in (self.user, self.password, self.key_password) if isinstance(one, Secret))

    def way_in(self, secrets: Secrets) -> "KafkaTopic":
        return KafkaTopic(self._reader(secrets), self.topic, self._start(), self.record)

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        try:
            self._start()
        except UsageError as error:
            yield str(error)
        if self.servers is None and (self.security != "PLAINTEXT" or self.user or self.password):
            yield "`servers` is missing: without it the Kafka of PULSEWATCH_KAFKA is read, by its own credentials"

    def _start(self) -> "Start":
        if self.start in ("earliest", "latest"):
            return "earliest" if self.start == "earliest" else "latest"
        try:
            moment = datetime.fromisoformat(self.start)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise UsageError("`start`: earliest, latest, or a time with an offset (2026-09-21T22:00:00+08:00)")
        return int(moment.timestamp() * 1000)

    def _reader(self, secrets: Secrets) -> Callable[[], AbstractAsyncContextManager[Reader]]:
        if self.servers is None:
            from streams.settings import settings

            ours = KafkaConnection.of(settings())
            return lambda: TopicReader(ours, self.topic)
        theirs = KafkaConnection(self.servers, self._security(secrets))
        return lambda: TopicReader(theirs, self.topic)

    def _security(self, secrets: Secrets) -> KafkaSecurity:
        def text(value: str | Secret | None) -> str:
            return "" if value is None else secrets.text(value)

        def file(value: str | None) -> Path | None:
            return None if value is None else secrets.folder / value

        security = KafkaSecurity(
            protocol=self.security,
            mechanism=self.sasl,
            user=text(self.user),
            password=text(self.password),
            ca=file(self.ca),
            certificate=file(self.certificate),
            key=file(self.key),
            key_password=text(self.key_password) or None,
            token_url=self.token_url,
            token_scope=self.token_scope,
        )
        try:
            security.check()
            if security.encrypts:
                _ = security.tls
        except UsageError as error:
            raise UsageError(of_the_entry(str(error))) from None
        return security


def of_the_entry(error: str) -> str:
    """A sentence about our own Kafka's settings, with the names of the entry's fields in their place."""
    return _SETTING.sub(lambda found: f"`{(found[1] or found[2] or 'servers').lower()}`", error)


Start = Literal["earliest", "latest"] | int
"""An int is a time, in milliseconds since the epoch."""


@dataclass(frozen=True)
class KafkaTopic:
    """One topic."""

    reader: Callable[[], AbstractAsyncContextManager[Reader]]
    topic: str
    start: Start = "latest"
    record: bool = False
    look_seconds: float = LOOK_SECONDS
    clock: Clock = system_clock
    finite: bool = False

    async def messages(self, cursor: str | None) -> AsyncIterator[Item]:
        try:
            async with self.reader() as reader:
                reading = _Reading(self, reader, cursor)
                async for item in reading.items():
                    yield item
        except UsageError as error:
            raise FeedRefused(of_the_entry(str(error))) from None
        except FeedUnavailable:
            raise
        except Unavailable as error:
            raise FeedUnavailable(of_the_entry(str(error))) from None


@dataclass(slots=True)
class _Place:
    """Where we are in a partition."""

    next: int
    counted_from: int
    """Holes below it are history: we had never been there."""
    last_ms: int = 0
    """Time of the last record."""


class _Reading:
    """One connection to the topic."""

    def __init__(self, topic: KafkaTopic, reader: Reader, cursor: str | None) -> None:
        self._topic = topic
        self._reader = reader
        stored = json.loads(cursor) if cursor else None
        self._had_cursor = stored is not None
        self._topic_id: str = stored["topic"] if stored else ""
        self._places = {
            int(number): _Place(*place) for number, place in (stored or {"partitions": {}})["partitions"].items()
        }
        self._compacted = False

    async def items(self) -> AsyncIterator[Item]:
        for gap in await self._begin():
            yield gap
        yield Connected()
        looked_ms = self._topic.clock()
        while True:
            records = await self._reader.records(POLL_SECONDS)
            for record in records or ():
                for item in self._item(record):
                    yield item
            if records is None or self._topic.clock() - looked_ms >= self._topic.look_seconds * 1000:
                for gap in await self._look(anew=records is None):
                    yield gap
                looked_ms = self._topic.clock()

    async def _begin(self) -> list[Gap]:
        self._compacted = await self._reader.is_compacted()
        return await self._look(anew=True)

    async def _look(self, anew: bool) -> list[Gap]:
        """Take new partitions, and see that those that we read are where they were; assign them where any changed."""
        gaps = await self._made_anew()
        bounds = await self._reader.bounds()
        gaps += [gap for number, place in self._places.items() for gap in self._moved(place, bounds.get(number))]
        added = {number: bound for number, bound in bounds.items() if number not in self._places}
        self._places |= await self._begun(added)
        if anew or added or gaps:
            self._reader.go_on({number: place.next for number, place in self._places.items() if number in bounds})
        self._had_cursor = True
        return gaps

    async def _made_anew(self) -> list[Gap]:
        """A gap, and no places, where the topic is another of the same name."""
        known, self._topic_id = self._topic_id, await self._reader.topic_id()
        if not known or not self._topic_id or known == self._topic_id:
            return []
        last_ms = max((place.last_ms for place in self._places.values()), default=0)
        self._places = {}
        return [self._gap("lost", None, last_ms)]

    async def _begun(self, added: Mapping[int, Bounds]) -> dict[int, _Place]:
        """Where to begin in partitions: in those that were added later, at their beginning."""
        if self._had_cursor or self._topic.start == "earliest":
            since = {number: (bound.first if self._had_cursor else bound.end) for number, bound in added.items()}
            return {number: _Place(bound.first, since[number]) for number, bound in added.items()}
        if self._topic.start == "latest":
            return {number: _Place(bound.end, bound.end) for number, bound in added.items()}
        found = await self._reader.offsets_at(int(self._topic.start), list(added))
        ends = {number: bound.end for number, bound in added.items()}
        return {number: _Place(end if (at := found.get(number)) is None else at, end) for number, end in ends.items()}

    def _moved(self, place: _Place, bound: Bounds | None) -> Iterator[Gap]:
        """The gap where a place is no longer in the log; the place is then where the log goes on."""
        if bound is None or bound.first <= place.next <= bound.end:
            return
        if place.next < bound.first:
            yield self._gap("cursor_too_old", bound.first - place.next, place.last_ms)
            place.next = bound.first
        else:
            yield self._gap("lost", None, place.last_ms)
            place.next = bound.end

    def _item(self, record: TopicRecord) -> Iterator[Item]:
        place = self._places.get(record.partition)
        if place is None or record.offset < place.next:
            return
        missed = record.offset - max(place.next, place.counted_from)
        if self._compacted and missed > 0:
            yield self._gap("lost", missed, place.last_ms, record.timestamp_ms)
        place.next, place.last_ms = record.offset + 1, record.timestamp_ms
        message = _whole(record) if self._topic.record else _value(record.value)
        where = f"{self._topic.topic}:{record.partition}:{record.offset}"
        yield Received(message, self._cursor(), place=where)

    def _cursor(self) -> str:
        places = {str(number): [place.next, place.counted_from] for number, place in self._places.items()}
        return json.dumps({"topic": self._topic_id, "partitions": places}, separators=(",", ":"))

    def _gap(self, reason: Any, missed: int | None, from_ms: int = 0, to_ms: int = 0) -> Gap:
        to_ms = to_ms or self._topic.clock()
        return Gap(from_ms or to_ms, to_ms, missed, reason)


def _value(value: bytes | None) -> bytes:
    """A record's JSON; behind a schema registry's mark, where it has one. `null` for a deletion."""
    if value is None:
        return b"null"
    return value[5:] if value[:1] == b"\0" and value[5:6] in (b"{", b"[") else value


def _whole(record: TopicRecord) -> bytes:
    return msgspec.json.encode({
        "key": None if record.key is None else record.key.decode(errors="replace"),
        "value": _json(record.value),
        "headers": {name: None if held is None else held.decode(errors="replace") for name, held in record.headers},
        "partition": record.partition, "offset": record.offset, "timestamp": record.timestamp_ms,
    })  # fmt: skip


def _json(value: bytes | None) -> Any:
    """The value, parsed; as a text, where it is no JSON."""
    if value is None:
        return None
    try:
        return read_json(_value(value))
    except ForeignError:
        return value.decode(errors="replace")
