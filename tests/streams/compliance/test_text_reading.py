"""A text is read once for masking, rules and model; what is masked keeps its length."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import models.normalise
from models.normalise import NormalForm, model_text, normalise
from models.runtime import Scores
from streams.compliance import text_reading
from streams.compliance.rulebook import Rulebook
from streams.compliance.text_reading import TextReading, mask, masked_start
from streams.events.schema import TextKind
from streams.scoring.judge import JudgedText, judge


class FormModel:
    """A model that brings each text into its form, as the bundled one does."""

    def __init__(self) -> None:
        self.forms: list[str] = []

    def score(self, texts: Sequence[str]) -> list[Scores | None]:
        self.forms += [model_text(text) for text in texts]
        return [None] * len(texts)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the steps that read a whole text ran: the two ways to a normal form, and the search."""
    counted: Counter[str] = Counter()

    def count(owner: Any, function: str, name: str) -> None:
        original: Callable[..., Any] = getattr(owner, function)

        def counting(*given: Any) -> Any:
            counted[name] += 1
            return original(*given)

        monkeypatch.setattr(owner, function, counting)

    count(models.normalise, "_normalise", "normalised")
    count(models.normalise, "_normalise_ordinary", "normalised")
    count(text_reading, "normalise_mapped", "mapped")
    count(text_reading, "find_personal_data", "searched")
    return counted


@pytest.mark.parametrize("kind", ["comment", "host_speech"])
@pytest.mark.parametrize("text", ["颜色有红有绿", "ＡＡ今天發貨，颜色有红有绿", "it ships tomorrow"])
def test_text_is_normalised_and_searched_for_personal_data_once(
    rulebook: Rulebook, calls: Counter[str], text: str, kind: TextKind
) -> None:
    model = FormModel()
    judge([JudgedText(TextReading(text), kind)], rulebook, model)
    assert model.forms == [model_text(text)]
    calls["normalised"] -= 1  # by the line above
    assert calls == {"normalised": 1, "searched": 1}


def test_text_with_findings_is_mapped_to_its_original_once(rulebook: Rulebook, calls: Counter[str]) -> None:
    text = "加我微信abc12345，电话13800138000"
    (judgement,) = judge([JudgedText(TextReading(text), "comment")], rulebook, FormModel())
    assert judgement.text == "加我微信********，电话***********"
    assert len(judgement.findings) > 1
    assert (calls["mapped"], calls["searched"]) == (1, 1)


PIECES = [*"ＡA &<>;", "&amp;", "&lt;b&gt;", "＆amp;", "http://a.b ", "@a "]


@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES)).map("".join))
def test_model_reads_the_same_of_a_reading_as_of_its_text(text: str) -> None:
    assert model_text(TextReading(text).normal) == model_text(text)


def test_normal_form_is_not_normalised_again(calls: Counter[str]) -> None:
    normal = normalise("ＡＡ")
    assert isinstance(normal, NormalForm)
    assert normalise(normal) is normal
    assert calls == {"normalised": 1}


def test_undisguised_text_is_kept_for_one_restorer(rulebook: Rulebook) -> None:
    reading = TextReading("全网罪低价")
    first, again = (rulebook.explain(reading, "host_speech").undisguised for _ in range(2))
    assert first == again == "全网最低价"
    assert rulebook.explain(TextReading("没有"), "host_speech").undisguised is None


def test_mask_keeps_length_and_everything_else() -> None:
    assert mask("电话138 1234 5678，谢谢") == "电话*** **** ****，谢谢"
    assert mask("微\u200b信：abc_12345 好") == "微\u200b信：********* 好"
    assert mask("没有什么") == "没有什么"


def test_mask_reaches_the_end_of_a_long_text_and_over_its_seams() -> None:
    for start in (0, 3_790, 3_795, 3_995, 7_000, 19_000):
        text = "好" * start + "13812345678" + "好" * 50
        assert mask(text) == "好" * start + "*" * 11 + "好" * 50


@given(st.text(max_size=60) | st.lists(st.sampled_from([*"13812345678 -x@.a路号室", "138", "+86"])).map("".join))
def test_mask_keeps_length_and_leaves_nothing_to_find_twice(text: str) -> None:
    masked = mask(text)
    assert len(masked) == len(text)
    assert mask(masked) == masked or TextReading(masked).personal_data != TextReading(text).personal_data


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("138<b>0013</b>8000", "*" * 18),
        ("电话&#49;3800138000", "电话***************"),
        ('<a href="tel:13800138000">打我</a>', '<a href="tel:***********">打我</a>'),
        ("<p title='13800138000'>好</p>", "<p title='***********'>好</p>"),
        ("<!-- 13800138000 -->好", "<!-- *********** -->好"),
    ],
)
def test_mask_finds_what_html_breaks_up_or_hides(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_start_of_a_text_is_masked_before_it_is_cut() -> None:
    assert masked_start("call 13812345678 at noon", 10) == "call *****"
    assert masked_start("call me at noon", 10) == "call me at"
