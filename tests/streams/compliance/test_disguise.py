"""Disguises of words are undone, words that merely sound alike are left alone, and every character keeps its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.compliance.disguise import Restorer
from streams.compliance.loader import PACKS_FOLDER, read_disguises

TERMS = ("最好", "第一", "全网最低价", "国家级", "治疗", "微信", "免疫力", "永不反弹", "假库存")


@pytest.fixture(scope="module")
def restorer() -> Restorer:
    return Restorer(TERMS, {"guaranteed", "whatsapp"}, read_disguises(PACKS_FOLDER), spoken=True)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("zui好的", "最好的"),
        ("最 好", "最好"),
        ("最🔥好", "最好"),
        ("曰取好", "最好"),
        ("d一品牌", "第一品牌"),
        ("第1名", "第一名"),
        ("全网罪低价", "全网最低价"),
        ("全网最,低,价", "全网最低价"),
        ("quanwangzuidijia吧", "全网最低价吧"),
        ("国j级", "国家级"),
        ("薇❤", "微信"),
        ("v信", "微信"),
        ("免某疫力", "免疫力"),
        ("永不反tan", "永不反弹"),
        ("氵台疗", "治疗"),
        ("gu4ranteed!", "guaranteed!"),
        ("g u a r a n t e e d", "guaranteed"),
        ("it's w.h.a.t.s.a.p.p", "it's whatsapp"),
        ("whаtsapp", "whatsapp"),
    ],
)
def test_disguise_is_undone(restorer: Restorer, written: str, read: str) -> None:
    reading = restorer.read(written)
    assert reading is not None
    assert reading.text == read


@pytest.mark.parametrize(
    "text",
    [
        "最好",
        "资料在这",
        "弟弟一起来",
        "家库存",
        "国家,级别不同",
        "i am a b c fan",
        "3.5 stars",
        "全网,低价",
        "",
        "。",
    ],
)
def test_ordinary_text_is_left_alone(restorer: Restorer, text: str) -> None:
    assert restorer.read(text) is None


def test_reading_points_back_at_what_was_written(restorer: Restorer) -> None:
    written = "快来 zui 好 的 v信"
    reading = restorer.read(written)
    assert reading is not None
    start = reading.text.index("微信")
    assert written[slice(*reading.source_span(start, start + 2))] == "v信"
    start = reading.text.index("最好")
    assert written[slice(*reading.source_span(start, start + 2))] == "zui 好"


@given(
    st.lists(st.sampled_from([*"最好第一国家级微信免疫力 .，🔥❤", "zui", "某", "d", "guar4nteed"])).map("".join)
    | st.text()
)
def test_reading_keeps_its_places_in_order(restorer: Restorer, text: str) -> None:
    reading = restorer.read(text.lower())
    if reading is not None:
        spans = [reading.source_span(i, i + 1) for i in range(len(reading.text))]
        assert spans == sorted(spans)
        assert all(0 <= start < end <= len(text.lower()) for start, end in spans)
