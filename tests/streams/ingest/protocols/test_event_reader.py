"""Server-sent events from bytes, as the standard has them."""

import pytest

from streams.ingest.protocols.received import FeedUnavailable
from streams.ingest.protocols.sse import EventReader, SentEvent
from streams.ingest.protocols.web import MESSAGE_BYTES

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


def test_event_without_an_end_is_bounded() -> None:
    with pytest.raises(FeedUnavailable, match="more than"):
        list(EventReader().feed((b"data: " + b"x" * 100_000 + b"\n") * (MESSAGE_BYTES // 100_000 + 2)))
    with pytest.raises(FeedUnavailable, match="more than"):
        list(EventReader().feed(b"x" * (MESSAGE_BYTES + 1)))
