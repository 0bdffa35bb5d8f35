"""How a text is judged: the worker, `pulsewatch score` and `pulsewatch backtest` all come through here.

    TextReading ─┬─ masked ───────────────► text
                 ├─ model ────────────────► sentiment, risks      None if it did not answer or was not asked
                 └─ captions or rules ────► findings              what they quote is masked

Rules and model do not know of each other: if there is no model, or it does not answer, a text stays unscored and the
rules go on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from models.labels import LANGUAGES
from models.runtime import Scorer, Scores
from streams.compliance.captions import Caption, Captions
from streams.compliance.rulebook import Rulebook
from streams.compliance.text_reading import TextReading
from streams.events.schema import Coordinates, Event, Finding, Platform, ScoredText, TextKind, UnscoredReason, text_kind
from streams.scoring.verdict import agreed_flags

QUOTED_CHARACTERS = 280
"""As many as an alert shows of a text: fifty findings of 20,000 characters are a record that Kafka refuses."""


@dataclass(frozen=True, slots=True)
class JudgedText:
    """A text to be judged. Rules of all platforms hold where `platform` is None.

    `caption` says where a host's speech belongs; without it, or without captions to look into, it is judged alone.
    """

    reading: TextReading
    kind: TextKind
    platform: Platform | None = None
    caption: Caption | None = None
    jurisdiction: str | None = None
    """Whose law its feed says that it is under, or its brand's catalogue."""

    @classmethod
    def of(cls, event: Event, of_brand: str | None = None) -> JudgedText:
        """`of_brand` is the jurisdiction of the brand, where the feed names none."""
        caption = None
        if event.kind == "speech" and (event.session_id is not None or event.room_id is not None):
            # A session's id is its room's, and a room's its platform's: what one host says goes on in no other's.
            place = "\x1f".join((event.platform, event.room_id or "", event.session_id or ""))
            caption = Caption(place, event.subject_id, event.event_time_ms)
        reading = TextReading(event.text or "", event.lang)
        return cls(reading, text_kind(event), event.platform, caption, event.jurisdiction or of_brand)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What model and rules say of a text. Personal data is masked in the text and in what findings quote."""

    text: str
    findings: list[Finding]
    scores: Scores | None
    """None if the model did not answer, or was not asked."""
    unscored: UnscoredReason | None
    """Why there are no scores."""


def judge(
    texts: Sequence[JudgedText],
    rulebook: Rulebook,
    model: Scorer | None,
    captions: Captions | None = None,
    languages: Collection[str] | None = LANGUAGES,
) -> list[Judgement]:
    """One judgement a text, in order. Blocks for as long as model and rules take.

    `captions` remembers speech, so texts of one session must come in order and once. The model is asked for texts in
    its `languages` alone; None if they are not known.
    """
    asked = [text for text in texts if languages is None or text.reading.language in languages]
    answers = iter(model_scores([text.reading.normal for text in asked], model))
    scores = {id(text): next(answers) for text in asked}
    return [_judgement(text, rulebook, captions, id(text) in scores, scores.get(id(text))) for text in texts]


def _judgement(
    text: JudgedText, rulebook: Rulebook, captions: Captions | None, was_asked: bool, scores: Scores | None
) -> Judgement:
    masked, findings = _apply_rules(text, rulebook, captions)
    if scores is None:
        return Judgement(masked, findings, None, "model" if was_asked else "language")
    flagged = agreed_flags(scores.flagged, masked, findings)
    return Judgement(masked, findings, msgspec.structs.replace(scores, flagged=flagged), None)


def model_scores(texts: Sequence[str], model: Scorer | None) -> Sequence[Scores | None]:
    """The model's part alone; it is not asked if there is no text."""
    return [None] * len(texts) if model is None or not texts else model.score(texts)


def scored_text(event: Event, origin: Coordinates, log_time_ms: int, judgement: Judgement) -> ScoredText:
    """The record of an event's text, unscored; see `with_scores`."""
    return ScoredText(
        event_id=event.event_id,
        origin=origin,
        log_time_ms=log_time_ms,
        platform=event.platform,
        source=event.source,
        kind=text_kind(event),
        brand_id=event.brand_id,
        event_time_ms=event.event_time_ms,
        text=judgement.text,
        scored=False,
        findings=judgement.findings,
        actor=event.actor,
        room_id=event.room_id,
        session_id=event.session_id,
        product_id=event.product_id,
        lang=event.lang,
        unscored=judgement.unscored,
    )


def retraction_of(event: Event, origin: Coordinates, log_time_ms: int) -> ScoredText:
    """The record that tells readers of texts that one, or all of an account's, were deleted."""
    return ScoredText(
        event_id=event.event_id,
        origin=origin,
        log_time_ms=log_time_ms,
        platform=event.platform,
        source=event.source,
        kind="retraction",
        brand_id=event.brand_id,
        event_time_ms=event.event_time_ms,
        text="",
        scored=False,
        actor=event.actor,
        room_id=event.room_id,
        session_id=event.session_id,
        retracts=event.retracts if event.kind == "retraction" else None,
    )


def with_scores(text: ScoredText, scores: Scores | None, model_revision: str = "") -> ScoredText:
    """The record with the model's scores; unchanged if the model did not answer."""
    if scores is None:
        return text
    sentiment: Any = scores.sentiment
    return msgspec.structs.replace(
        text,
        scored=True,
        sentiment=sentiment,
        sentiment_scores=scores.sentiment_scores,
        risks=scores.risks,
        flagged=agreed_flags(scores.flagged, text.text, text.findings),
        unscored=None,
        model_revision=model_revision,
    )


def _apply_rules(text: JudgedText, rulebook: Rulebook, captions: Captions | None) -> tuple[str, list[Finding]]:
    """The text with personal data masked, and what breaks a rule in it."""
    if text.caption is not None and captions is not None:
        masked, findings = captions.check(text.caption, text.reading, text.platform, text.jurisdiction)
    else:
        masked = text.reading.masked
        findings = rulebook.check(text.reading, text.kind, platform=text.platform, jurisdiction=text.jurisdiction)
    return masked, _quoted_from(masked, findings)


def _quoted_from(masked: str, findings: Iterable[Finding]) -> list[Finding]:
    """`matched` quotes the beginning of a long match; the span has all of it."""
    return [
        msgspec.structs.replace(finding, matched=masked[slice(*finding.span)][:QUOTED_CHARACTERS])
        for finding in findings
    ]


_decode = msgspec.json.Decoder(ScoredText).decode


def essentials(scored: bytes) -> bytes:
    """An encoded scored text without its findings but the first."""
    whole = _decode(scored)
    return msgspec.json.encode(msgspec.structs.replace(whole, findings=whole.findings[:1]))
