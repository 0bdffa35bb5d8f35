"""The texts of a simulation: patterns with slots in wording/*.yaml, by genre, language and category, then varied."""

import random
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

from streams.simulate.scenario import Brand, Language, Product

Genre = Literal["chat", "social", "speech", "breaches", "crisis", "praise", "attack", "chorus"]

_SHOUTS = {"zh": ("！", "！！", "。", "…", ""), "en": ("!", "!!", ".", "...", "")}


@cache
def patterns(genre: Genre) -> dict[Language, dict[str, list[str]]]:
    """language → category (`greeting`, `sour`, a rule family, …) → patterns."""
    return _read(genre)


@cache
def _slots() -> dict[Language, dict[str, list[str]]]:
    return _read("slots")


def _read(name: str) -> dict[Language, dict[str, list[str]]]:
    source = files("streams.simulate").joinpath("wording", f"{name}.yaml")
    content: dict[Language, dict[str, list[str]]] = yaml.safe_load(source.read_text(encoding="utf-8"))
    return content


def write_text(
    rng: random.Random,
    genre: Genre,
    category: str,
    language: Language,
    brand: Brand,
    host: str = "",
    plain: bool = False,
) -> str:
    """One text; `plain` leaves out the emoji and slips of typed texts, as in captions."""
    pattern = rng.choice(patterns(genre)[language][category])
    text = pattern.format_map(_filling(rng, language, brand, rng.choice(brand.products), host))
    return text if plain else _as_typed(rng, text, language)


def _filling(rng: random.Random, language: Language, brand: Brand, product: Product, host: str) -> dict[str, str]:
    slots = _slots()[language]
    return {
        "brand": brand.zh if language == "zh" else brand.en,
        "product": product.zh if language == "zh" else product.en,
        "price": f"{product.price // 100}",
        "n": str(rng.randint(2, 30)),
        "city": rng.choice(slots["city"]),
        "size": rng.choice(slots["size"]),
        "colour": rng.choice(slots["colour"]),
        "host": host or rng.choice(slots["host"]),
    }


def _as_typed(rng: random.Random, text: str, language: Language) -> str:
    """With shouts, emoji, stretched last letters and lower case, as typed on a phone."""
    text += rng.choice(_slots()[language]["emoji"])
    if rng.random() < 0.12:
        text += rng.choice(_SHOUTS[language])
    if rng.random() < 0.04 and text[-1].isalpha():
        text += text[-1] * rng.randint(1, 4)
    if language == "en" and rng.random() < 0.3:
        text = text.lower()
    return text


def near_copy(rng: random.Random, text: str) -> str:
    """The text as a bought account posts it: the same but for a tail that differs."""
    return text + rng.choice(("", "!", "！", "!!", " 。", " .", " #曝光", " #scam")) + str(rng.randint(1, 99))
