"""Record batches straight into columns: an object a record, as aiokafka makes it, costs more than decoding the record.

This reads aiokafka's own buffers, since it offers no way in; the steps are those of its `PartitionRecords`.
"""
# ruff: noqa: SLF001 - aiokafka's fetch results have no public face

from bisect import bisect_left
from dataclasses import dataclass, field

from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch

MOST_RECORDS = 20_000
MOST_BYTES = 8_000_000


@dataclass(slots=True)
class Columns:
    """Records of one partition, one entry a record in each column."""

    offsets: list[int] = field(default_factory=list)
    timestamps_ms: list[int] = field(default_factory=list)
    values: list[bytes | None] = field(default_factory=list)


def unpack(fetched: PartitionRecords, most_records: int = MOST_RECORDS, most_bytes: int = MOST_BYTES) -> Columns:
    """Take whole record batches out of a fetch until a limit is reached, and move its `next_fetch_offset` past them.

    Skips control records, and aborted ones where the fetch is `read_committed`. May return no record though it moved.
    A limit is overrun by at most one of the producer's batches; the one on bytes bounds what decompression makes of a
    fetch. Raises CorruptRecordException.
    """
    columns, taken_bytes = Columns(), 0
    source = fetched._records
    while source.has_next() and len(columns.values) < most_records and taken_bytes < most_bytes:
        batch = source.next_batch()
        if fetched._check_crcs and not batch.validate_crc():
            raise CorruptRecordException(f"invalid CRC in the batch at offset {fetched.next_fetch_offset}")
        if not _skipped(fetched, batch):
            taken_bytes += _append(columns, batch, fetched.next_fetch_offset)
        # A batch keeps its last offset though compaction removed its last records.
        fetched.next_fetch_offset = max(fetched.next_fetch_offset, batch.next_offset)
    return columns


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


def _append(columns: Columns, batch: DefaultRecordBatch, first_offset: int) -> int:
    """Append the batch's records from `first_offset` on; returns their bytes where the batch was compressed."""
    before = len(columns.values)
    # One record at a time: a list of them would be slower to build, and to collect, than all three columns.
    add_offset, add_timestamp_ms = columns.offsets.append, columns.timestamps_ms.append
    add_value = columns.values.append
    for record in batch:
        add_offset(record.offset)
        add_timestamp_ms(record.timestamp)
        add_value(record.value)
    if len(columns.offsets) > before and columns.offsets[before] < first_offset:
        # A read may begin in the middle of a producer's batch.
        begun = bisect_left(columns.offsets, first_offset, before)
        for column in (columns.offsets, columns.timestamps_ms, columns.values):
            del column[before:begun]
    # What came uncompressed is bounded by the fetch.
    return sum(len(value or b"") for value in columns.values[before:]) if batch.compression_type else 0
