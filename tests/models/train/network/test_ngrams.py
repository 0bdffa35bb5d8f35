"""Weights of word sequences. Needs torch, which only the train extra installs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.labels import RISKS, SENTIMENTS
from models.train.data.corpus import Corpus, prepare
from models.train.data.sources import Example
from tests.builders.network import corpus_of, word_tokeniser

pytest.importorskip("torch", reason="torch comes with the train extra only")
pytestmark = pytest.mark.torch

ABUSE, RUMOR = (len(SENTIMENTS) + RISKS.index(label) for label in ("abuse", "rumor"))
TEXTS = {"so bad": 1, "bad so": 0, "very good bad": 0, "good very bad": 1}
"""Each with whether it is abuse, which the order of its words says."""


def texts_of(times: int) -> Corpus:
    examples = [Example(text, "x", risks={"abuse": (float(said), 1.0)}) for text, said in TEXTS.items()] * times
    return prepare(word_tokeniser("so", "very", "good", "bad"), examples)


def test_the_order_of_words_is_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from models.train.data.batches import Texts
    from models.train.network import ngrams

    monkeypatch.setattr(ngrams, "SLOTS", 1009)
    monkeypatch.setattr(ngrams, "ITERATIONS", 40)
    learnt = ngrams.fit_ngrams(Texts(texts_of(20), torch.device("cpu")), print)
    logits = learnt.logits(texts_of(1))
    assert (logits[:, ABUSE] > 0).tolist() == [bool(said) for said in TEXTS.values()]
    assert np.abs(logits[:, RUMOR]).max() == 0, "nobody labelled rumours"


def test_a_text_has_the_same_ngrams_wherever_it_stands() -> None:
    from models.train.network.ngrams import slots

    alone, behind = (slots(corpus_of(ids), 1009) for ids in ([[5, 9, 3]], [[7, 2], [5, 9, 3]]))
    assert (behind[:, 2:] == alone).all()
    assert len(set(alone.ravel().tolist())) == 6, "three tokens, two pairs, one of three"


def test_they_are_kept_in_half_precision(tmp_path: Path) -> None:
    from models.train.network.ngrams import NGrams, load_ngrams

    draw = np.random.default_rng(1)
    made = NGrams(draw.normal(size=(11, 14)).astype(np.float32), draw.normal(size=14).astype(np.float32))
    made.save(tmp_path / "ngrams.npz")
    read = load_ngrams(tmp_path / "ngrams.npz")
    assert np.abs(read.table - made.table).max() < 0.01
    assert (read.bias == made.bias).all()
