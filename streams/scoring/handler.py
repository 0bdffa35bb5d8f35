"""The scoring stage over the ledger: offsets, and the backlog of texts that the model has not scored yet.

Kafka has the scored texts before the ledger moves: a death between the two writes them again with the same origin, and
readers apply an origin once. A text that the model did not answer for goes out unscored at once and joins the backlog;
when the model answers again it goes out a second time, scored, with the same origin. So a slow model does not delay
what the rules find.

A batch is taken in slices, each stored by itself: a worker that dies in a long batch repeats one slice, and heartbeats
are never late, because model and rules run in a thread beside the event loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import msgspec

from models.labels import LANGUAGES, RISKS
from models.labels import SENTIMENTS as SENTIMENT_NAMES
from models.runtime import Scorer, Scores
from streams.clock import Clock
from streams.compliance.captions import Captions
from streams.compliance.rulebook import Rulebook
from streams.events.codec import decode
from streams.events.schema import TEXT_KINDS, Coordinates, Event, ScoredText
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
from streams.scoring.judge import JudgedText, Judgement, judge, model_scores, retraction_of, scored_text, with_scores
from streams.scoring.model import ServedModel
from streams.topology import LIVE, SCORING, SOCIAL
from streams.transport.batch import Batch

BACKLOG = "unscored"
"""Hash of the texts that wait for the model: offset → the scored text that went out without a score."""
SLICE_TEXTS = 1_024
SLICE_COST = 27_648
"""A slice's texts together, by `cost_of`: some seconds of a core's work, well within the model's time limit. Under load
slices are this large, so that the model can sort them by length; else as large as what came."""
READ_CHARS = 512
"""What the model reads of a text at most."""
CHARS_FOR_RULES = 8
"""Characters that rules and the masking read in the time that the model takes for one; they read all of a text."""
MAX_RESCORED = 128
"""Texts of the backlog that are tried again beside a slice."""
MAX_BACKLOG = 2_000
"""Texts a partition; the oldest beyond that stay unscored for good."""

_encode = msgspec.json.Encoder().encode
_decode_text = msgspec.json.Decoder(ScoredText).decode


@dataclass(frozen=True, slots=True)
class Located:
    """A text event, or the retraction of some, and its place in the partition."""

    event: Event
    offset: int
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """The texts of a batch, and what takes texts back; all other records are only counted."""

    batch: Batch
    texts: list[Located]

    def slices(self) -> Iterator[tuple[list[Located], int]]:
        """Texts with the offset behind them; the last slice, which may be empty, ends where the batch does."""
        start = cost = 0
        for end, located in enumerate(self.texts):
            of_this = cost_of(located.event.text or "")
            if end - start == SLICE_TEXTS or (end > start and cost + of_this > SLICE_COST):
                yield self.texts[start:end], self.texts[end - 1].offset + 1
                start, cost = end, 0
            cost += of_this
        yield self.texts[start:], self.batch.next_offset


@dataclass
class ScoringPartition:
    """A partition that the worker owns."""

    claim: Claim
    next_offset: int
    captions: Captions
    backlog: dict[str, bytes] = field(default_factory=dict)
    """Unscored texts by offset, oldest first."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The outcome of a slice."""

    records: list[ScoredText]
    """The texts, and retractions on their way to those who hold texts, in their order."""
    texts: list[ScoredText]
    rescored: list[ScoredText]
    """Texts of the backlog, with their scores."""
    backlog: dict[str, bytes | None]
    """Changes of the backlog, by offset; None where a text leaves it."""


class TimedScorer:
    """A model whose answers are timed."""

    def __init__(self, model: Scorer) -> None:
        self._model = model

    def score(self, texts: Sequence[str]) -> Sequence[Scores | None]:
        with SCORING_SECONDS.time():
            return self._model.score(texts)


class ScoringHandler:
    """A BatchHandler: streams.transport.handler has the contract."""

    def __init__(
        self,
        ledger: Ledger,
        publisher: Publisher,
        rulebook: Rulebook,
        model: ServedModel | None,
        clock: Clock,
        jurisdictions: Mapping[str, str] | None = None,
    ) -> None:
        """`jurisdictions`, by brand, hold where a feed names none."""
        self._ledger = ledger
        self._publisher = publisher
        self._rulebook = rulebook
        self._model = None if model is None else TimedScorer(model.classifier)
        self._model_revision = "" if model is None else model.revision
        self._languages = LANGUAGES if model is None else model.languages
        self._clock = clock
        self._jurisdictions = jurisdictions or {}
        self._partitions: dict[tuple[str, int], ScoringPartition] = {}
        # One thread: the model's sessions are not to be shared, and a core is what a worker has.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scoring")
        from_zero(TEXTS, ("scored", "unscored", "language"))
        from_zero(SENTIMENTS, SENTIMENT_NAMES)
        from_zero(FLAGGED, RISKS)
        from_zero(FINDINGS, rulebook.families)
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
        stored = await self._ledger.load_hash(claim, BACKLOG)
        backlog = dict(sorted(stored.items(), key=lambda item: int(item[0])))
        captions = Captions(self._rulebook)
        self._partitions[topic, partition] = ScoringPartition(claim, claim.next_offset, captions, backlog)
        return claim.next_offset

    def prepare(self, batch: Batch) -> Prepared:
        decoded = decode(batch)
        columns = zip(decoded.events, decoded.offsets, decoded.timestamps_ms, strict=True)
        texts = [Located(*row) for row in columns if is_scored(row[0]) or takes_back(row[0])]
        skipped = len(batch) - len(texts) + sum(one.count for one in batch.refused)
        EVENTS.labels(SCORING, "skipped").inc(skipped)
        return Prepared(batch, texts)

    async def apply(self, prepared: Prepared) -> None:
        """Scores and stores slice by slice.

        1. Judge the slice's texts, and the oldest of the backlog, in the thread.
        2. Write all to Kafka and wait for its answer.
        3. Store the offset and the backlog's changes.
        """
        batch = prepared.batch
        held = self._partitions[batch.topic, batch.partition]
        for texts, next_offset in prepared.slices():
            loop = asyncio.get_running_loop()
            scored = await loop.run_in_executor(self._thread, self._judge, held, texts)
            records = [(text.brand_id, _encode(text)) for text in [*scored.rescored, *scored.records]]
            if records:
                await retrying(partial(self._publisher.publish, records))
            changes = _bounded(held.backlog, scored.backlog)
            effects = Effects(values={BACKLOG: changes} if changes else {})
            await self._ledger.apply(Update(held.claim, held.next_offset, next_offset, effects))
            held.next_offset = next_offset
            _change_backlog(held, changes)
            self._count(scored)

    async def verify(self, topic: str, partition: int) -> None:
        held = self._partitions[topic, partition]
        await self._ledger.verify(held.claim, held.next_offset)

    async def revoked(self, topic: str, partition: int) -> None:
        self._partitions.pop((topic, partition), None)

    def _judge(self, held: ScoringPartition, located: Sequence[Located]) -> Scored:
        """Runs in the thread. If the model scored any text of the slice, unscored ones are final. If it scored none,
        all join the backlog, and the backlog is not tried now."""
        began_ms = self._clock()
        texts = [self._judged_text(one.event) for one in located if not takes_back(one.event)]
        judgements = iter(judge(texts, self._rulebook, self._model, held.captions, self._languages))
        records = [
            self._retraction(held.claim, one)
            if takes_back(one.event)
            else self._scored_text(held.claim, one, next(judgements))
            for one in located
        ]
        took_ms = max(0, self._clock() - began_ms)
        records = [
            record if record.kind == "retraction" else msgspec.structs.replace(record, scoring_ms=took_ms)
            for record in records
        ]
        new = [record for record in records if record.kind != "retraction"]
        answers = any(text.scored for text in new)
        waiting = [] if answers else [text for text in new if text.unscored == "model"]
        unscored: dict[str, bytes | None] = {str(text.origin.offset): _encode(text) for text in waiting}
        tried = self._rescore(held) if answers or not waiting else {}
        settled = {offset: None for offset, text in tried.items() if text.scored or answers}
        return Scored(records, new, [text for text in tried.values() if text.scored], {**settled, **unscored})

    def _judged_text(self, event: Event) -> JudgedText:
        return JudgedText.of(event, self._jurisdictions.get(event.brand_id))

    def _scored_text(self, claim: Claim, located: Located, judgement: Judgement) -> ScoredText:
        origin = Coordinates(claim.topic, claim.partition, located.offset)
        text = scored_text(located.event, origin, located.timestamp_ms, judgement)
        return with_scores(text, judgement.scores, self._model_revision)

    def _retraction(self, claim: Claim, located: Located) -> ScoredText:
        return retraction_of(
            located.event, Coordinates(claim.topic, claim.partition, located.offset), located.timestamp_ms
        )

    def _rescore(self, held: ScoringPartition) -> dict[str, ScoredText]:
        """The oldest texts of the backlog by offset, with scores where the model answers."""
        oldest = {offset: _decode_text(value) for offset, value in islice(held.backlog.items(), MAX_RESCORED)}
        scores = model_scores([text.text for text in oldest.values()], self._model)
        return {
            offset: with_scores(text, of_text, self._model_revision)
            for (offset, text), of_text in zip(oldest.items(), scores, strict=True)
        }

    def _count(self, scored: Scored) -> None:
        outcomes = Counter(_outcome(text) for text in scored.texts)
        for outcome, count in outcomes.items():
            TEXTS.labels(outcome).inc(count)
        TEXTS.labels("scored").inc(len(scored.rescored))
        for text in (*scored.texts, *scored.rescored):
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


def _outcome(text: ScoredText) -> str:
    if text.scored:
        return "scored"
    return "language" if text.unscored == "language" else "unscored"


def cost_of(text: str) -> int:
    """What judging a text takes, in characters that the model reads."""
    return min(len(text), READ_CHARS) + len(text) // CHARS_FOR_RULES


def is_scored(event: Event) -> bool:
    """Whether an event's text is judged: it is final, not mirrored from another room, and not blank."""
    return (
        event.kind in TEXT_KINDS
        and event.final
        and not event.is_mirror
        and event.text is not None
        and not event.text.isspace()
        and event.text != ""
    )


def takes_back(event: Event) -> bool:
    """Whether an event says that texts were deleted."""
    return event.kind in ("retraction", "account_deletion") and not event.is_mirror


def _bounded(backlog: Mapping[str, bytes], changes: dict[str, bytes | None]) -> dict[str, bytes | None]:
    """The changes, with which the oldest texts beyond MAX_BACKLOG leave too."""
    kept = [offset for offset in {**backlog, **changes} if changes.get(offset, b"") is not None]
    return {**changes, **dict.fromkeys(kept[: max(0, len(kept) - MAX_BACKLOG)])}


def _change_backlog(held: ScoringPartition, changes: dict[str, bytes | None]) -> None:
    for offset, value in changes.items():
        if value is None:
            held.backlog.pop(offset, None)
        else:
            held.backlog[offset] = value
