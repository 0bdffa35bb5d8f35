"""Stages in a row: who leaves, who goes on, and that nobody is lost, doubled or given another's scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.labels import OUTPUTS, RISKS, SENTIMENTS
from models.runtime.cascade import (
    BATCH_TEXTS,
    BATCH_TOKENS,
    Calibration,
    Cascade,
    ExitRule,
    LoadedStage,
    micro_batches,
)
from models.runtime.manifest import Exit, Platt, Stage

PLAIN = Stage("g", 1.0, dict.fromkeys(RISKS, Platt(1.0, 0.0)))
CLEAR = Exit(0.9, dict.fromkeys(RISKS, (0.1, 0.95)))
POSITIVE = SENTIMENTS.index("positive")


class Graph:
    """Its logit of "positive" is the text's first id (hidden state, in a later stage) and ``shift``."""

    def __init__(self, shift: float) -> None:
        self.shift = shift
        self.batches: list[tuple[int, int]] = []

    def run(self, inputs: Mapping[str, Any]) -> Sequence[Any]:
        mask = inputs["attention_mask"]
        self.batches.append(mask.shape)
        hidden = inputs["hidden"] if "hidden" in inputs else inputs["input_ids"][..., None].astype(np.float32)
        assert (hidden[mask == 0] == 0).all()
        logits = np.full((len(mask), OUTPUTS), -9, dtype=np.float32)
        logits[:, : len(SENTIMENTS)] = 0
        logits[:, POSITIVE] = hidden[:, 0, 0] + self.shift
        return [logits, hidden]


def cascade(*graphs: Graph) -> Cascade:
    rules = [*[ExitRule(CLEAR)] * (len(graphs) - 1), None]
    return Cascade([LoadedStage(graph, Calibration(PLAIN), rule) for graph, rule in zip(graphs, rules, strict=True)])


def positive(logit: float) -> float:
    return float(np.exp(logit) / (np.exp(logit) + 2))


def test_a_clear_text_leaves_early_and_an_unclear_one_goes_on() -> None:
    stages = cascade(Graph(0), Graph(100))
    results = stages.probabilities([[5, 1], [1], [5, 2, 3]])
    assert results[:, POSITIVE] == pytest.approx([positive(5), 1.0, positive(5)])
    assert stages.left_after == [2, 1]


@pytest.mark.parametrize(("risk", "leaves"), [(0.05, True), (0.1, True), (0.5, False), (0.95, True), (0.99, True)])
def test_a_risk_inside_its_band_keeps_a_text(risk: float, leaves: bool) -> None:
    row = np.array([[0.05, 0.0, 0.95, *[risk] * len(RISKS)]])
    assert ExitRule(CLEAR).leaving(row).tolist() == [leaves]


def test_a_doubtful_sentiment_keeps_a_text() -> None:
    row = np.array([[0.11, 0.0, 0.89, *[0.0] * len(RISKS)]])
    assert ExitRule(CLEAR).leaving(row).tolist() == [False]


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 300)), max_size=120))
def test_every_text_gets_the_answer_of_the_stage_where_it_left(texts: list[tuple[int, int]]) -> None:
    graphs = Graph(0), Graph(-2), Graph(10)
    stages = cascade(*graphs)
    results = stages.probabilities([[first] + [1] * (length - 1) for first, length in texts])
    wanted = [positive(f) if f > 2.89 else positive(f - 2) if f - 2 > 2.89 else positive(f + 10) for f, _ in texts]
    assert results[:, POSITIVE] == pytest.approx(wanted, abs=1e-6)
    assert sum(stages.left_after) == len(texts)
    for number, graph in enumerate(graphs):
        assert sum(size for size, _ in graph.batches) == len(texts) - sum(stages.left_after[:number])
        assert all(n <= BATCH_TEXTS and (n == 1 or n * tokens <= BATCH_TOKENS) for n, tokens in graph.batches)


def test_those_who_go_on_fill_batches_together() -> None:
    graphs = Graph(0), Graph(0)
    cascade(*graphs).probabilities([[1 if n % 4 == 0 else 5] for n in range(4 * BATCH_TEXTS)])
    assert graphs[0].batches == [(BATCH_TEXTS, 1)] * 4
    assert graphs[1].batches == [(BATCH_TEXTS, 1)]


@given(st.dictionaries(st.integers(), st.integers(1, 256), max_size=200))
def test_micro_batches_hold_everything_once_within_their_limits(lengths: dict[int, int]) -> None:
    batches = list(micro_batches(lengths))
    assert sorted(key for batch in batches for key in batch) == sorted(lengths)
    for batch in batches:
        assert len(batch) <= BATCH_TEXTS
        assert len(batch) == 1 or len(batch) * max(lengths[key] for key in batch) <= BATCH_TOKENS


def test_probabilities_are_calibrated() -> None:
    stage = Stage("g", 2.0, dict.fromkeys(RISKS, Platt(2.0, -1.0)), (0.0, 0.0, 1.0))
    logits = np.zeros((1, OUTPUTS), dtype=np.float32)
    logits[0, POSITIVE], logits[0, len(SENTIMENTS) :] = 3.0, 0.5
    (row,) = Calibration(stage).probabilities(logits)
    assert row[POSITIVE] == pytest.approx(positive(2.0))
    assert row[len(SENTIMENTS) :] == pytest.approx([0.5] * len(RISKS))


def test_a_model_that_knows_fewer_risks_has_fewer_outputs() -> None:
    """One that was packaged before a label came; its outputs keep our order, whatever the manifest's objects have."""
    known = RISKS[:3]
    stage = Stage("g", 1.0, {label: Platt(1.0, float(known.index(label))) for label in reversed(known)})
    logits = np.zeros((1, len(SENTIMENTS) + len(known)), dtype=np.float32)
    (row,) = Calibration(stage).probabilities(logits)
    assert row[len(SENTIMENTS) :] == pytest.approx([0.5, 0.7311, 0.8808], abs=1e-4)
    rule = ExitRule(Exit(0.0, dict(zip(known, [(0.1, 0.2), (0.1, 0.8), (0.1, 0.9)], strict=True))))
    assert rule.leaving(np.array([[1.0, 0, 0, 0.5, 0.9, 0.95], [1.0, 0, 0, 0.5, 0.7, 0.95]])).tolist() == [True, False]
    texts = Cascade([LoadedStage(Echo(logits), Calibration(stage), None)]).probabilities([[1]])
    assert texts.shape == logits.shape


class Echo:
    """Says the same of every batch."""

    def __init__(self, logits: Any) -> None:
        self.logits = logits

    def run(self, inputs: Mapping[str, Any]) -> Sequence[Any]:
        return [self.logits]
