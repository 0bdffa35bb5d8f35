"""Record batches straight into columns, a slice at a time: the object a record that aiokafka makes costs more than
decoding the record, and so do columns of a whole fetch, which fall out of the core's cache before they are read.

This reads aiokafka's own buffers, since it offers no way in; the steps are those of its `PartitionRecords`.
"""
# ruff: noqa: SLF001 - aiokafka's fetch results have no public face

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain, dropwhile, islice

from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import CorruptRecordException, KafkaError
from aiokafka.record.default_records import DefaultRecord, DefaultRecordBatch

from streams.errors import PulsewatchError
from streams.transport.batch import SLICE_RECORDS, Batch, Columns

MAX_RECORDS = 40_000
MAX_BYTES = 8_000_000

Rest = Iterator[DefaultRecord]


class BrokenBatch(PulsewatchError):
    """Kafka delivered bytes that are no batch of records, or are compressed in an unknown way."""

    def __init__(self, topic: str, partition: int, offset: int, error: Exception) -> None:
        super().__init__(f"{topic}:{partition}:{offset}: {error}")


class FetchedBatch(Batch):
    """A batch whose records are unpacked while they are read. It is read once: in slices, or whole by its columns,
    which then stay. Reading raises BrokenBatch, a second time RuntimeError."""

    def __init__(self, topic: str, partition: int, first: DefaultRecord, rest: Rest, next_offset: int) -> None:
        self.topic = topic
        self.partition = partition
        self._first_offset: int = first.offset
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
    max_records: int = MAX_RECORDS,
    max_bytes: int = MAX_BYTES,
) -> FetchedBatch | None:
    """Take whole record batches out of a fetch until a limit is reached, and move its `next_fetch_offset` past them.

    Skips control records, and aborted ones where the fetch is `read_committed`. None where no record is left. A limit
    is overrun by at most one of the producer's batches; the one on bytes bounds what decompression makes of a fetch.
    Raises BrokenBatch.
    """
    begun, source = list[tuple[DefaultRecord, Rest]](), fetched._records
    taken_records = taken_bytes = 0
    try:
        while source.has_next() and taken_records < max_records and taken_bytes < max_bytes:
            batch = source.next_batch()
            if fetched._check_crcs and not batch.validate_crc():
                raise CorruptRecordException("invalid CRC")
            if not _skipped(fetched, batch):
                records, unpacked_bytes = _records(batch)
                begun += _begun(records, fetched.next_fetch_offset)
                taken_records += batch.next_offset - batch.base_offset
                taken_bytes += unpacked_bytes
            # A batch keeps its last offset though compaction removed its last records.
            fetched.next_fetch_offset = max(fetched.next_fetch_offset, batch.next_offset)
    except KafkaError as error:
        raise BrokenBatch(topic, partition, fetched.next_fetch_offset, error) from error
    if not begun:
        return None
    first, rest = begun[0]
    later = chain.from_iterable(chain((one,), more) for one, more in begun[1:])
    return FetchedBatch(topic, partition, first, chain(rest, later), fetched.next_fetch_offset)


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


def _records(batch: DefaultRecordBatch) -> tuple[Iterable[DefaultRecord], int]:
    """The batch's records, and their bytes where only unpacking tells: what came uncompressed is bounded by the
    fetch."""
    if not batch.compression_type:
        return batch, 0
    records = list(batch)
    return records, sum(len(record.value or b"") for record in records)


def _begun(records: Iterable[DefaultRecord], first_offset: int) -> list[tuple[DefaultRecord, Rest]]:
    """The first record from an offset on with those after it; nothing where compaction left none.

    A read may begin in the middle of a producer's batch.
    """
    rest = islice(records, None)  # aiokafka's batches refuse a second iter(), which itertools call
    wanted = dropwhile(lambda record: record.offset < first_offset, rest)
    first = next(wanted, None)
    return [] if first is None else [(first, rest)]
