"""The normal form: what is undone, what is left alone, and the way back to the original."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.normalise import MAX_TEXT_CHARS, has_han, lower, model_text, normalise, normalise_mapped

CHANGED_IN_WORDS = ["沈默", "毛坏", "么麼", "傢俱", "海哩", "瞭解", "藉口", "復甦", "名著", "看著", "乾坤", "皇后"]
SPICE = st.sampled_from(
    [
        "&#26368;",
        "&amp;lt;b&gt;",
        "<b>",
        "</b>",
        "<br>",
        "＆",
        "[/b]",
        "內",
        "(nèi)",
        "aб",
        "【nei4】",
        "（ta）",
        "他",
        "\u200b",
        "\u202e",
        "e\u0301",
        "ﬃ",
        "１３",
        "😂",
        "aaaaaa",
        "  ",
        "㎡",
    ]
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("１３８８８８８８８８８", "13888888888"),
        ("ka\u200bfei", "kafei"),
        ("\u202eabc", "abc"),
        ("加\u0336微\u0336信", "加微信"),
        ("1\ufe0f\u20e33\ufe0f\u20e3", "13"),
        ("這個東西", "这个东西"),
        ("看著她讀名著,衞生什麼的", "看着她读名著,卫生什么的"),
        ("內(nèi)容", "内容"),
        ("他（ta）說", "他说"),
        ("最【zui4】好", "最好"),
        ("加微信(weixin)吧", "加微信吧"),
        ("減肥（jiǎn féi）茶", "减肥茶"),
        ("Неllо ѕсаm", "Hello scam"),
        ("sooooooo good!!!!!!", "sooo good!!!"),
        ("好\t\n  好", "好 好"),
        ("x\ud800y", "xy"),
    ],
)
def test_normalise_undoes_evasive_spelling(written: str, expected: str) -> None:
    assert normalise(written) == expected


@pytest.mark.parametrize(
    "text",
    [
        "苹果(app)好",
        "13888888888",
        "一三八八八八八八零零零",
        "good 😂😂",
        "café",
        "it's 5 (five)",
        "第一(1)条",
        "привет мир",
        "α и β",
    ],
)
def test_normalise_leaves_ordinary_text_alone(text: str) -> None:
    assert normalise(text) == text


@pytest.mark.parametrize(
    "unit",
    [
        "&amp;", "內(nei)", "a\u0301", "[赞]", "@a.", "www.", "((", "aб", "好 ", "<b>", "<!--", "<a b='", "&#",
        "[/b]", "<a-",
    ],
)  # fmt: skip
def test_a_text_of_any_length_costs_no_more_than_a_capped_one(unit: str) -> None:
    began = time.process_time()
    model_text(unit * 1_000_000)
    assert time.process_time() - began < 0.5


def test_normalise_caps_before_anything_else() -> None:
    assert len(normalise("a1" * MAX_TEXT_CHARS)) == MAX_TEXT_CHARS


@given(st.text() | st.lists(SPICE | st.text(max_size=3)).map("".join))
def test_normalise_mapped_agrees_with_normalise_and_points_into_the_original(text: str) -> None:
    mapped = normalise_mapped(text)
    assert mapped.text == normalise(text)
    assert len(mapped.origins) == len(mapped.text)
    assert list(mapped.origins) == sorted(mapped.origins)
    assert all(0 <= start < end <= len(text) for start, end in mapped.origins)


def test_original_span_quotes_what_was_written() -> None:
    written = "快來 加\u200bＶ 內(nèi)容"
    mapped = normalise_mapped(written)
    start = mapped.text.index("加V")
    assert written[slice(*mapped.original_span(start, start + 2))] == "加\u200bＶ"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("全网&#26368;&#20302;&#20215;", "全网最低价"),
        ("全网&#x6700;&#X4F4E价", "全网最低价"),
        ("two&nbsp;weeks", "two weeks"),
        ("&amp;#26368;低", "最低"),
        ("&amp;lt;em&amp;gt;最&amp;lt;/em&amp;gt;低", "最低"),
        ("全网<em>最</em>低", "全网最低"),
        ("全网<span class='a b' style=\"x:y\" id=c>最</SPAN>低", "全网最低"),
        ("<a href='https://a.b/?c=1&amp;d=>2'>最</a>低", "最低"),
        ("最<!-- x -->低<wbr>价", "最低价"),
        ("<![CDATA[最低]]>价", "最低价"),
        ("最&#8203;低&zwj;价&shy;格", "最低价格"),
        ("最&#<b></b>8203;低", "最低"),
        ("＜b＞最＜/b＞低", "最低"),
        ("&#65313;&#x661F;", "A星"),
        ("<p>cures</p><p>all</p>", "cures all"),
        ("cures<br/>all", "cures all"),
        ("<o:p>最</o:p>低", "最低"),
        ("[b]最[/b]低", "最低"),
    ],
)
def test_normalise_reads_html_as_a_page_shows_it(written: str, expected: str) -> None:
    assert normalise(written) == expected


@pytest.mark.parametrize(
    "text",
    ["a < b > c", "I <3 you", "<user> said", "AT&T and R&D", "x &copy y", "a <b and c> d", "[b] side", "5<6", "&;"],
)
def test_normalise_leaves_signs_that_are_no_html(text: str) -> None:
    assert normalise(text) == text


def test_original_span_covers_an_entity_to_its_end() -> None:
    written = "这款全网&#26368;<b>&#20302;</b>&#20215;，闭眼入"
    mapped = normalise_mapped(written)
    start = mapped.text.index("最低")
    assert written[slice(*mapped.original_span(start, start + 3))] == "&#26368;<b>&#20302;</b>&#20215;"


def test_normalise_reads_a_text_to_its_end() -> None:
    assert normalise("好的，" * 6_000 + "全网最低").endswith("全网最低")


def test_model_text_masks_accounts_but_keeps_customer_care_and_addresses() -> None:
    text = model_text("@AmazonHelp where is it? @foo a@b.com https://t.co/abc &amp; 👍🏻ok")
    assert text == "@support where is it? @user a@b.com http & 👍 🏻 ok"


def test_model_text_leaves_one_of_a_row_of_emoticons() -> None:
    assert model_text("好[赞][赞] [赞][捂脸] [1][2]") == "好[赞][捂脸] [1][2]"


def test_has_han_decides_the_language() -> None:
    assert has_han("ok 好")
    assert not has_han("ok かな")


@given(
    st.lists(
        st.one_of(
            st.text(alphabet="最好的东西坏么这个aA1 !，！（）…～\u3000[]【】\n", max_size=6),
            st.sampled_from(CHANGED_IN_WORDS),
            SPICE,
        ),
        max_size=8,
    ).map("".join)
)
def test_ordinary_texts_have_the_form_that_all_steps_make(text: str) -> None:
    assert normalise(text) == normalise_mapped(text).text


def test_lower_keeps_the_length() -> None:
    assert lower("İAb") == "İab"
