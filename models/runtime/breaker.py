"""A model that is slow or fails must not stop the pipeline: its texts stay unscored, and it is asked again later.

Breaker: after ``failures_to_open`` failed batches in a row, nothing is asked for ``cool_down_seconds``; then one batch
is the trial, and its success closes the breaker. A batch that runs out of time cannot be killed: it goes on in its
thread, its result is thrown away, and until it ends everything is unscored.

    batch      ok   late late late  ·    ·    trial ok
    breaker    closed         open ──────────┤ closed
                              t              t + cool_down_seconds
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Literal

from models.runtime.scorer import Scorer, Scores

logger = logging.getLogger(__name__)

Outcome = Literal["scored", "late", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """When a model counts as failing, and for how long it is then not asked."""

    timeout_seconds: float = 20.0
    failures_to_open: int = 3
    cool_down_seconds: float = 30.0


class CircuitBreakerClassifier:
    """Scores like its scorer, within ``timeout_seconds`` a batch, and does not raise what the scorer raises."""

    def __init__(
        self, scorer: Scorer, limits: BreakerLimits, clock: Callable[[], float], core: int | None = None
    ) -> None:
        """``clock`` gives monotonic seconds; the model's thread is pinned to ``core`` where one is given."""
        self._scorer = scorer
        self._limits = limits
        self._clock = clock
        self._executor = ThreadPoolExecutor(
            max_workers=1,
            thread_name_prefix="model",
            initializer=None if core is None else partial(os.sched_setaffinity, 0, {core}),
        )
        self._running: Future[Sequence[Scores | None]] | None = None
        self._failures = 0
        self._open_until_seconds: float | None = None
        self.last_outcome: Outcome = "scored"

    @property
    def is_open(self) -> bool:
        """Whether texts are left unscored without asking the model."""
        return self._is_busy() or (self._open_until_seconds is not None and self._clock() < self._open_until_seconds)

    def score(self, texts: Sequence[str]) -> Sequence[Scores | None]:
        """One result a text, in order; all None where the model is late, fails, or is not asked. Blocks."""
        if self.is_open:
            self.last_outcome = "skipped"
            return [None] * len(texts)
        self._running = self._executor.submit(self._scorer.score, texts)
        try:
            results = self._running.result(timeout=self._limits.timeout_seconds)
        except TimeoutError as error:
            # A scorer may raise TimeoutError itself: then its batch has ended.
            return self._fail("late" if self._is_busy() else "failed", error, len(texts))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a Rust panic is no Exception
            return self._fail("failed", error, len(texts))
        self._failures = 0
        self._open_until_seconds = None
        self.last_outcome = "scored"
        return results

    def close(self) -> None:
        """Ends the model's thread without waiting for a batch that is late."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _is_busy(self) -> bool:
        return self._running is not None and not self._running.done()

    def _fail(self, outcome: Outcome, error: BaseException, texts: int) -> list[Scores | None]:
        self._failures += 1
        self.last_outcome = outcome
        if self._failures >= self._limits.failures_to_open:
            self._open_until_seconds = self._clock() + self._limits.cool_down_seconds
        logger.warning("The model left %d texts unscored (%s): %r", texts, outcome, error)
        return [None] * texts
