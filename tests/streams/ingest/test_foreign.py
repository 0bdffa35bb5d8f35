"""Values as foreign feeds write them."""

from typing import Any

import msgspec
import pytest

from streams.ingest.foreign import Fields, ForeignError, epoch_ms, identifier_of, read_json, time_ms_of
from streams.ingest.wire import Wire, from_base64

AT_MS = 1_790_000_000_000


@pytest.mark.parametrize("given", [7, "7", " 7 ", 7.0, "7.0", "+7"])
def test_number_is_read_however_it_is_written(given: Any) -> None:
    assert Fields({"count": given}).number("count") == 7


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (-1, "out_of_range"),
        ("-1", "out_of_range"),
        (1e30, "out_of_range"),
        ("9" * 30, "out_of_range"),
        (1.5, "wrong_type"),
        (float("nan"), "wrong_type"),
        (float("inf"), "wrong_type"),
        ("1.2万", "wrong_type"),
        ([], "wrong_type"),
        ({}, "wrong_type"),
        ("９", "wrong_type"),
    ],
)
def test_number_that_is_none_is_refused_with_a_reason(given: Any, reason: str) -> None:
    with pytest.raises(ForeignError, match="count") as raised:
        Fields({"count": given}).number("count")
    assert raised.value.reason == reason
    assert isinstance(raised.value, msgspec.DecodeError)
    assert Fields({"count": given}).number_or_none("count") is None


@pytest.mark.parametrize("name", ["msg_id", "msgId", "MsgID", "MSGID"])
def test_field_is_found_by_any_spelling(name: str) -> None:
    assert Fields({name: "5"}).identifier("msg_id") == "5"


def test_field_that_is_null_is_missing_and_the_next_name_is_tried() -> None:
    fields = Fields({"msg_id": None, "id": 5})
    assert fields.identifier("msg_id", "id") == "5"
    assert (fields.number("count", default=3), fields.text("text"), fields.flag("end")) == (3, "", False)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("7412345678901234567", "7412345678901234567"),
        (2**63 - 1, "9223372036854775807"),
        (0, ""),
        ("0", ""),
        (None, ""),
        ([], ""),
        (5.0, "5"),
    ],
)
def test_identifier_keeps_all_64_bits_and_knows_none(given: Any, name: str) -> None:
    assert identifier_of(given) == name


def test_identifier_that_is_long_is_as_stable_and_short() -> None:
    long = identifier_of("a" * 5_000)
    assert len(long) == 32
    assert long == identifier_of("a" * 5_000) != identifier_of("a" * 4_999)


@pytest.mark.parametrize("time", [AT_MS // 1000, AT_MS, AT_MS * 1000, AT_MS * 1_000_000])
def test_time_is_told_by_its_size(time: int) -> None:
    assert epoch_ms(time) == time_ms_of(time) == time_ms_of(str(time)) == AT_MS


@pytest.mark.parametrize(
    "given", [0, "0", "", None, -5, "soon", "2026-09-21 22:13:20", [], 10**30, "0001-01-01T00:00:00+14:00"]
)
def test_time_that_is_none_is_zero(given: Any) -> None:
    assert time_ms_of(given) == 0


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ("1.2万", 12_000),
        ("10万+", 100_000),
        ("12.3K", 12_300),
        ("3亿", 300_000_000),
        ("1千+", 1_000),
        ("2.5千万", 25_000_000),
        ("1,234", 1_234),
        ("88", 88),
        (88, 88),
    ],
)
def test_number_that_is_shown_to_people_is_read_as_rounded(given: Any, number: int) -> None:
    assert Fields({"shown": given}).shown_number("shown") == number


@pytest.mark.parametrize("given", ["many", "", None, "-5", "1.2.3万", "9" * 40 + "亿", [], "１万"])
def test_number_that_is_not_shown_is_none(given: Any) -> None:
    assert Fields({"shown": given}).shown_number("shown") is None


def test_time_may_be_written_with_its_offset() -> None:
    assert time_ms_of("2026-09-21T22:13:20+08:00") == 1_790_000_000_000


@pytest.mark.parametrize("given", [None, [], "", "{", "words", 5])
def test_part_that_is_no_object_is_empty(given: Any) -> None:
    assert not Fields({"data": given}).part("data")


def test_part_may_be_json_in_a_string() -> None:
    assert Fields({"extra": '{"id_str":"a1"}'}).part("extra").identifier("id_str") == "a1"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\xef\xbb\xbf" + b'{"text":"a"}', "a"),
        (b'{"text":"cut \\ud83d"}', "cut \ufffd"),
        (b'{"text":"cut \xf0\x9f"}', "cut \ufffd"),
        (b'{"text":"a","more":NaN}', "a"),
    ],
)
def test_json_that_was_cut_or_marked_is_read(raw: bytes, text: str) -> None:
    assert read_json(raw)["text"] == text


@pytest.mark.parametrize(
    ("raw", "reason"),
    [(b"", "not_json"), (b"{", "not_json"), (b"[" * 100_000 + b"]" * 100_000, "too_deep"), (b"\x00", "not_json")],
)
def test_json_that_is_none_is_refused_with_a_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(ForeignError) as raised:
        read_json(raw)
    assert raised.value.reason == reason


def test_wire_has_numbers_texts_and_messages_by_field() -> None:
    #  1: 150 · 2: "ab" · 3: {1: 7} · 3: {1: 8} · 4: eight bytes that are skipped
    whole = Wire(b"\x08\x96\x01\x12\x02ab\x1a\x02\x08\x07\x1a\x02\x08\x08\x21" + bytes(8))
    assert (whole.number(1), whole.text(2), [part.number(1) for part in whole.parts(3)]) == (150, "ab", [7, 8])
    assert (whole.number(9), whole.text(9), whole.part(9).number(1)) == (0, "", 0)


@pytest.mark.parametrize("text", ["?", "CA==", "EgVhYg==", "/////////////w==", "Cw=="])
def test_wire_that_is_cut_or_none_is_refused(text: str) -> None:
    with pytest.raises(ForeignError):
        from_base64(text)


@pytest.mark.parametrize("given", [AT_MS + 0.25, f"{AT_MS}.5", AT_MS * 1000 + 0.5, AT_MS / 1000 + 0.0001])
def test_time_may_have_a_fraction_in_any_unit(given: Any) -> None:
    assert time_ms_of(given) == AT_MS


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("2026-09-21T24:00:00Z", "2026-09-22T00:00:00Z"),
        ("2026-09-21T24:00Z", "2026-09-22T00:00:00Z"),
        ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z"),
        ("2026-12-31T23:59:60.5+00:00", "2027-01-01T00:00:00.5Z"),
    ],
)
def test_time_at_the_end_of_a_day_is_the_next_ones_beginning(written: str, same: str) -> None:
    assert time_ms_of(written) == time_ms_of(same) > 0


@pytest.mark.parametrize("given", [1, 86_400, "1970-01-02T00:00:00Z", 200_000_000_000])
def test_nothing_was_sent_before_platforms_were(given: Any) -> None:
    assert Fields({"at": given}).time_ms("at") == 0
    assert Fields({"at": given, "ts": AT_MS}).time_ms("at", "ts") == AT_MS


@pytest.mark.parametrize("given", [True, False])
def test_truth_is_no_number_and_no_id(given: bool) -> None:
    fields = Fields({"n": given})
    assert (fields.identifier("n"), fields.number_or_none("n")) == ("", None)
    with pytest.raises(ForeignError):
        fields.number("n")
