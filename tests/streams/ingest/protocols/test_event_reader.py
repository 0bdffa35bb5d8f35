"""Server-sent events from bytes, as the standard has them."""

import time

import pytest

from streams.ingest.protocols.received import MESSAGE_BYTES
from streams.ingest.protocols.sse import EventReader, SentEvent

STREAM = (
    b"\xef\xbb\xbf: hello\nid: 1\nevent: note\ndata: one\ndata:  two\n\n"
    b"retry: 1500\r\ndata: three\r\n\r\n"
    b"id\ndata\n\n"
    b"event: none\nid: 7\n\n"
    b"data: \xe5\xa5\xbd\nid: 9\0\n\n"
    b"data: cut"
)
EVENTS = [
    SentEvent("note", "one\n two", "1"), SentEvent("message", "three", "1"), SentEvent("message", "", ""),
    SentEvent("message", "好", "7"),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_events_are_the_same_however_their_bytes_come(size: int) -> None:
    reader = EventReader()
    parts = (STREAM[at : at + size] for at in range(0, len(STREAM), size))
    assert [event for part in parts for event in reader.feed(part)] == EVENTS
    assert reader.retry_seconds == 1.5


@pytest.mark.parametrize("size", [1_000, 65_536, MESSAGE_BYTES])
@pytest.mark.parametrize(
    "large",
    [(b"data: " + b"x" * 99_000 + b"\n") * (MESSAGE_BYTES // 99_000 + 2), b"data: " + b"x" * MESSAGE_BYTES + b"\r\n"],
    ids=["many lines", "one line"],
)
def test_event_beyond_the_bound_is_told_without_its_data_and_the_next_is_read(large: bytes, size: int) -> None:
    stream = large + b"id: 7\n\ndata: next\nid: 8\n\n"
    reader = EventReader()
    parts = (stream[at : at + size] for at in range(0, len(stream), size))
    found = [event for part in parts for event in reader.feed(part)]
    assert found == [SentEvent("message", "", "7", too_large=True), SentEvent("message", "next", "8")]


def test_event_without_an_end_is_bounded() -> None:
    reader = EventReader()
    for _ in range(2 * MESSAGE_BYTES // 1_000_000):
        assert not list(reader.feed(b"x" * 1_000_000))
        assert len(reader._rest) <= MESSAGE_BYTES


def test_line_that_comes_by_a_few_bytes_costs_no_more_than_its_length() -> None:
    """A server that sends eight million bytes so would have a core for minutes."""
    reader = EventReader()
    began = time.process_time()
    for _ in range(40_000):
        assert list(reader.feed(b"x" * 100)) == []
    assert next(iter(reader.feed(b"\n\ndata: next\n\n"))).data == "next"
    assert time.process_time() - began < 3
