"""A fetch in columns, against aiokafka's own unpacking of the same bytes."""

import zlib
from collections.abc import Iterable, Sequence

import pytest
from aiokafka.codec import gzip_encode, lz4_encode, snappy_encode, zstd_encode
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from streams.transport.batch import SLICE_RECORDS
from streams.transport.fetched import BrokenBatch, FetchedBatch, exhausted, take_batch
from streams.transport.unpacking import Oversized, unpack

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
COMMIT_MARKER, ABORT_MARKER = b"\x00\x00\x00\x01", b"\x00\x00\x00\x00"
HEADER_BYTES = 61
CONTROL_BIT, TRANSACTION_BIT = 0x20, 0x10
BASE_OFFSET_BYTES, ATTRIBUTES_AT, CRC_AT = 8, 21, 17


def batch(
    base_offset: int,
    values: Sequence[bytes | None],
    *,
    codec: str = "none",
    deltas: Sequence[int] | None = None,
    producer: int = -1,
    transactional: bool = False,
) -> bytes:
    """A producer's batch as a broker stores it."""
    builder = DefaultRecordBatchBuilder(2, CODECS[codec], int(transactional), producer, 0, 0, 1 << 20)
    for delta, value in zip(deltas or range(len(values)), values, strict=True):
        assert builder.append(delta, 1_000 + base_offset + delta, b"key", value, [])
    return base_offset.to_bytes(BASE_OFFSET_BYTES, "big") + bytes(builder.build())[BASE_OFFSET_BYTES:]


def marker(offset: int, producer: int, key: bytes) -> bytes:
    """A control batch: the end of a transaction."""
    builder = DefaultRecordBatchBuilder(2, 0, 1, producer, 0, 0, 1 << 20)
    builder.append(0, 1_000 + offset, key, b"\x00" * 6, [])
    raw = bytearray(builder.build())
    raw[:BASE_OFFSET_BYTES] = offset.to_bytes(BASE_OFFSET_BYTES, "big")
    attributes = int.from_bytes(raw[ATTRIBUTES_AT : ATTRIBUTES_AT + 2], "big") | CONTROL_BIT | TRANSACTION_BIT
    raw[ATTRIBUTES_AT : ATTRIBUTES_AT + 2] = attributes.to_bytes(2, "big")
    return bytes(raw)


def fetch(
    batches: Iterable[bytes],
    *,
    from_offset: int = 0,
    aborted: Sequence[tuple[int, int]] = (),
    isolation: int = READ_COMMITTED,
    check_crcs: bool = False,
) -> PartitionRecords:
    """A fetch of these batches; `aborted` lists (producer, first offset)."""
    records = MemoryRecords(b"".join(batches))
    return PartitionRecords(
        TopicPartition("t", 0), records, list(aborted), from_offset, None, None, check_crcs, isolation
    )


def taken(fetched: PartitionRecords, **limits: int) -> FetchedBatch:
    batch = take_batch("t", 0, fetched, **limits)
    assert isinstance(batch, FetchedBatch)
    return batch


@pytest.mark.parametrize("codec", CODECS)
def test_take_reads_every_codec(codec: str) -> None:
    columns = taken(fetch([batch(5, [b"a", None, b"c" * 500], codec=codec)], from_offset=5, check_crcs=True)).columns
    assert columns.offsets == [5, 6, 7]
    assert columns.values == [b"a", None, b"c" * 500]
    assert columns.timestamps_ms == [1005, 1006, 1007]


def test_fetched_batch_comes_in_slices_however_small_the_producers_batches_are() -> None:
    size = SLICE_RECORDS + 40
    whole = taken(fetch([batch(start, [b"x"] * 7) for start in range(0, 7 * size, 7)]))
    with pytest.raises(RuntimeError, match="number of records"):
        len(whole)
    slices = list(whole.slices())
    assert {len(one.values) for one in slices[:-1]} == {SLICE_RECORDS}
    assert [offset for one in slices for offset in one.offsets] == list(range(7 * size))
    assert (len(whole), whole.next_offset) == (7 * size, 7 * size)


def test_fetched_batch_is_read_once_and_its_columns_stay() -> None:
    read = taken(fetch([batch(0, [b"a", b"b"])]))
    assert read.values == [b"a", b"b"]
    assert [list(one.values) for one in read.slices()] == [[b"a", b"b"]]
    sliced = taken(fetch([batch(0, [b"a"])]))
    assert len(list(sliced.slices())) == 1
    with pytest.raises(RuntimeError, match="read once"):
        _ = sliced.values


def test_fetched_batch_with_a_broken_record_says_where() -> None:
    broken = bytearray(batch(0, [b"abc", b"def"]))
    broken[-9] = 0x7F  # the second record's length
    with pytest.raises(BrokenBatch, match="t:0:"):
        _ = taken(fetch([bytes(broken)])).values


def test_take_finds_nothing_where_compaction_left_nothing() -> None:
    # offsets   0 . 2        both are gone from 1 on
    first = bytearray(batch(0, [b"a"]))
    first[23:27] = (2).to_bytes(4, "big")
    fetched = fetch([bytes(first)], from_offset=1)
    assert take_batch("t", 0, fetched) is None
    assert fetched.next_fetch_offset == 3


def test_take_begins_in_the_middle_of_a_batch() -> None:
    assert taken(fetch([batch(10, [b"a", b"b", b"c"])], from_offset=11)).offsets == [11, 12]


def test_take_keeps_gaps_of_compaction_and_moves_past_a_batch_whose_end_is_gone() -> None:
    # offsets   0 . . 3 . | 5        the first batch once went to 4
    first = bytearray(batch(0, [b"a", b"d"], deltas=[0, 3]))
    first[23:27] = (4).to_bytes(4, "big")
    fetched = fetch([bytes(first)])
    gappy = taken(fetched)
    assert (gappy.offsets, gappy.next_offset) == ([0, 3], 5)
    assert fetched.next_fetch_offset == 5


def test_take_stops_at_the_batch_that_reaches_a_limit_and_goes_on_there() -> None:
    fetched = fetch([batch(0, [b"x"] * 3), batch(3, [b"x"] * 3), batch(6, [b"x"] * 3)])
    assert taken(fetched, max_records=4).offsets == [0, 1, 2, 3, 4, 5]
    assert not exhausted(fetched)
    assert taken(fetched, max_records=4).offsets == [6, 7, 8]
    assert exhausted(fetched)


def test_take_bounds_what_decompression_makes_of_a_fetch() -> None:
    fetched = fetch([batch(0, [b"x" * 1000] * 2, codec="gzip"), batch(2, [b"x"])])
    assert taken(fetched, max_bytes=1500).offsets == [0, 1]


def bomb(codec: str, base_offset: int = 0, megabytes: int = 100) -> bytes:
    """A batch of a few kilobytes that unpacks to hundreds of megabytes, as a broker stores it."""
    payload = {"gzip": zlib_gzip, "snappy": snappy_encode, "lz4": lz4_encode, "zstd": zstd_encode}[codec](
        bytes(megabytes << 20)
    )
    header = bytearray(batch(base_offset, [b"x"] * 10, codec="gzip"))[:HEADER_BYTES]
    header[ATTRIBUTES_AT : ATTRIBUTES_AT + 2] = CODECS[codec].to_bytes(2, "big")
    length = HEADER_BYTES - BASE_OFFSET_BYTES - 4 + len(payload)
    header[BASE_OFFSET_BYTES : BASE_OFFSET_BYTES + 4] = length.to_bytes(4, "big")
    return bytes(header) + bytes(payload)


def zlib_gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return bytes(packer.compress(data) + packer.flush())


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_take_refuses_a_batch_that_unpacks_to_too_much(codec: str) -> None:
    fetched = fetch([batch(0, [b"a"] * 5), bomb(codec, 5), batch(15, [b"b"])])
    whole = taken(fetched)
    assert [*whole.offsets] == [0, 1, 2, 3, 4, 15]
    [refused] = whole.refused
    assert (refused.offset, refused.count, refused.value, refused.reason) == (5, 10, None, "too_large")
    assert refused.detail.startswith("a batch of 10 records to offset 14: ")
    assert (whole.first_offset, whole.next_offset) == (0, 16)


def test_take_of_a_refused_batch_alone_moves_past_it() -> None:
    fetched = fetch([bomb("zstd")])
    alone = take_batch("t", 0, fetched)
    assert alone is not None
    assert (len(alone), alone.first_offset, alone.next_offset, len(alone.refused)) == (0, 0, 10, 1)
    assert exhausted(fetched)


def test_take_refuses_a_batch_of_too_many_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.transport.fetched.MAX_BATCH_RECORDS", 5)
    whole = taken(fetch([batch(0, [b"a"] * 5), batch(5, [b"b"] * 6), batch(11, [b"c"])]))
    assert [*whole.offsets] == [0, 1, 2, 3, 4, 11]
    assert [(one.offset, one.count) for one in whole.refused] == [(5, 6)]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_take_refuses_a_batch_that_is_not_of_its_codec(codec: str) -> None:
    broken = bytearray(batch(0, [b"abc" * 100] * 3, codec=codec))
    broken[HEADER_BYTES:] = b"\x01" * (len(broken) - HEADER_BYTES)
    with pytest.raises(BrokenBatch, match=f"t:0:0: .*{codec}"):
        taken(fetch([bytes(broken)]))


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
@pytest.mark.parametrize("size", [0, 1, 70_000, 2_000_000])
def test_unpack_undoes_every_codec(codec: str, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    packers = {"gzip": gzip_encode, "snappy": snappy_encode, "lz4": lz4_encode, "zstd": zstd_encode}
    packed = packers[codec](data)
    assert unpack(codec, packed) == data
    if size:
        with pytest.raises(Oversized):
            unpack(codec, packed, size - 1)


def test_unpack_reads_bare_snappy_as_well() -> None:
    packed = snappy_encode(b"abc" * 1_000, xerial_compatible=False)
    assert unpack("snappy", packed) == b"abc" * 1_000


def test_take_drops_what_an_aborted_transaction_wrote() -> None:
    # 0 1 producer 7 | 2 producer 8 | 3 abort 7 | 4 commit 8 | 5 producer 7 again | 6 commit 7
    batches = [
        batch(0, [b"no", b"no"], producer=7, transactional=True),
        batch(2, [b"yes"], producer=8, transactional=True),
        marker(3, 7, ABORT_MARKER),
        marker(4, 8, COMMIT_MARKER),
        batch(5, [b"yes"], producer=7, transactional=True),
        marker(6, 7, COMMIT_MARKER),
    ]
    fetched = fetch(batches, aborted=[(7, 0)])
    assert taken(fetched).offsets == [2, 5]
    assert fetched.next_fetch_offset == 7
    assert taken(fetch(batches, aborted=[(7, 0)], isolation=READ_UNCOMMITTED)).offsets == [0, 1, 2, 5]


def test_take_refuses_a_batch_whose_checksum_is_wrong() -> None:
    broken = bytearray(batch(0, [b"abc"]))
    broken[CRC_AT] ^= 1
    with pytest.raises(BrokenBatch, match=r"t:0:0: .*invalid CRC"):
        taken(fetch([bytes(broken)], check_crcs=True))


@given(
    st.lists(st.tuples(st.lists(st.binary(max_size=9), min_size=1, max_size=5), st.sampled_from(["none", "gzip"]))),
    st.integers(0, 12),
    st.integers(1, 6),
)
def test_take_yields_what_aiokafka_yields(
    contents: list[tuple[list[bytes], str]], from_offset: int, max_records: int
) -> None:
    batches, next_offset = [], 0
    for values, codec in contents:
        # A broker sends no batch that ends before the offset that was asked for.
        if next_offset + len(values) > from_offset:
            batches.append(batch(next_offset, values, codec=codec))
        next_offset += len(values)
    expected = [(record.offset, record.value) for record in fetch(batches, from_offset=from_offset)]
    fetched = fetch(batches, from_offset=from_offset)
    got: list[tuple[int, bytes | None]] = []
    while not exhausted(fetched):
        for columns in taken(fetched, max_records=max_records).slices():
            got += zip(columns.offsets, columns.values, strict=True)
    assert got == expected
