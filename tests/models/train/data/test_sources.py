"""What of a labelled row is learnt, and what never is."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from models.train.data.sources import (
    HEAVY_TIMES,
    SOURCES,
    Example,
    held_out,
    load_training,
    load_validation,
    sample_evenly,
    to_example,
)
from models.train.data.weak_negatives import WEAK_WEIGHT, add_weak_negatives


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    shown = {"source": "cold_zh", "abuse": 1}
    numbered = [{"text": f"第{n}句话", **shown} for n in range(100)]
    traditional_copy_of_validation = {"text": "這句話說過了", **shown}
    english = {"text": "fine", "source": "semeval2017_task4a_en", "sentiment": "neutral"}
    restricted = {"text": "真好", "source": "smp2020_usual_zh", "sentiment": "positive"}
    write(tmp_path / "train.jsonl.gz", [*numbered, numbered[0], traditional_copy_of_validation, english, restricted])
    write(tmp_path / "val.jsonl.gz", [{"text": "这句话说过了", **shown}])
    write(
        tmp_path / "morph_pairs_zh.jsonl.gz",
        [{"text": "增强棉衣力", "has_morph": True}, {"text": "好", "has_morph": False}],
    )
    return tmp_path


def test_training_holds_no_validation_text_no_copy_and_no_held_out_text(data: Path) -> None:
    training, kept_out = load_training(data, "zh", seed=1, licences="all")
    texts = [example.text for example in training]
    assert len(texts) == len(set(texts))
    assert "这句话说过了" not in texts
    assert kept_out
    assert all(held_out(example.text) for example in kept_out)
    assert not {example.text for example in kept_out} & set(texts)
    assert [example.text for example in load_validation(data, "zh", "all")] == ["这句话说过了"]


def test_permissive_training_leaves_other_sources_out(data: Path) -> None:
    training, _ = load_training(data, "zh", seed=1, licences="permissive")
    assert {example.source for example in training} == {"cold_zh"}
    write(data / "val.jsonl.gz", [{"text": "真坏", "source": "smp2020_usual_zh", "sentiment": "negative"}])
    assert load_validation(data, "zh", "permissive") == []


def test_the_same_seed_gives_the_same_texts(data: Path) -> None:
    assert load_training(data, "zh", 3, "all") == load_training(data, "zh", 3, "all")


def test_a_label_that_a_source_does_not_give_is_unknown() -> None:
    example = to_example({"text": "退款", "complaint": 1, "complaint_silver": True}, SOURCES["waimai_10k_zh"])
    assert example is not None
    assert example.sentiment is None
    assert example.risks == {"complaint": (1.0, 0.5)}


def test_a_name_alone_is_no_disclosure() -> None:
    source = SOURCES["presidio_pii_en"]
    assert to_example({"text": "Ann sang well", "privacy": 1}, source) is None
    assert to_example({"text": "Ann's number is 415-555-0123", "privacy": 1}, source) is not None


def test_weak_negatives_spare_known_labels_and_texts_that_speak_for_the_risk() -> None:
    examples = [
        Example("今天真好", "smp2020_usual_zh", sentiment=2, risks={"abuse": (1.0, 1.0)}),
        Example("楼下着火了", "smp2020_usual_zh", sentiment=0),
        Example("抢险人员正在受阻的铁路沿线施工", "nlpcc2013_weibo_zh", sentiment=1),
    ]
    add_weak_negatives(examples)
    assert examples[0].risks["abuse"] == (1.0, 1.0)
    assert examples[0].risks["crisis"] == (0.0, WEAK_WEIGHT)
    assert "crisis" not in examples[1].risks
    assert "complaint" not in examples[1].risks
    assert "crisis" not in examples[2].risks


def test_a_sample_takes_small_sources_whole_and_of_heavy_ones_more() -> None:
    sizes = {"small": 10, "large": 1_000, "heavy": 1_000}
    examples = [Example(f"{n:04d}", name, passes=3) for name, size in sizes.items() for n in range(size)]
    chosen = sample_evenly(examples, 160, {"heavy"}, seed=1)
    counts = Counter(example.source for example in chosen)
    assert counts == {"small": 10, "large": 30, "heavy": 30 * HEAVY_TIMES}
    assert chosen == sample_evenly(examples, 160, {"heavy"}, seed=1)
    assert len(sample_evenly(examples, 10_000, {"heavy"}, seed=1)) == len(examples)
    assert {example.passes for example in chosen} == {1}


def test_a_sample_takes_fewer_of_long_texts() -> None:
    examples = [Example(f"{n:04d}" * times, source) for source, times in (("x", 1), ("y", 4)) for n in range(1_000)]
    counts = Counter(example.source for example in sample_evenly(examples, 100, set(), seed=1))
    assert counts == {"x": 80, "y": 20}
