"""A text that is about several brands: its copies are scored once, and each is judged by the law of its brand."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from models.runtime import Classifier, Scores
from streams.compliance.rulebook import Rulebook
from streams.ledger.memory import MemoryLedger
from streams.scoring.handler import ScoringHandler
from streams.scoring.model import ServedModel
from tests.fakes.scoring import NOW_MS, MemoryTexts, WordClassifier, batch, comment

SOCIAL = "social.interactions"


@dataclass
class CountingScorer:
    """Scores as WordClassifier does, and keeps what it was asked."""

    asked: list[str] = field(default_factory=list)

    def score(self, texts: Sequence[str]) -> list[Scores | None]:
        self.asked += texts
        return WordClassifier().score(texts)


async def test_copies_are_scored_once_in_a_batch_and_in_the_next(rulebook: Rulebook) -> None:
    scorer, topic = CountingScorer(), MemoryTexts()
    model = Classifier("r1", {"any": scorer}, 100, form=str, language_of=lambda _: "any")
    handler = ScoringHandler(MemoryLedger(), topic, rulebook, ServedModel(model, "r1"), lambda: NOW_MS)
    await handler.assigned(SOCIAL, 0)
    copies = [
        comment(number, "bad parcel of both", brand_id=brand, room_id=None, event_id=f"7#{brand}")
        for number, brand in enumerate(("acme", "velvet", "third"))
    ]
    await handler.apply(handler.prepare(batch(*copies[:2], topic=SOCIAL)))
    await handler.apply(handler.prepare(batch(copies[2], topic=SOCIAL, first_offset=2)))
    assert scorer.asked == ["bad parcel of both"]
    assert [(text.brand_id, text.sentiment) for text in topic.texts] == [
        ("acme", "negative"),
        ("velvet", "negative"),
        ("third", "negative"),
    ]


@pytest.mark.parametrize(
    ("jurisdictions", "told", "law"),
    [
        ({}, None, "CN"),
        ({"acme": "CN"}, None, "CN"),
        ({"acme": "US"}, None, "US"),
        ({"other": "US"}, None, "CN"),
        ({"acme": "US"}, "CN", "CN"),
    ],
)
async def test_text_is_judged_by_the_law_of_its_brand_where_its_feed_names_none(
    rulebook: Rulebook, jurisdictions: dict[str, str], told: str | None, law: str
) -> None:
    topic = MemoryTexts()
    handler = ScoringHandler(MemoryLedger(), topic, rulebook, None, lambda: NOW_MS, jurisdictions)
    await handler.assigned("live.events", 0)
    speech = comment(1, "这是全网第一的面霜", kind="speech", session_id="s1", subject_id="c1", jurisdiction=told)
    await handler.apply(handler.prepare(batch(speech)))
    assert {finding.jurisdiction for finding in topic.texts[0].findings} == {law}
