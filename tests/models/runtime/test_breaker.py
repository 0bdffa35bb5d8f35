"""The breaker: late and failing batches leave texts unscored, and the model is asked again after the cool-down."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence

import pytest

from models.runtime.breaker import BreakerLimits, CircuitBreakerClassifier
from models.runtime.scorer import Scores
from tests.servers.waiting import until

GOOD = Scores("neutral", {}, {}, [])
LIMITS = BreakerLimits(timeout_seconds=60.0, failures_to_open=2, cool_down_seconds=30.0)
IMPATIENT = BreakerLimits(timeout_seconds=0.05, failures_to_open=1000, cool_down_seconds=30.0)
"""Batches that wait are late; so may others be, where the machine is busy."""


class Panic(BaseException):
    """As a Rust panic: no Exception."""


class Scorer:
    """Scores, raises, or waits until released."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.wait = False
        self.released = threading.Event()
        self.batches = 0

    def score(self, texts: Sequence[str]) -> list[Scores | None]:
        self.batches += 1
        if self.wait:
            self.released.wait(60)
        if self.error:
            raise self.error
        return [GOOD] * len(texts)


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def scorer() -> Scorer:
    return Scorer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guarded(scorer: Scorer, clock: Clock) -> Iterator[CircuitBreakerClassifier]:
    guarded = CircuitBreakerClassifier(scorer, LIMITS, clock)
    yield guarded
    scorer.released.set()
    guarded.close()


@pytest.mark.parametrize("error", [RuntimeError("graph"), Panic("rust"), TimeoutError("its own")])
def test_a_failing_model_opens_the_breaker_and_recovers(
    guarded: CircuitBreakerClassifier, scorer: Scorer, clock: Clock, error: BaseException
) -> None:
    assert guarded.score(["a", "b"]) == [GOOD, GOOD]
    scorer.error = error
    assert guarded.score(["a"]) == [None]
    assert (guarded.last_outcome, guarded.is_open) == ("failed", False)
    assert guarded.score(["a"]) == [None]
    assert guarded.is_open
    scorer.error = None
    clock.seconds = 29.9
    assert guarded.score(["a", "b"]) == [None, None]
    assert (guarded.last_outcome, scorer.batches) == ("skipped", 3)
    clock.seconds = 30.0
    assert guarded.score(["a"]) == [GOOD]
    assert not guarded.is_open


def test_a_failed_trial_opens_the_breaker_again(
    guarded: CircuitBreakerClassifier, scorer: Scorer, clock: Clock
) -> None:
    scorer.error = RuntimeError("graph")
    guarded.score(["a"])
    guarded.score(["a"])
    clock.seconds = 31.0
    assert guarded.score(["a"]) == [None]
    assert guarded.is_open
    assert scorer.batches == 3


def test_a_success_forgets_earlier_failures(guarded: CircuitBreakerClassifier, scorer: Scorer) -> None:
    scorer.error = RuntimeError("graph")
    guarded.score(["a"])
    scorer.error = None
    guarded.score(["a"])
    scorer.error = RuntimeError("graph")
    guarded.score(["a"])
    assert not guarded.is_open


def test_a_late_batch_is_left_alone_until_it_ends(scorer: Scorer, clock: Clock) -> None:
    guarded = CircuitBreakerClassifier(scorer, IMPATIENT, clock)
    scorer.wait = True
    assert guarded.score(["a"]) == [None]
    assert guarded.last_outcome == "late"
    assert guarded.score(["b"]) == [None]
    assert (guarded.last_outcome, scorer.batches) == ("skipped", 1)
    scorer.wait = False
    scorer.released.set()
    until(lambda: not guarded.is_open, "the late batch ends")
    until(lambda: guarded.score(["c"]) == [GOOD], "the next batch is scored")
    guarded.close()


def test_the_models_thread_is_pinned_to_its_core_and_no_other_is(clock: Clock) -> None:
    cores, seen = os.sched_getaffinity(0), list[set[int]]()

    class Pinned(Scorer):
        def score(self, texts: Sequence[str]) -> list[Scores | None]:
            seen.append(os.sched_getaffinity(0))
            return super().score(texts)

    guarded = CircuitBreakerClassifier(Pinned(), BreakerLimits(), clock, core=max(cores))
    assert guarded.score(["a"]) == [GOOD]
    guarded.close()
    assert seen == [{max(cores)}]
    assert os.sched_getaffinity(0) == cores
