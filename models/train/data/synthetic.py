"""Seeded texts from our own templates, for risks that no public set labels in a language.

Every family has hard negatives: sentences with the same words and another meaning (加微波炉, "call me maybe", a fire
sale). Templates are data in ``templates/*.yaml``: ``slots`` name alternatives, ``{slot}`` takes one of them, and a
slot's own alternatives may contain slots. A text is labelled for the risks its family is about and for those that the
family says are absent; so that the model learns to tell risks apart, most are named.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from models.normalise import model_text
from models.train.data.sources import Example

TRAINING_TEXTS = 300  # a family and side
TEMPLATES = Path(__file__).with_name("templates")
_SLOT = re.compile(r"\{(\w+)\}")


def synthesise(language: str, seed: int, per_family: int) -> list[Example]:
    """Up to ``per_family`` different texts of each side of each family of one language, the same for the same seed."""
    document = yaml.safe_load((TEMPLATES / f"{language}.yaml").read_text(encoding="utf-8"))
    draw = random.Random(f"{language}:{seed}")
    texts: dict[str, Example] = {}
    for family in document["families"]:
        for side, target in (("positive", 1.0), ("negative", 0.0)):
            targets = dict.fromkeys(family.get(f"absent_in_{side}", ()), (0.0, 1.0))
            targets |= dict.fromkeys(family["labels"], (target, 1.0))
            for text in _expand(family.get(side, ()), document["slots"], draw, per_family):
                texts.setdefault(text, Example(text, f"templates_{language}", risks=dict(targets)))
    return list(texts.values())


def _expand(templates: Sequence[str], slots: Mapping[str, Sequence[Any]], draw: random.Random, count: int) -> list[str]:
    """Different filled templates, each template used about equally often; fewer where they run out."""
    if not templates:
        return []
    found: dict[str, None] = {}
    for attempt in range(count * 3):
        found.setdefault(model_text(_fill(templates[attempt % len(templates)], slots, draw)))
        if len(found) >= count:
            break
    return list(found)


def _fill(template: str, slots: Mapping[str, Sequence[Any]], draw: random.Random) -> str:
    text = template
    while match := _SLOT.search(text):
        text = text[: match.start()] + _alternative(match[1], slots, draw) + text[match.end() :]
    return text


def _alternative(name: str, slots: Mapping[str, Sequence[Any]], draw: random.Random) -> str:
    """One alternative of a slot; ``digitsN`` is N random digits."""
    if name.startswith("digits"):
        return "".join(draw.choice("0123456789") for _ in range(int(name.removeprefix("digits"))))
    return str(draw.choice(slots[name]))
