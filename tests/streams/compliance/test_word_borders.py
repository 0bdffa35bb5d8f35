"""A claim that two neighbours only seem to make is none."""

import pytest

from streams.compliance.rulebook import Rulebook
from streams.compliance.word_borders import word_across


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("积极品味生活，从一杯手冲开始", "积极"),
        ("屋顶级联安装的光伏板示意图在主图第三张", "屋顶"),
        ("太极品牌创始人来了", "太极"),
        ("楼顶级配砂石一吨多少钱", "楼顶"),
        ("大家别消极品尝，慢慢喝", "消极"),
        ("南极品类这个月上新", "南极"),
        ("山顶级别的露营装备", "山顶"),
        ("塔顶尖端的避雷针", "塔顶"),
        ("头顶尖叫一片", "头顶"),
    ],
)
def test_term_across_a_border_of_words_is_no_claim(rulebook: Rulebook, text: str, word: str) -> None:
    assert rulebook.check(text, "brand_post") == []
    (considered,) = rulebook.explain(text, "brand_post").considered
    assert considered.excuse == f"words: inside {word}"


@pytest.mark.parametrize(
    "text",
    [
        "顶级和牛，极品口感",
        "本店极品茶叶",
        "我们家顶级面料",
        "国家机关特供白酒",
        "品质最最优",
        "天下第一锅",
        "中国家级品质好锅",
    ],
)
def test_term_beside_other_words_is_a_claim(rulebook: Rulebook, text: str) -> None:
    assert rulebook.check(text, "brand_post")


def test_word_across_looks_at_the_clause_alone() -> None:
    assert word_across("太，极品牌", 2, 4) is None
    assert word_across("极品", 0, 2) is None
    assert word_across("a极品", 1, 3) is None
    assert word_across("太极品牌", 1, 3) == "太极"
