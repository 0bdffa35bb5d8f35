"""Files taken apart: encodings, delimiters, rows of several lines, and bad lines that spoil themselves alone."""

import json
from typing import Any

import pytest

from streams.ingest.protocols.file_records import MAX_RECORD_BYTES, CsvRows, JsonLines, Record, Utf16, encoding_of


def rows(data: bytes, encoding: str | None = None, delimiter: str | None = None) -> list[Any]:
    """Each row as it is read; a bad one as (what is wrong, its line)."""
    framing = CsvRows(data, encoding or encoding_of(data), delimiter)
    return [
        (record.fault, record.message.decode()) if record.fault else json.loads(record.message)
        for record in framing.records(data, at_end=True)
        if record.message
    ]


def test_row_is_an_object_by_the_header() -> None:
    assert rows(b"id,text\n1,a\n2,b\n") == [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encoding_is_found(encoding: str) -> None:
    text = "编号,内容\n1,新款手机发热😀\n"
    assert rows(text.encode(encoding)) == [{"编号": "1", "内容": "新款手机发热😀"}]


def test_encoding_of_a_text_that_is_cut_in_a_character_is_found() -> None:
    data = "发热".encode()
    assert [encoding_of(data[:size]) for size in range(len(data) + 1)] == ["utf-8"] * 7
    assert encoding_of("新款手机".encode("gb18030")) == "gb18030"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found_in_the_header(delimiter: str) -> None:
    data = delimiter.join(["id", "text", "by"]) + "\n" + delimiter.join(["1", '"a, b; c"', "x"]) + "\n"
    assert rows(data.encode()) == [{"id": "1", "text": "a, b; c", "by": "x"}]


def test_excels_first_line_names_the_delimiter() -> None:
    assert rows("\ufeffsep=;\r\nid;text\r\n1;a,b\r\n".encode()) == [{"id": "1", "text": "a,b"}]


def test_quoted_field_may_have_line_ends_and_quotes() -> None:
    assert rows(b'id,text\r\n1,"two\r\nlines, and a ""word"""\r\n2,b\r\n') == [
        {"id": "1", "text": 'two\r\nlines, and a "word"'},
        {"id": "2", "text": "b"},
    ]


def test_quote_inside_a_field_is_a_sign_like_others() -> None:
    assert rows(b'id,text\n1,5" screen\n2,b\n') == [{"id": "1", "text": '5" screen'}, {"id": "2", "text": "b"}]


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (b'2,"never closed', "quote"),
        (b"2", "1 fields, the header has 2"),
        (b"2,b,c", "3 fields, the header has 2"),
        (b'2,"b" x', "no row"),
        (b'"2,b', "quote"),
    ],
)
def test_bad_line_spoils_itself_alone(bad: bytes, fault: str) -> None:
    found = rows(b"id,text\n1,a\n" + bad + b'\n3,"c"\n4,"d, e"\n5,f\n')
    assert [one for one in found if isinstance(one, dict)] == [
        {"id": "1", "text": "a"}, {"id": "3", "text": "c"}, {"id": "4", "text": "d, e"}, {"id": "5", "text": "f"},
    ]  # fmt: skip
    ((told, line),) = (one for one in found if isinstance(one, tuple))
    assert line == bad.decode()
    assert fault in told or "no row" in told


def test_delimiter_at_the_end_of_each_line_is_no_field() -> None:
    assert rows(b"id,text\n1,a,\n") == [{"id": "1", "text": "a"}]


def test_header_that_is_written_again_is_no_row() -> None:
    assert rows(b"id,text\n1,a\n\xef\xbb\xbfid,text\n2,b\n") == [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]


def test_columns_without_a_name_or_with_a_taken_one_keep_their_values() -> None:
    assert rows(b"id,,id\n1,a,b\n") == [{"id": "1", "column_2": "a", "id_3": "b"}]


def test_half_written_row_waits_for_its_rest() -> None:
    whole = b'id,text\n1,a\n2,"two\nlines"\n3,c\n'
    for size in range(len(whole) + 1):
        framing = CsvRows(whole, "utf-8")
        taken, found = 0, []
        for end in (size, len(whole)):
            for record in framing.records(whole[taken:end], at_end=False):
                taken += record.size
                found += [json.loads(record.message)["id"]] if record.message else []
        assert found == ["1", "2", "3"], size
        assert taken == len(whole)


def test_json_lines_count_blank_ones_and_lose_a_byte_order_mark() -> None:
    data = b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"a": 2}\n{"a": 3'
    found = [(record.message, record.size) for record in JsonLines().records(data, at_end=False)]
    assert found == [(b'{"a": 1}', 13), (b"", 2), (b'{"a": 2}', 9)]


def test_json_lines_of_another_encoding_become_utf_8() -> None:
    data = '{"text": "发热"}\n'.encode("gb18030")
    (record,) = JsonLines("gb18030").records(data, at_end=False)
    assert json.loads(record.message) == {"text": "发热"}


def test_line_that_is_too_large_is_told_and_the_next_is_read() -> None:
    data = b'{"a": "' + b"x" * MAX_RECORD_BYTES + b'"}\n{"a": 2}\n'
    large, small = JsonLines().records(data, at_end=False)
    assert (large.too_large, large.message, small.message) == (True, b"", b'{"a": 2}')


def test_damaged_line_makes_no_other_encoding_of_the_rest() -> None:
    data = "id,text\n1,好看\n2,a".encode() + b"\xff" + "\n3,质量差\n".encode()
    assert [row["text"] for row in rows(data)] == ["好看", "a\ufffd", "质量差"]
    lines = JsonLines(encoding_of(data))
    assert [one.message.decode() for one in lines.records(data, at_end=True)][3] == "3,质量差"


def test_encoding_of_a_file_that_begins_with_ascii_is_found_line_by_line() -> None:
    data = b"id,text\n1,abc\n" + "2,好看\n".encode("gbk") + "3,caf\xe9\n".encode("latin-1") + "4,质量差\n".encode()
    assert [row["text"] for row in rows(data, "utf-8")] == ["abc", "好看", "caf\ufffd", "质量差"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_known_with_and_without_its_mark(encoding: str) -> None:
    assert encoding_of("id,text\n1,好看\n".encode(encoding)) == "utf-16"
    assert encoding_of(b"id,text\n1,a\x00b\n") == "utf-8"


def test_blank_lines_before_the_header_are_none() -> None:
    assert rows(b"\n\nid,text\n1,a\n") == [{"id": "1", "text": "a"}]


ORDERS = ["utf-16-le", "utf-16-be"]


def in_pieces(framing: Utf16, data: bytes, cut: int) -> list[Record]:
    """The records of a file that comes in two pieces, each read from where the last record ended."""
    found = list(framing.records(data[:cut], at_end=False))
    taken = sum(record.size for record in found)
    found += framing.records(data[taken:], at_end=True)
    assert sum(record.size for record in found) == len(data)
    return found


@pytest.mark.parametrize("order", ORDERS)
def test_utf_16_is_read_wherever_it_is_cut(order: str) -> None:
    data = '\ufeff{"id": 1, "text": "好看😀"}\r\n{"id": 2, "text": "ਊ\u0a00"}\n{"id": 3}'.encode(order)
    for cut in range(len(data) + 1):
        found = in_pieces(Utf16(JsonLines(), order), data, cut)
        assert [json.loads(record.message) for record in found] == [
            {"id": 1, "text": "好看😀"}, {"id": 2, "text": "ਊ\u0a00"}, {"id": 3},
        ]  # fmt: skip


@pytest.mark.parametrize("order", ORDERS)
def test_rows_of_utf_16_cost_themselves_alone(order: str) -> None:
    data = '\ufeffid\ttext\r\n1\t"two\r\nlines 好"\r\n2\ta\tb\r\n3\tc\r\n'.encode(order)
    header = "\ufeffid\ttext\r\n".encode()
    for cut in range(0, len(data) + 1, 3):
        found = [record for record in in_pieces(Utf16(CsvRows(header, "utf-8"), order), data, cut) if record.message]
        assert [record.fault for record in found] == ["", "3 fields, the header has 2", ""]
        assert json.loads(found[0].message) == {"id": "1", "text": "two\r\nlines 好"}


@pytest.mark.parametrize("order", ORDERS)
def test_half_a_pair_and_half_a_character_of_utf_16_spoil_no_other_line(order: str) -> None:
    data = '{"id": 1, "text": "\ud83d"}\n{"id": 2}\n'.encode(order, errors="surrogatepass") + b"\x41"
    found = in_pieces(Utf16(JsonLines(), order), data, len(data))
    assert [json.loads(record.message)["id"] for record in found if record.message] == [1, 2]


@pytest.mark.parametrize("order", ORDERS)
def test_line_end_of_utf_16_is_no_half_of_two_characters(order: str) -> None:
    text = "\u0a00\u000a" if order == "utf-16-le" else "\u0100\u0a00\u000a"
    data = ("\u000b\u0a0a\u0a00" + text + "x").encode(order)
    assert Utf16(JsonLines(), order).line_end(data) == len(data) - 2
