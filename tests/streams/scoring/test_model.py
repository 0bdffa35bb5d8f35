"""The model as configured: served behind its guard, refused in one line, or left out with one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.errors import UsageError
from streams.scoring.model import require_classifier, serve
from streams.settings import Settings


def test_the_bundled_model_is_served_by_default() -> None:
    served = serve(Settings(model=None, core=max(os.sched_getaffinity(0))))
    assert served is not None
    (scores,) = served.classifier.score(["great!"])
    assert scores is not None
    assert scores.sentiment == "positive"
    assert served.revision


def test_a_worker_without_its_model_goes_on_and_says_why(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    assert serve(Settings(model=str(tmp_path / "nowhere"))) is None
    (line,) = caplog.messages
    assert line.endswith("nowhere: no such folder; texts stay unscored, rules go on")


def test_a_command_without_its_model_stops() -> None:
    with pytest.raises(UsageError, match="/no/model: no such folder"):
        require_classifier(Settings(model="/no/model"))


@pytest.mark.parametrize("start", [serve, require_classifier])
def test_thresholds_that_are_not_the_models_stop_worker_and_command(start: Callable[[Settings], object]) -> None:
    """A worker that went on with other thresholds than it was told would flag what nobody asked for."""
    with pytest.raises(UsageError, match="points are precise, balanced, sensitive"):
        start(Settings(operating_point="strict"))


def test_a_core_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="PULSEWATCH_CORE: there is no core 9999, only"):
        serve(Settings(core=9999))
