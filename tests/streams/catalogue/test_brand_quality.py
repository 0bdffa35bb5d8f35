"""How often the matcher is right, on labelled texts of which half are hard: names that are words, people, animals."""

from pathlib import Path

import pytest

from streams.catalogue.brand import Brand, Examples, read_brands
from streams.catalogue.matcher import BrandMatcher
from streams.catalogue.quality import LabelledText, examples, measure, read_labelled_texts
from streams.errors import UsageError

DATA = Path(__file__).parents[2] / "data" / "brands"


@pytest.fixture(scope="module")
def matcher() -> BrandMatcher:
    return BrandMatcher(read_brands(DATA / "brands.yaml"))


@pytest.mark.parametrize("part", ["texts.jsonl", "texts_kept_apart.jsonl"])
def test_labelled_texts_go_to_their_brands(matcher: BrandMatcher, part: str) -> None:
    texts = read_labelled_texts([DATA / part])
    quality = measure(matcher, texts)
    assert quality.texts >= 400
    assert sum(not labelled.brands for labelled in texts) > quality.texts / 3
    assert quality.precision is not None
    assert quality.precision >= 0.97
    assert quality.recall is not None
    assert quality.recall >= 0.95


@pytest.mark.parametrize(("part", "precision", "recall"), [("plain.jsonl", 0.99, 0.98), ("hard.jsonl", 0.90, 0.72)])
def test_catalogue_of_ten_minutes_finds_plain_texts_and_most_of_the_hard(
    part: str, precision: float, recall: float
) -> None:
    """Some of the hard ones need a word that the catalogue lacks."""
    folder = DATA / "ten_minutes"
    quality = measure(BrandMatcher(read_brands(folder / "brands.yaml")), read_labelled_texts([folder / part]))
    assert quality.precision is not None
    assert quality.precision >= precision
    assert quality.recall is not None
    assert quality.recall >= recall


@pytest.mark.parametrize(("part", "precision", "recall"), [("tuned.jsonl", 0.94, 0.95), ("apart.jsonl", 0.94, 0.84)])
def test_forty_brands_in_slips_other_scripts_and_bare_names(part: str, precision: float, recall: float) -> None:
    folder = DATA / "forty"
    quality = measure(BrandMatcher(read_brands(folder / "brands.yaml")), read_labelled_texts([folder / part]))
    assert quality.precision is not None
    assert quality.precision >= precision
    assert quality.recall is not None
    assert quality.recall >= recall


def test_quality_counts_pairs_and_names_what_is_wrong() -> None:
    matcher = BrandMatcher([Brand(id="nike", names=("Nike",)), Brand(id="puma", always=("Puma",))])
    texts = [LabelledText("Nike and Puma", ("nike",)), LabelledText("trefoil", ("adidas",)), LabelledText("none")]
    quality = measure(matcher, texts)
    assert (quality.meant, quality.found, quality.right) == (2, 2, 1)
    assert (quality.precision, quality.recall) == (0.5, 0.5)
    assert [(miss.brand, miss.found) for miss in quality.misses] == [("puma", True), ("adidas", False)]


def test_nothing_found_has_no_precision() -> None:
    quality = measure(BrandMatcher([]), [LabelledText("Nike", ())])
    assert (quality.precision, quality.recall) == (None, None)


def test_examples_of_the_catalogue_are_asked() -> None:
    told = Examples(about=("Nike socks", "三道杠"), not_about=("socks",))
    brand = Brand(id="nike", names=("Nike",), examples=told)
    asked, wrong = examples([brand], BrandMatcher([brand]))
    assert (asked, [miss.text for miss in wrong]) == (3, ["三道杠"])


def test_line_that_is_no_labelled_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text('{"text": "a", "brands": []}\n{"brands": []}\n')
    with pytest.raises(UsageError, match=r"labelled.jsonl:2: not a labelled text"):
        read_labelled_texts([path])
