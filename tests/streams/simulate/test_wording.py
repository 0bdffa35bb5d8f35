import random
import re
from typing import get_args

import pytest

from streams.compliance.rulebook import Rulebook
from streams.events.schema import TextKind
from streams.simulate.scenario import Brand, Language
from streams.simulate.scenarios import BRANDS, FALSE_CLAIMS, VELVET
from streams.simulate.wording import Genre, near_copy, patterns, write_text

GENRES: tuple[Genre, ...] = get_args(Genre)
LANGUAGES: tuple[Language, ...] = get_args(Language)
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("genre", GENRES)
def test_patterns_every_one_can_be_filled(genre: Genre) -> None:
    rng = random.Random(1)
    for language in LANGUAGES:
        for category, texts in patterns(genre)[language].items():
            for _ in range(3 * len(texts)):
                text = write_text(rng, genre, category, language, BRANDS[0], "小鹿")
                assert text.strip()
                assert "{" not in text


@pytest.mark.parametrize("genre", GENRES)
def test_patterns_are_written_in_their_language_and_none_twice(genre: Genre) -> None:
    for language in LANGUAGES:
        texts = [text for category in patterns(genre)[language].values() for text in category]
        assert len(texts) == len(set(texts))
        if language == "en":
            assert not any(HAN.search(text) for text in texts)


def test_patterns_are_several_hundred() -> None:
    assert sum(len(texts) for v in GENRES for categories in patterns(v).values() for texts in categories.values()) > 400


def test_near_copy_keeps_the_text_and_varies_the_tail() -> None:
    rng = random.Random(2)
    copies = {near_copy(rng, "抵制") for _ in range(50)}
    assert len(copies) > 20
    assert all(copy.startswith("抵制") for copy in copies)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("genre", "category", "kind"), [("speech", "clean", "host_speech"), ("social", "official", "brand_post")]
)
def test_what_honest_sellers_say_breaks_no_rule(
    rulebook: Rulebook, genre: Genre, category: str, kind: TextKind, language: Language
) -> None:
    said = {every for brand in BRANDS for every in filled(genre, category, language, brand)}
    assert {text: found for text in said if (found := families(rulebook, text, kind))} == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("family", FALSE_CLAIMS)
def test_a_breach_breaks_the_rule_that_it_is_filed_under_and_no_other(
    rulebook: Rulebook, family: str, language: Language
) -> None:
    said = filled("breaches", family, language, VELVET)
    assert {text: found for text in said if (found := families(rulebook, text, "host_speech")) != {family}} == {}


def filled(genre: Genre, category: str, language: Language, brand: Brand) -> set[str]:
    """Every pattern of the category, in all likelihood more than once."""
    rng = random.Random(3)
    count = 8 * len(patterns(genre)[language][category])
    return {write_text(rng, genre, category, language, brand, "小鹿", plain=True) for _ in range(count)}


def families(rulebook: Rulebook, text: str, kind: TextKind) -> set[str]:
    return {finding.family for finding in rulebook.check(text, kind)}
