"""A body is bounded before it is unpacked or read."""

import gzip
import tracemalloc

import cramjam
import pytest

from streams.ingest.http.body import BODY_BYTES, MAX_EVENTS, Refused, split, unpack


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "identity"])
def test_body_is_unpacked(encoding: str) -> None:
    body = b'{"a": 1}' * 1000
    packed = {"gzip": gzip.compress(body), "zstd": bytes(cramjam.zstd.compress(body)), "identity": body}[encoding]
    assert unpack(packed, encoding) == body


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_bomb_is_refused_in_bounded_memory(encoding: str) -> None:
    bomb = b"0" * (8 * BODY_BYTES)
    packed = gzip.compress(bomb, 9) if encoding == "gzip" else bytes(cramjam.zstd.compress(bomb))
    del bomb
    tracemalloc.start()
    try:
        with pytest.raises(Refused) as refused:
            unpack(packed, encoding)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.value.status == 413
    assert peak_bytes < 3 * BODY_BYTES


@pytest.mark.parametrize(
    ("encoding", "body"), [("gzip", b"no"), ("zstd", b"no"), ("gzip", gzip.compress(b"x" * 99, mtime=0)[:20])]
)
def test_what_is_not_in_its_encoding_is_refused(encoding: str, body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        unpack(body, encoding)
    assert refused.value.status == 400


def test_one_object_an_array_and_lines_are_split() -> None:
    assert [bytes(raw) for raw in split(b' {"a":1} ', "application/json")] == [b'{"a":1}']
    assert [bytes(raw) for raw in split(b'[{"a":1}, {"b":2}]', "application/json")] == [b'{"a":1}', b'{"b":2}']
    assert split(b'\xef\xbb\xbf{"a":1}\r\n\n{broken\n', "application/x-ndjson") == [b'{"a":1}', b"{broken"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"[1,", "application/json", 400),
        (b"[" * 500_000 + b"]" * 500_000, "application/json", 400),
        (b"\n\n", "application/x-ndjson", 400),
        (b"{}", "text/plain", 415),
        (b"[" + b"0," * MAX_EVENTS + b"0]", "application/json", 413),
    ],
)
def test_body_without_readable_events_is_refused(body: bytes, kind: str, status: int) -> None:
    with pytest.raises(Refused) as refused:
        split(body, kind)
    assert refused.value.status == status
