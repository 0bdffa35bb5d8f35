"""Record batches straight into columns, a slice at a time: the object a record that aiokafka makes costs more than
decoding the record, and so do columns of a whole fetch, which fall out of the core's cache before they are read.

This reads aiokafka's own buffers, since it offers no way in; the steps are those of its `PartitionRecords`.
"""
# ruff: noqa: SLF001 - aiokafka's fetch results have no public face

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, dropwhile, islice

from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import CorruptRecordException, KafkaError
from aiokafka.record.default_records import DefaultRecord, DefaultRecordBatch

from streams.errors import PulsewatchError
from streams.events.codec import Unreadable
from streams.transport.batch import SLICE_RECORDS, Batch, Columns
from streams.transport.handler import BATCH_BYTES
from streams.transport.unpacking import Oversized, Unpacked, bound_unpacking

SHORT_RECORD_BYTES = 200
"""A batch has as many records as fit at most, if all are as short as this."""
MAX_BATCH_RECORDS = 100_000
"""Of one of a producer's batches: a megabyte of the shortest events is a tenth of it."""

bound_unpacking()

Rest = Iterator[DefaultRecord]


class BrokenBatch(PulsewatchError):
    """Kafka delivered bytes that are no batch of records, or are compressed in an unknown way."""

    def __init__(self, topic: str, partition: int, offset: int, error: Exception) -> None:
        super().__init__(f"{topic}:{partition}:{offset}: {error}")


class FetchedBatch(Batch):
    """A batch whose records are unpacked while they are read. It is read once: in slices, or whole by its columns,
    which then stay. Reading raises BrokenBatch, a second time RuntimeError."""

    def __init__(
        self,
        topic: str,
        partition: int,
        first: DefaultRecord,
        rest: Rest,
        next_offset: int,
        refused: Sequence[Unreadable] = (),
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.refused = refused
        self._first_offset: int = min([first.offset, *(one.offset for one in refused[:1])])
        self._next_offset = next_offset
        self._unread: Rest | None = chain((first,), rest)
        self._length: int | None = None

    @cached_property
    def columns(self) -> Columns:
        offsets, timestamps_ms, values = list[int](), list[int](), list[bytes | None]()
        for piece in self._unpacked():
            offsets += piece.offsets
            timestamps_ms += piece.timestamps_ms
            values += piece.values
        return Columns(offsets, timestamps_ms, values)

    @property
    def first_offset(self) -> int:
        return self._first_offset

    @property
    def next_offset(self) -> int:
        return self._next_offset

    def __len__(self) -> int:
        """Known once all of it was read."""
        if self._length is None:
            raise RuntimeError("the number of records in a fetched batch is known once it was read")
        return self._length

    def slices(self) -> Iterator[Columns]:
        return super().slices() if "columns" in self.__dict__ else self._unpacked()

    def _unpacked(self) -> Iterator[Columns]:
        unread, self._unread = self._unread, None
        if unread is None:
            raise RuntimeError("a fetched batch is read once")
        length = 0
        try:
            while records := list(islice(unread, SLICE_RECORDS)):
                length += len(records)
                yield Columns(
                    [record.offset for record in records],
                    [record.timestamp for record in records],
                    [record.value for record in records],
                )
        except KafkaError as error:
            raise BrokenBatch(self.topic, self.partition, self._first_offset, error) from error
        self._length = length


def take_batch(
    topic: str,
    partition: int,
    fetched: PartitionRecords,
    *,
    max_bytes: int = BATCH_BYTES,
    max_records: int | None = None,
) -> Batch | None:
    """Take whole record batches out of a fetch until a limit is reached, and move its `next_fetch_offset` past them.

    Skips control records, and aborted ones where the fetch is `read_committed`. None where no record is left. A limit
    is overrun by at most one of the producer's batches; the one on bytes bounds what decompression makes of a fetch.
    One of the producer's batches that is too large in itself is refused as a whole. Raises BrokenBatch.
    """
    begun, refused, source = list[tuple[DefaultRecord, Rest]](), list[Unreadable](), fetched._records
    taken_records = taken_bytes = 0
    if max_records is None:
        max_records = max_bytes // SHORT_RECORD_BYTES
    try:
        while source.has_next() and taken_records < max_records and taken_bytes < max_bytes:
            batch = source.next_batch()
            if fetched._check_crcs and not batch.validate_crc():
                raise CorruptRecordException("invalid CRC")
            if not _skipped(fetched, batch):
                unpacked_before = Unpacked.total_bytes
                try:
                    begun += _begun(batch, fetched.next_fetch_offset)
                except Oversized as reason:
                    refused.append(_refused(batch, fetched.next_fetch_offset, reason))
                taken_records += batch.next_offset - batch.base_offset
                taken_bytes += Unpacked.total_bytes - unpacked_before
            # A batch keeps its last offset though compaction removed its last records.
            fetched.next_fetch_offset = max(fetched.next_fetch_offset, batch.next_offset)
    except KafkaError as error:
        raise BrokenBatch(topic, partition, fetched.next_fetch_offset, error) from error
    if begun:
        first, rest = begun[0]
        later = chain.from_iterable(chain((one,), more) for one, more in begun[1:])
        return FetchedBatch(topic, partition, first, chain(rest, later), fetched.next_fetch_offset, refused)
    return Batch(topic, partition, [], [], [], fetched.next_fetch_offset, refused) if refused else None


def exhausted(fetched: PartitionRecords) -> bool:
    """Whether nothing is left of the fetch."""
    return not fetched._records.has_next()


def _skipped(fetched: PartitionRecords, batch: DefaultRecordBatch) -> bool:
    if fetched._isolation_level == READ_COMMITTED and batch.producer_id is not None:
        fetched._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and fetched._contains_abort_marker(batch):
            fetched._aborted_producers.discard(batch.producer_id)
        if batch.is_transactional and batch.producer_id in fetched._aborted_producers:
            return True
    return bool(batch.is_control_batch)


def _refused(batch: DefaultRecordBatch, from_offset: int, reason: Oversized) -> Unreadable:
    """A whole batch, by reference: it stays in Kafka's log, nothing of it is carried on."""
    first_offset, last_offset = max(batch.base_offset, from_offset), batch.next_offset - 1
    records = last_offset - first_offset + 1
    detail = f"a batch of {records} records to offset {last_offset}: {reason}"
    return Unreadable(first_offset, None, "too_large", detail, records=records)


def _begun(batch: DefaultRecordBatch, first_offset: int) -> list[tuple[DefaultRecord, Rest]]:
    """The first record from an offset on with those after it; nothing where compaction left none. Raises Oversized.

    A read may begin in the middle of a producer's batch. A compressed one is unpacked here, at its first record.
    """
    if batch.next_offset - batch.base_offset > MAX_BATCH_RECORDS:
        raise Oversized(f"more than {MAX_BATCH_RECORDS} records")
    rest = islice(batch, None)  # aiokafka's batches refuse a second iter(), which itertools call
    wanted = dropwhile(lambda record: record.offset < first_offset, rest)
    first = next(wanted, None)
    return [] if first is None else [(first, rest)]
