"""The scoring stage over the ledger: offsets, and the texts that the model still owes a score.

Kafka has the scored texts before the ledger moves: a death between the two writes them again with the same origin, and
readers apply an origin once. A text that the model did not answer for goes out unscored, at once, and is kept; when the
model answers again it goes out a second time, scored, with the same origin. So a slow model delays nobody's rules.

A batch is taken in slices, each stored by itself: a worker that dies in a long batch repeats one slice, and heartbeats
are never late, because model and rules run in a thread beside the event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import get_args

import msgspec

from models.labels import RISKS
from models.labels import SENTIMENTS as SENTIMENT_NAMES
from streams.clock import Clock
from streams.compliance.captions import Caption, Captions
from streams.compliance.pack import Family
from streams.compliance.personal_data import mask, masked_findings
from streams.compliance.rulebook import Rulebook
from streams.events.codec import decode
from streams.events.schema import TEXT_KINDS, Coordinates, Event, Finding, ScoredText, text_kind
from streams.kafka.producer import Publisher
from streams.ledger.protocol import Claim, Effects, Ledger, Update
from streams.ledger.retry import retrying
from streams.metrics import (
    CONFIDENCE,
    EVENT_AGE_SECONDS,
    EVENTS,
    FINDINGS,
    FLAGGED,
    MODEL_INFO,
    SCORING_SECONDS,
    SENTIMENTS,
    TEXTS,
    from_zero,
)
from streams.scoring.judge import Scores, model_scores
from streams.scoring.model import ServedModel
from streams.topology import LIVE, SCORING, SOCIAL
from streams.transport.batch import Batch

BACKLOG = "unscored"
"""Hash of the texts that wait for the model: offset → the scored text that went out without a score."""
SLICE_TEXTS = 1_024
SLICE_CHARS = 24_576
"""A slice's texts together, each counted to READ_CHARS at most: some seconds of a core's work, well within the model's
time limit. Under load slices are this large, so that the model can sort them by length; else they are what has come."""
READ_CHARS = 512
MAX_RESCORED = 128
"""Owed texts that are tried again beside a slice."""
MAX_OWED = 2_000
"""Kept a partition; the oldest beyond that stay unscored for good."""

_encode = msgspec.json.Encoder().encode
_decode_text = msgspec.json.Decoder(ScoredText).decode


@dataclass(frozen=True, slots=True)
class Located:
    """A text event and where it stands."""

    event: Event
    offset: int
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """The texts of a batch; all other records are only counted."""

    batch: Batch
    texts: list[Located]

    def slices(self) -> Iterator[tuple[list[Located], int]]:
        """Texts with the offset behind them; the last slice, which may be empty, ends where the batch does."""
        start = chars = 0
        for end, located in enumerate(self.texts):
            length = min(len(located.event.text or ""), READ_CHARS)
            if end - start == SLICE_TEXTS or (end > start and chars + length > SLICE_CHARS):
                yield self.texts[start:end], self.texts[end - 1].offset + 1
                start, chars = end, 0
            chars += length
        yield self.texts[start:], self.batch.next_offset


@dataclass
class ScoringPartition:
    """What a worker holds of a partition."""

    claim: Claim
    next_offset: int
    captions: Captions
    owed: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scored:
    """What came of a slice."""

    texts: list[ScoredText]
    paid: list[ScoredText]
    """Texts that were owed, with their scores."""
    owed: dict[str, bytes | None]
    """Changes of what is owed, by offset; None where nothing is owed any more."""


class ScoringHandler:
    """A BatchHandler; see streams.transport.handler for who calls what when."""

    def __init__(
        self, ledger: Ledger, publisher: Publisher, rulebook: Rulebook, model: ServedModel | None, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._publisher = publisher
        self._rulebook = rulebook
        self._model = model
        self._clock = clock
        self._partitions: dict[tuple[str, int], ScoringPartition] = {}
        # One thread: the model's sessions are not to be shared, and a core is what a worker has.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scoring")
        from_zero(TEXTS, ("scored", "unscored"))
        from_zero(SENTIMENTS, SENTIMENT_NAMES)
        from_zero(FLAGGED, RISKS)
        from_zero(FINDINGS, get_args(Family))
        if model is not None:
            MODEL_INFO.labels(model.revision).set(1)

    @property
    def stage(self) -> str:
        return SCORING

    @property
    def topics(self) -> tuple[str, ...]:
        return (SOCIAL, LIVE)

    async def assigned(self, topic: str, partition: int) -> int:
        claim = await self._ledger.acquire(topic, partition)
        owed = await self._ledger.load_hash(claim, BACKLOG)
        in_order = dict(sorted(owed.items(), key=lambda item: int(item[0])))
        self._partitions[topic, partition] = ScoringPartition(
            claim, claim.next_offset, Captions(self._rulebook), in_order
        )
        return claim.next_offset

    def prepare(self, batch: Batch) -> Prepared:
        decoded = decode(batch)
        columns = zip(decoded.events, decoded.offsets, decoded.timestamps_ms, strict=True)
        texts = [Located(*row) for row in columns if is_scored(row[0])]
        EVENTS.labels(SCORING, "skipped").inc(len(batch) - len(texts))
        return Prepared(batch, texts)

    async def apply(self, prepared: Prepared) -> None:
        """Score and store, slice by slice.

        1. Judge the texts, and what the model owes, in the thread.
        2. Write all to Kafka and wait for its answer.
        3. Store the offset and what is owed now.
        """
        batch = prepared.batch
        held = self._partitions[batch.topic, batch.partition]
        for texts, next_offset in prepared.slices():
            loop = asyncio.get_running_loop()
            scored = await loop.run_in_executor(self._thread, self._judge, held, texts)
            records = [(text.brand_id, _encode(text)) for text in [*scored.paid, *scored.texts]]
            if records:
                await retrying(partial(self._publisher.publish, records))
            owed = _bounded(held.owed, scored.owed)
            await self._ledger.apply(
                Update(held.claim, held.next_offset, next_offset, Effects(values={BACKLOG: owed} if owed else {}))
            )
            held.next_offset = next_offset
            _settle(held, owed)
            self._count(scored)

    async def revoked(self, topic: str, partition: int) -> None:
        self._partitions.pop((topic, partition), None)

    def _judge(self, held: ScoringPartition, texts: Sequence[Located]) -> Scored:
        """Runs in the thread. A model that answers for some texts has nothing to say of the others: these are not owed.

        While it answers for none, what is owed is not asked for.
        """
        scores = self._scores([located.event.text or "" for located in texts])
        new = [
            self._scored_text(held.claim, located, of_text, *self._checked(held, located.event))
            for located, of_text in zip(texts, scores, strict=True)
        ]
        answers = any(text.scored for text in new)
        owed: dict[str, bytes | None] = {} if answers else {str(text.origin.offset): _encode(text) for text in new}
        paid = self._pay(held) if answers or not texts else {}
        done = {offset: None for offset, text in paid.items() if text.scored or answers}
        return Scored(new, [text for text in paid.values() if text.scored], {**done, **owed})

    def _scores(self, texts: Sequence[str]) -> Sequence[Scores | None]:
        if not texts or self._model is None:
            return [None] * len(texts)
        start_seconds = time.perf_counter()
        scores = model_scores(texts, self._model.classifier)
        SCORING_SECONDS.observe(time.perf_counter() - start_seconds)
        return scores

    def _checked(self, held: ScoringPartition, event: Event) -> tuple[str, list[Finding]]:
        """The text with personal data masked, and what breaks a rule in it."""
        text = event.text or ""
        speaks_in = event.session_id or event.room_id
        if event.kind == "speech" and speaks_in is not None:
            caption = Caption(speaks_in, event.subject_id, text, event.event_time_ms)
            masked = held.captions.mask(caption)
            return masked, masked_findings(masked, held.captions.check(caption, event.platform))
        masked = mask(text)
        return masked, masked_findings(masked, self._rulebook.check(text, text_kind(event), platform=event.platform))

    def _pay(self, held: ScoringPartition) -> dict[str, ScoredText]:
        """The oldest texts that are owed a score, with it where the model answers."""
        oldest = list(islice(held.owed.items(), MAX_RESCORED))
        texts = [_decode_text(value) for _, value in oldest]
        scores = self._scores([text.text for text in texts])
        return {
            offset: self._with_scores(text, of_text)
            for (offset, _), text, of_text in zip(oldest, texts, scores, strict=True)
        }

    def _scored_text(
        self, claim: Claim, located: Located, scores: Scores | None, masked: str, findings: list[Finding]
    ) -> ScoredText:
        event = located.event
        return self._with_scores(
            ScoredText(
                event_id=event.event_id,
                origin=Coordinates(claim.topic, claim.partition, located.offset),
                log_time_ms=located.timestamp_ms,
                platform=event.platform,
                source=event.source,
                kind=text_kind(event),
                brand_id=event.brand_id,
                event_time_ms=event.event_time_ms,
                text=masked,
                scored=False,
                findings=findings,
                actor=event.actor,
                room_id=event.room_id,
                session_id=event.session_id,
                product_id=event.product_id,
                lang=event.lang,
            ),
            scores,
        )

    def _with_scores(self, text: ScoredText, scores: Scores | None) -> ScoredText:
        if scores is None or self._model is None:
            return text
        return msgspec.structs.replace(
            text,
            scored=True,
            sentiment=scores.sentiment,
            sentiment_scores=dict(scores.sentiment_scores),
            risks=dict(scores.risks),
            flagged=list(scores.flagged),
            model_revision=self._model.revision,
        )

    def _count(self, scored: Scored) -> None:
        outcomes = Counter("scored" if text.scored else "unscored" for text in scored.texts)
        for outcome, count in outcomes.items():
            TEXTS.labels(outcome).inc(count)
        TEXTS.labels("scored").inc(len(scored.paid))
        for text in (*scored.texts, *scored.paid):
            if text.sentiment is not None:
                SENTIMENTS.labels(text.sentiment).inc()
                CONFIDENCE.observe(max(text.sentiment_scores.values(), default=0))
            for risk in text.flagged:
                FLAGGED.labels(risk).inc()
        for text in scored.texts:
            for finding in text.findings:
                FINDINGS.labels(finding.family).inc()
        EVENTS.labels(SCORING, "applied").inc(len(scored.texts))
        if scored.texts:
            age_ms = max(0, self._clock() - scored.texts[-1].log_time_ms)
            EVENT_AGE_SECONDS.labels(SCORING).observe(age_ms / 1000)


def is_scored(event: Event) -> bool:
    """Whether an event's text is judged: finished, written here, and not blank."""
    return (
        event.kind in TEXT_KINDS
        and event.final
        and not event.is_mirror
        and event.text is not None
        and not event.text.isspace()
        and event.text != ""
    )


def _bounded(owed: Mapping[str, bytes], changes: dict[str, bytes | None]) -> dict[str, bytes | None]:
    """The changes, and the end of the oldest that are then beyond the limit."""
    kept = [offset for offset in {**owed, **changes} if changes.get(offset, b"") is not None]
    return {**changes, **dict.fromkeys(kept[: max(0, len(kept) - MAX_OWED)])}


def _settle(held: ScoringPartition, changes: dict[str, bytes | None]) -> None:
    for offset, value in changes.items():
        if value is None:
            held.owed.pop(offset, None)
        else:
            held.owed[offset] = value
