"""What a text costs grows with its length alone, whatever it repeats: sixty of the longest are read in seconds."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.compliance.matcher import MAX_CONTEXT_CHARS, sentence_around
from streams.compliance.personal_data import find_personal_data
from streams.compliance.rulebook import Rulebook
from streams.compliance.text_reading import TextReading
from streams.events.schema import TextKind

LONGEST = 20_000
HOSTILE = {
    "one digit": "1 ", "four": "4 ", "joined": "1", "phones": "138 0013 800", "short runs": "1381234 ",
    "cards": "6222 ", "birthdays": "19900101", "card hint": "card 4 4 4 4 4 4 4 4 4 4 4 4 4 4 4 4 ",
    "order hint": "订单 1 3 8 0 0 1 3 8 0 0 0 ", "arabic": "١ ", "han digits": "一二三", "letters": "a ", "letter": "a",
    "brackets": "[(<", "at": "a@", "wechat": "加微信", "wechat name": "wx ab12345",
    "claims": "最好全网第一",
    "percent": "100%",    "english claims": "best ever ", "stops": ". ", "streets": "12 main st ", "plates": "京a12345",
    "zwj": "最\u200d", "emoji": "😀",
}  # fmt: skip


def longest(unit: str) -> str:
    return (unit * (LONGEST // len(unit) + 1))[:LONGEST]


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    """It has read a text whose language must be found: the detector is unpacked with the first one, once."""
    rules = Rulebook.load()
    rules.check(TextReading(longest(HOSTILE["card hint"])), "host_speech")
    return rules


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["comment", "host_speech"])
def test_hostile_text_is_read_within_a_second(rulebook: Rulebook, name: str, kind: TextKind) -> None:
    reading = TextReading(longest(HOSTILE[name]))
    began = time.process_time()
    assert reading.masked
    rulebook.check(reading, kind)
    assert time.process_time() - began < 1.0


@given(st.text(alphabet="ab。!.? \n", max_size=400), st.integers(0, 400), st.integers(1, 20))
def test_sentence_around_is_what_a_walk_finds(text: str, start: int, length: int) -> None:
    end = min(len(text), start + length)
    if start >= end:
        return
    assert sentence_around(text, start, end) == walked(text, start, end)


def walked(text: str, start: int, end: int) -> tuple[int, int]:
    """Character by character."""

    def ends(at: int) -> bool:
        return text[at] in "。!?;\n" or (text[at] == "." and text[at + 1 : at + 2] in (" ", ""))

    while_first, while_last = start, end
    while while_first > max(0, start - MAX_CONTEXT_CHARS) and not ends(while_first - 1):
        while_first -= 1
    while while_last < min(len(text), end + MAX_CONTEXT_CHARS) and not ends(while_last - 1):
        while_last += 1
    return while_first, while_last


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("银行卡号 4 5 3 9 1 4 8 8 0 3 4 3 6 4 6 7", "bank_card"),
        ("order card number 4539148803436467", None),
        ("card 4539 1488 0343 6467", "bank_card"),
        ("我的号 1 3 8 0 0 1 3 8 0 0 0", "phone"),
        ("订单 13800138000", None),
        ("订单电话13800138000", "phone"),
        ("+86 138 0013 8000", "phone"),
        ("1 1 1 1 1 1 1 1 1 1 1 1 3 8 0 0 1 3 8 0 0 0", "phone"),
    ],
)
def test_numbers_among_many_digits_are_found_by_what_is_around(text: str, found: str | None) -> None:
    assert [datum.kind for datum in find_personal_data(text)] == ([] if found is None else [found])
