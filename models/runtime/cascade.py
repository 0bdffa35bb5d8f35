"""A language's stages in a row: texts that are clear after one leave, the others are batched anew for the next.

Micro-batches hold texts of about the same length, shortest first, because a batch costs its longest text times its
size. Those that go on keep this order, so that they fill batches of the next stage as they come:

    stage 1   [3 4 4 5] [5 6 6 7] [7 8 9 9]
    go on        4   5     6          9 9
    stage 2                [4 5 6]   [9 9]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from models.labels import SENTIMENTS
from models.runtime.manifest import Exit, Stage, in_order
from models.runtime.session import padded_ids, padded_states

BATCH_TEXTS = 32
BATCH_TOKENS = 512
"""Padded. Above some hundred tokens larger batches are not faster, and smaller ones have less padding."""

Inputs = Mapping[str, npt.NDArray[np.generic]]
Floats = npt.NDArray[np.float64]
States = npt.NDArray[np.float32]


class Runs(Protocol):
    """A stage's graph: ``logits`` (texts, outputs), and hidden states (texts, tokens, width) unless it is the last."""

    def run(self, inputs: Inputs) -> Sequence[Any]: ...


class Calibration:
    """From a stage's logits to probabilities, as its manifest says."""

    def __init__(self, stage: Stage) -> None:
        self._temperature = stage.sentiment_temperature
        self._bias = np.array(stage.sentiment_bias)
        scales = [stage.calibration[label] for label in in_order(stage.calibration)]
        self._slopes = np.array([scale.slope for scale in scales])
        self._offsets = np.array([scale.offset for scale in scales])

    @property
    def outputs(self) -> int:
        return len(SENTIMENTS) + len(self._slopes)

    def probabilities(self, logits: npt.NDArray[np.float32] | Floats) -> Floats:
        """Logits (texts, outputs) to probabilities of the same shape: sentiments sum to 1, each risk is for itself."""
        sentiment = (logits[:, : len(SENTIMENTS)] + self._bias) / self._temperature
        raised = np.exp(sentiment - sentiment.max(axis=1, keepdims=True))
        risks = 1 / (1 + np.exp(-(self._slopes * logits[:, len(SENTIMENTS) :] + self._offsets)))
        return np.concatenate([raised / raised.sum(axis=1, keepdims=True), risks], axis=1)


class ExitRule:
    """Decides which texts leave after a stage."""

    def __init__(self, rule: Exit) -> None:
        self._sentiment = rule.sentiment
        self._low, self._high = np.array([rule.risks[label] for label in in_order(rule.risks)]).T

    def leaving(self, probabilities: Floats) -> npt.NDArray[np.bool_]:
        """For each of the texts (texts, outputs) whether it is clear."""
        risks = probabilities[:, len(SENTIMENTS) :]
        unclear = ((risks > self._low) & (risks < self._high)).any(axis=1)
        clear: npt.NDArray[np.bool_] = (probabilities[:, : len(SENTIMENTS)].max(axis=1) >= self._sentiment) & ~unclear
        return clear


@dataclass(frozen=True, slots=True)
class LoadedStage:
    """A stage, ready to run; ``exit`` is None for the last."""

    session: Runs
    calibration: Calibration
    exit: ExitRule | None


class Corrects(Protocol):
    """Changes probabilities (texts, outputs) by what the first stage made of the texts (texts, width)."""

    def apply(self, probabilities: Floats, pooled: States) -> Floats: ...


class MicroBatchQueue:
    """Texts on their way into a stage, shortest first."""

    def __init__(self) -> None:
        self._indices: list[int] = []
        self._states: list[States] = []

    def add(self, index: int, states: States) -> tuple[list[int], list[States]] | None:
        """Takes a text that is no shorter than those before it; gives a micro-batch where they are enough for one."""
        full = self._indices and _is_full(len(self._indices), len(states))
        batch = self.take() if full else None
        self._indices.append(index)
        self._states.append(states)
        return batch

    def take(self) -> tuple[list[int], list[States]]:
        """All texts in the queue, which is empty then."""
        batch = self._indices, self._states
        self._indices, self._states = [], []
        return batch


class Cascade:
    """Runs texts through the stages; counts, by stage, the texts that left after it.

    With a ``correction``, and to look at texts, the first stage gives its pooled tokens after its other outputs.
    """

    def __init__(self, stages: Sequence[LoadedStage], correction: Corrects | None = None) -> None:
        self.stages = tuple(stages)
        self.left_after = [0] * len(stages)
        self.correction = correction
        self._pooled: dict[int, States] = {}

    def probabilities(self, ids: Sequence[Sequence[int]]) -> Floats:
        """Token ids to calibrated probabilities (texts, outputs), in order. Blocks."""
        if self.correction is None or not ids:
            return self._probabilities(ids, keeps_pooled=False)
        return self.correction.apply(*self.look(ids))

    def look(self, ids: Sequence[Sequence[int]]) -> tuple[Floats, States]:
        """As `probabilities`, uncorrected, and the first stage's pooled tokens (texts, width)."""
        try:
            results = self._probabilities(ids, keeps_pooled=True)
            return results, np.stack([self._pooled[index] for index in range(len(ids))])
        finally:
            self._pooled.clear()

    def _probabilities(self, ids: Sequence[Sequence[int]], keeps_pooled: bool) -> Floats:
        results = np.empty((len(ids), self.stages[0].calibration.outputs))
        waiting = [MicroBatchQueue() for _ in self.stages]
        for indices in micro_batches({index: len(item) for index, item in enumerate(ids)}):
            inputs = padded_ids([ids[index] for index in indices])
            self._run(0, indices, inputs, waiting, results, keeps_pooled)
        for number in range(1, len(self.stages)):
            indices, states = waiting[number].take()
            if indices:
                self._run(number, indices, padded_states(states), waiting, results)
        return results

    def _run(
        self,
        number: int,
        indices: Sequence[int],
        inputs: Inputs,
        waiting: Sequence[MicroBatchQueue],
        results: Floats,
        keeps_pooled: bool = False,
    ) -> None:
        stage = self.stages[number]
        logits, *hidden = stage.session.run(inputs)
        if keeps_pooled:
            self._pooled |= zip(indices, hidden[-1], strict=True)
        probabilities = stage.calibration.probabilities(logits)
        results[indices] = probabilities
        goes_on = [] if stage.exit is None else np.flatnonzero(~stage.exit.leaving(probabilities)).tolist()
        self.left_after[number] += len(indices) - len(goes_on)
        lengths = inputs["attention_mask"].sum(axis=1).tolist()
        for row in goes_on:
            batch = waiting[number + 1].add(indices[row], hidden[0][row, : lengths[row]])
            if batch is not None:
                self._run(number + 1, batch[0], padded_states(batch[1]), waiting, results)


def micro_batches(lengths: Mapping[int, int]) -> Iterator[list[int]]:
    """Batches of the keys, shortest first, each at most BATCH_TEXTS texts and BATCH_TOKENS padded tokens."""
    batch: list[int] = []
    for index in sorted(lengths, key=lengths.__getitem__):
        if batch and _is_full(len(batch), lengths[index]):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _is_full(texts: int, next_tokens: int) -> bool:
    return texts == BATCH_TEXTS or (texts + 1) * next_tokens > BATCH_TOKENS
