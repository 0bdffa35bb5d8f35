"""Records as feeds send them, good and bad."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.events.codec import (
    EARLIEST_MS,
    FAR_AHEAD_MS,
    MAX_AHEAD_MS,
    MAX_EVENT_BYTES,
    Decoded,
    Reason,
    Unreadable,
    decode,
    decode_one,
    decode_slices,
    placed,
)
from streams.events.schema import Actor, Event
from streams.transport.batch import SLICE_RECORDS, Batch

NOW_MS = 1_795_000_000_000
GOOD = Event(
    "e1", "douyin-live", "douyin", "comment", "b1", NOW_MS, NOW_MS + 20, Actor("p1"), "r1", text="好看", value=1
)
FIELDS: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(GOOD))
GOOD_BYTES = msgspec.json.encode(GOOD)


def batch(values: Sequence[bytes | None], timestamp_ms: int = NOW_MS) -> Batch:
    """At offsets 100, 101 …, all logged at the same time."""
    return Batch("t", 0, range(100, 100 + len(values)), [timestamp_ms] * len(values), values)


def with_fields(**changes: Any) -> bytes:
    return msgspec.json.encode(FIELDS | changes)


def without(name: str) -> bytes:
    return msgspec.json.encode({key: value for key, value in FIELDS.items() if key != name})


def appended(raw: bytes) -> bytes:
    return GOOD_BYTES[:-1] + raw + b"}"


BAD: list[tuple[str, bytes | None, Reason]] = [
    ("null", None, "empty"),
    ("no bytes", b"", "empty"),
    ("blank", b"  \n", "bad_json"),
    ("cut short", GOOD_BYTES[:50], "bad_json"),
    ("html", b"<html>502 Bad Gateway</html>", "bad_json"),
    ("NaN", appended(b',"amount":NaN'), "bad_json"),
    ("two documents", GOOD_BYTES + GOOD_BYTES, "bad_json"),
    ("lone surrogate", with_fields(event_id="X").replace(b'"X"', rb'"\ud800"'), "bad_json"),
    ("raw control character", with_fields(event_id="X").replace(b'"X"', b'"a\x00b"'), "bad_json"),
    ("byte order mark", b"\xef\xbb\xbf" + GOOD_BYTES, "bad_json"),
    ("latin-1 id", with_fields(event_id="X").replace(b'"X"', b'"caf\xe9"'), "bad_utf8"),
    ("binary", b"\xff\xfe\x00\x01", "bad_utf8"),
    ("ten megabytes", with_fields(text="🌶" * 2_500_000), "too_large"),
    ("a million levels", b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000, "too_large"),
    ("a hundred thousand levels", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too_deep"),
    ("two thousand levels", b'{"a":' * 2_000 + b"1" + b"}" * 2_000, "too_deep"),
    ("brackets in a string", b'{"a":"' + b"[" * 2_000 + b'\\"{"}', "missing_field"),
    ("a thousand lists beside each other", b'{"a":[' + b"[]," * 2_000 + b"1]}", "missing_field"),
    ("list levels", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too_deep"),
    ("no id", without("event_id"), "missing_field"),
    ("no time", without("event_time"), "missing_field"),
    ("no brand", without("brand_id"), "missing_field"),
    ("actor without id", with_fields(actor={"followers": 1}), "missing_field"),
    ("time in words", with_fields(event_time="yesterday"), "wrong_type"),
    ("time as a fraction", with_fields(event_time=1.5), "wrong_type"),
    ("time as a truth", with_fields(event_time=True), "wrong_type"),
    ("person as a list", with_fields(actor=["p"]), "wrong_type"),
    ("text as a number", with_fields(text=1), "wrong_type"),
    ("a list of events", b"[" + GOOD_BYTES + b"]", "wrong_type"),
    ("JSON null", b"null", "wrong_type"),
    ("a number", b"17", "wrong_type"),
    ("unknown kind", with_fields(kind="teleport"), "unknown_kind"),
    ("unknown platform", with_fields(platform="myspace"), "unknown_value"),
    ("unknown mode", with_fields(value_mode="guess"), "unknown_value"),
    ("negative value", with_fields(value=-5), "out_of_range"),
    ("value beyond 2^53", with_fields(value=2**60), "out_of_range"),
    ("infinite time", without("event_time")[:-1] + b',"event_time":1e999}', "out_of_range"),
    ("empty id", with_fields(event_id=""), "out_of_range"),
    ("endless id", with_fields(room_id="r" * 129), "out_of_range"),
    ("text too long", with_fields(text="长" * 20_001), "out_of_range"),
    ("1970", with_fields(event_time=1_000), "time_out_of_range"),
    ("seconds for milliseconds", with_fields(event_time=NOW_MS // 1000), "time_out_of_range"),
    ("before 1970", with_fields(event_time=-1), "time_out_of_range"),
    ("2100", with_fields(event_time=4_102_444_800_000), "time_out_of_range"),
    ("a time of 400 digits", without("event_time")[:-1] + b',"event_time":' + b"9" * 400 + b"}", "time_out_of_range"),
    ("more than a day ahead", with_fields(event_time=NOW_MS + MAX_AHEAD_MS + 1), "time_out_of_range"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "reason"), [pytest.param(value, reason, id=name) for name, value, reason in BAD])
def test_bad_record_has_its_reason_and_harms_no_other(value: bytes | None, reason: Reason) -> None:
    decoded = decode(batch([GOOD_BYTES, value, GOOD_BYTES]))
    assert decoded.events == [GOOD, GOOD]
    assert list(decoded.offsets) == [100, 102]
    assert decoded.values == [GOOD_BYTES, GOOD_BYTES]
    [unreadable] = decoded.unreadable
    assert (unreadable.offset, unreadable.value, unreadable.reason) == (101, value, reason)
    assert unreadable.detail
    assert len(unreadable.detail) <= 200


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("danmu", "Invalid enum value 'danmu' - at `$.kind`"),
        ("13812345678", "Invalid enum value '…' - at `$.kind`"),
        ("call me at 138' or so", "Invalid enum value '…' - at `$.kind`"),
        ("电话一三八", "Invalid enum value '…' - at `$.kind`"),
    ],
)
def test_detail_names_names_and_quotes_no_text(kind: str, detail: str) -> None:
    [unreadable] = decode(batch([with_fields(kind=kind)])).unreadable
    assert unreadable.detail == detail


GOOD_ODDITIES = {
    "unknown fields": appended(b',"new_field":{"a":[1,2,null]}'),
    "escaped NUL": with_fields(room_id="a\0b"),
    "markup in a name": with_fields(brand_id="<script>alert(1)</script>"),
    "earliest time": with_fields(event_time=EARLIEST_MS),
    "five minutes ahead": with_fields(event_time=NOW_MS + FAR_AHEAD_MS),
    "a time zone ahead": with_fields(event_time=NOW_MS + MAX_AHEAD_MS),
    "spaces and newlines": b" \n" + GOOD_BYTES.replace(b",", b",\n ") + b"\n",
    "longest text": with_fields(text="长" * 20_000),
}


@pytest.mark.parametrize("value", GOOD_ODDITIES.values(), ids=GOOD_ODDITIES)
def test_odd_but_good_record_is_an_event(value: bytes) -> None:
    decoded = decode(batch([value]))
    assert len(decoded.events) == 1
    assert decoded.unreadable == []


def test_record_ahead_of_the_log_names_its_feed_and_by_how_much() -> None:
    [unreadable] = decode(batch([with_fields(event_time=NOW_MS + MAX_AHEAD_MS + 3_600_000)])).unreadable
    assert (unreadable.reason, unreadable.detail) == (
        "time_out_of_range", f"{GOOD.source}: 27.0 hours ahead of the log"
    )  # fmt: skip


def test_events_far_ahead_are_placed_at_their_arrival() -> None:
    times_ms = [NOW_MS - 60_000, NOW_MS + FAR_AHEAD_MS, NOW_MS + FAR_AHEAD_MS + 1, NOW_MS + 8 * 3_600_000, 0]
    [read] = decode_slices(batch([with_fields(event_time=one) for one in times_ms]))
    assert list(read.ahead) == [2, 3]
    assert [event.event_time_ms for event in read.events] == times_ms[:4], "as they came, for those who measure clocks"
    expected = [NOW_MS - 60_000, NOW_MS + FAR_AHEAD_MS, NOW_MS, NOW_MS]
    assert [event.event_time_ms for event in placed(read).events] == expected


def test_log_without_timestamps_has_no_future() -> None:
    decoded = decode(batch([GOOD_BYTES, with_fields(event_time=4_102_444_800_000)], timestamp_ms=-1))
    assert decoded.events == [GOOD]
    assert [record.reason for record in decoded.unreadable] == ["time_out_of_range"]


def test_record_just_too_large_is_not_parsed() -> None:
    padded = GOOD_BYTES + b" " * (MAX_EVENT_BYTES - len(GOOD_BYTES))
    assert decode(batch([padded])).events == [GOOD]
    assert decode(batch([padded + b" "])).unreadable[0].reason == "too_large"


def test_empty_batch_is_nothing() -> None:
    assert decode(batch([])) == Decoded([], [], [], [], [])


@settings(deadline=None)
@given(st.lists(st.sampled_from([GOOD_BYTES, None, b"", b"{", BAD[-1][1]]), max_size=3 * SLICE_RECORDS))
def test_batch_decodes_as_its_records_do_one_by_one(values: list[bytes | None]) -> None:
    given_batch = batch(values)
    decoded = decode(given_batch)
    one_by_one = list(map(decode_one, values, given_batch.offsets, given_batch.timestamps_ms))
    assert decoded.events == [result for result in one_by_one if isinstance(result, Event)]
    assert decoded.unreadable == [result for result in one_by_one if isinstance(result, Unreadable)]
    fates = [*decoded.offsets, *(record.offset for record in decoded.unreadable)]
    assert sorted(fates) == list(given_batch.offsets)
    assert list(decoded.offsets) == sorted(decoded.offsets)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_have_a_fate(value: bytes) -> None:
    decoded = decode(batch([value]))
    assert len(decoded.events) + len(decoded.unreadable) == 1
