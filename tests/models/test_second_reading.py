"""Second readings of texts that were written around a filter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.normalise import normalise
from models.runtime.classifier import BUNDLED
from models.runtime.tokeniser import words_of
from models.second_reading import Disguises, load_disguises


@pytest.fixture(scope="module")
def disguises() -> Disguises:
    return load_disguises(words_of(BUNDLED / "en"))


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("你怎么不去4", "你怎么不去死"),
        ("主播nc吧", "主播脑残吧"),
        ("全是la圾货", "全是垃圾货"),
        ("同城约p的私我", "同城约炮的私我"),
        ("裸.l一小时五十", "裸聊一小时五十"),
        ("bo彩网站送彩金", "博彩网站送彩金"),
        ("➕薇❤领资料", "加微信领资料"),
        ("女表子滚出去", "婊子滚出去"),
        ("想🔪了他", "想刀了他"),
        ("滚❗出❗去", "滚出去"),
        ("我要举báo你", "我要举报你"),
        ("电话 幺三八 零零一三 八零零零", "电话 138 0013 8000"),
        ("c n m 的主播", "操你妈 的主播"),
        ("nmsl", "你妈死了"),
        ("主播s13吧", "主播傻逼吧"),
    ],
)
def test_a_disguised_chinese_text_is_read_as_it_is_meant(disguises: Disguises, text: str, reading: str) -> None:
    assert disguises.undone(normalise(text)) == reading


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("what an 1d10t", "what an idiot"),
        ("go d1e you l0ser", "go die you loser"),
        ("onl1ne c@s1n0 here", "online casino here"),
        ("such a b!tch", "such a bitch"),
        ("f u c k off", "fuck off"),
        ("b.i.t.c.h please", "bitch please"),
        ("what the f*ck", "what the fuck"),
        ("just kys already", "just kill yourself already"),
        ("🅱️etting tips", "betting tips"),
        ("call four one five 5 five zero 1two", "call 41555012"),
        ("this cre@m cur3s c@ncer", "this cream cures cancer"),
        ("@ll natural, @$$ kicking", "all natural, ass kicking"),
    ],
)
def test_a_disguised_english_text_is_read_as_it_is_meant(disguises: Disguises, text: str, reading: str) -> None:
    assert disguises.undone(normalise(text)) == reading


@pytest.mark.parametrize(
    "text",
    [
        "这件M码还有吗",
        "我买了4件,8折",
        "iPhone15 Pro 256G 现货",
        "裙子好看👍👍",
        "今天😂😂太好笑了🎉",
        "第3天了 还没发货",
        "NT$2,147 已到店",
        "app更新到3.7g",
        "太好吃了,爱了爱了❤️",
        "see you at 8pm, bring 2 cups",
        "the ps5 and the mp3 player",
        "my order is QX7R2L, gate B22",
        "mail me at rosie.p@mailbin.co",
        "#covid19 cases (till 5 May)",
        "U.S. and U.K. e-mail co-op",
        "cut-off is 4 pm",
        "1st, 2nd, 3rd, 10x, 5k, 16gb",
        "great deal!!! love it 😍",
        "@shop can you help me?",
        "https://t.co/aU9sMUElQq",
    ],
)
def test_an_ordinary_text_has_one_reading(disguises: Disguises, text: str) -> None:
    assert disguises.undone(normalise(text)) is None


@given(st.text(max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    read = load_disguises(frozenset({"word"})).undone(normalise(text))
    assert read is None or read != normalise(text).lower()
