"""The race of scorers: what is sampled, what counts, and what is said of a peer that cannot take part."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from models.runtime.classifier import Classifier, Served, load_classifier
from tests.bench.scoring import STRETCH_TEXTS, WINDOW_TEXTS, Segment, Window, one_core, run_scoring, sample

TEXTS = ["好", "so good!", "质量太差了", "", "好", "refund now"] * 8


@pytest.fixture(scope="module")
def classifier() -> Classifier[Served]:
    return load_classifier(remembered_texts=0)


def test_all_texts_are_windows_in_their_order() -> None:
    texts = [str(n) for n in range(2 * WINDOW_TEXTS + 5)]
    windows = sample(texts, 0)
    assert [len(window) for window in windows] == [WINDOW_TEXTS, WINDOW_TEXTS, 5]
    assert [text for window in windows for text in window] == texts


def test_a_sample_is_stretches_of_neighbours_from_the_first_text_to_the_last() -> None:
    texts = [str(n) for n in range(20 * STRETCH_TEXTS)]
    windows = sample(texts, 3 * STRETCH_TEXTS)
    assert len(windows) == 3 * STRETCH_TEXTS // WINDOW_TEXTS
    assert (windows[0][0], windows[-1][-1]) == (texts[0], texts[-1])
    for window in windows:
        assert [int(text) for text in window] == list(range(int(window[0]), int(window[0]) + len(window)))


def test_peers_score_the_same_texts_and_are_checked(classifier: Classifier[Served]) -> None:
    cores, lines = os.sched_getaffinity(0), list[str]()
    peers = ["pulsewatch", "pulsewatch+cache", "session"]
    outcome = run_scoring(TEXTS, classifier, rounds=2, peers=peers, say=lines.append)
    assert (outcome["bench"], outcome["texts"], outcome["skipped"]) == ("scoring", len(TEXTS), [])
    assert [row["peer"] for row in outcome["results"]] == peers
    for row in outcome["results"]:
        assert row["correct"], row
        assert 0 < row["min"] <= row["texts_per_second"] <= row["max"]
        assert row["cpu_us_per_text"] > 0
    assert outcome["times_session"] > 0
    assert lines == ["window 1 of 1, 2 rounds each"]
    assert os.sched_getaffinity(0) == cores


def test_other_results_than_before_are_wrong(classifier: Classifier[Served], monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.bench import scoring

    def disturbed(windows: Sequence[Window], model: Classifier[Served]) -> Iterator[Segment]:
        for leg in legs(windows, model):
            yield replace(leg, expected=[None, *leg.expected[1:]])

    legs = scoring._legs
    monkeypatch.setattr(scoring, "_legs", disturbed)
    [row] = run_scoring(TEXTS, classifier, rounds=1, peers=["pulsewatch"])["results"]
    assert (row["correct"], row["trouble"]) == (False, "other texts are scored than before")


def test_the_peer_is_skipped_with_the_way_to_install_it(
    classifier: Classifier[Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.bench.scoring.EXTRA_PACKAGES", ("no_such_package",))
    outcome = run_scoring(TEXTS[:6], classifier, rounds=1, peers=["minilm-l6-int8"])
    assert outcome["results"] == []
    assert outcome["skipped"] == [{"peer": "minilm-l6-int8", "install": "pip install 'pulsewatch[bench]'"}]


def test_one_core_is_left_again() -> None:
    cores = os.sched_getaffinity(0)
    with one_core():
        assert os.sched_getaffinity(0) == {max(cores)}
    assert os.sched_getaffinity(0) == cores
