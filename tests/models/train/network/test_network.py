"""Training, on an encoder small enough for a test. Needs torch, which only the train extra installs."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.train.data.corpus import log_priors, prepare
from models.train.data.sources import Example
from tests.builders.network import word_tokeniser

pytest.importorskip("torch", reason="torch comes with the train extra only")
pytestmark = pytest.mark.torch

WORDS = ("good", "bad", "so", "very")


def tiny_network(seed: int) -> Any:
    import torch
    from transformers import BertConfig, BertModel

    from models.train.network.network import Network

    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=4 + len(WORDS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return Network(BertModel(config, add_pooling_layer=False), {1: 0.5})  # type: ignore[no-untyped-call]  # transformers leaves it so


def tiny_texts(answers: Any = None) -> Any:
    import torch

    from models.train.data.batches import Texts

    draw = random.Random(1)
    examples = [
        Example(f"{draw.choice(['so', 'very'])} {word}", "x", sentiment=mood, risks={"abuse": (float(mood == 0), 1.0)})
        for word, mood in [("good", 2), ("bad", 0)] * 64
    ]
    return Texts(prepare(word_tokeniser(*WORDS), examples), torch.device("cpu"), answers)


def trained(
    folder: Path, epochs: float, report: Callable[[str], None] = lambda line: None, answers: Any = None
) -> tuple[Any, Any]:
    import torch

    from models.train.data.batches import BatchSize
    from models.train.loop import Budget, Machine, Rates, fit

    network = tiny_network(seed=3)
    progress = fit(
        network,
        tiny_texts(answers),
        Machine(torch.device("cpu"), torch.float32, BatchSize(32, 1_000)),
        budget=Budget(epochs, checkpoint_steps=5, report_steps=10),
        rates=Rates(encoder=1e-2, head=1e-2, warm_up=0.1),
        seed=1,
        checkpoint=folder / "checkpoint.pt",
        report=report,
    )
    return network, progress


def test_training_learns_and_is_repeatable(tmp_path: Path) -> None:
    import torch

    for name in ("again", "briefly"):
        (tmp_path / name).mkdir()
    first, progress = trained(tmp_path, epochs=5)
    again, _ = trained(tmp_path / "again", epochs=5)
    assert progress.step == 20
    assert progress.loss < trained(tmp_path / "briefly", epochs=3)[1].loss
    assert torch.equal(first.head.weight, again.head.weight)


def test_a_run_that_is_cut_off_and_resumed_ends_where_it_would_have(tmp_path: Path) -> None:
    import torch

    def cut_off(line: str) -> None:
        if line.startswith("step 10 "):
            raise KeyboardInterrupt

    (tmp_path / "whole").mkdir()
    whole, _ = trained(tmp_path / "whole", epochs=5)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, epochs=5, report=cut_off)
    resumed, progress = trained(tmp_path, epochs=5)
    assert progress.step == 20
    assert torch.equal(
        whole.encoder.embeddings.word_embeddings.weight, resumed.encoder.embeddings.word_embeddings.weight
    )


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    import torch

    lines: list[str] = []
    first, _ = trained(tmp_path, epochs=5)
    again, progress = trained(tmp_path, epochs=5, report=lines.append)
    assert (progress.step, lines) == (20, [])
    assert torch.equal(first.head.weight, again.head.weight)


def test_what_is_left_is_the_average_of_the_last_steps_as_in_the_checkpoint(tmp_path: Path) -> None:
    import torch

    from models.train.loop import load_weights

    left, progress = trained(tmp_path, epochs=5)
    loaded = tiny_network(seed=4)
    assert load_weights(loaded, tmp_path / "checkpoint.pt") == progress
    assert torch.equal(loaded.head.weight, left.head.weight)
    last = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["network"]["head.weight"]
    assert not torch.equal(last, left.head.weight)
    assert torch.allclose(last, left.head.weight, atol=0.2)


def test_every_head_learns_from_labels(tmp_path: Path) -> None:
    network, _ = trained(tmp_path, epochs=8)
    assert moods(network) == {1: [2, 0], 2: [2, 0]}


def test_every_head_learns_from_teachers_where_they_say_more_than_the_labels(tmp_path: Path) -> None:
    """Teachers that call all neutral outweigh the labels."""
    from models.labels import OUTPUTS

    answers = np.zeros((128, OUTPUTS), dtype=np.float16)
    answers[:, 1] = 20
    network, _ = trained(tmp_path, epochs=8, answers=answers)
    assert moods(network) == {1: [1, 1], 2: [1, 1]}


def test_where_teachers_have_no_say_the_labels_decide(tmp_path: Path) -> None:
    from models.labels import OUTPUTS

    network, _ = trained(tmp_path, epochs=8, answers=np.full((128, OUTPUTS), np.nan, dtype=np.float16))
    assert moods(network) == {1: [2, 0], 2: [2, 0]}


def test_no_answer_to_one_risk_leaves_the_answers_to_others() -> None:
    import torch

    from models.labels import OUTPUTS
    from models.train.network.network import answer_costs

    answers = torch.zeros(2, OUTPUTS)
    answers[1, 3] = torch.nan
    logits = torch.ones(2, OUTPUTS, requires_grad=True)
    answer_costs(logits, answers).sum().backward()
    assert logits.grad is not None
    assert logits.grad[1, 3] == 0
    assert (logits.grad[1, 4:] != 0).all()
    assert torch.equal(logits.grad[0, 4:], logits.grad[1, 4:])


def moods(network: Any) -> dict[int, list[int]]:
    """By depth, the likeliest sentiment of good and of bad."""
    import torch

    good, bad = (word_tokeniser(*WORDS).token_to_id(word) for word in ("good", "bad"))
    with torch.no_grad():
        by_depth = network(torch.tensor([[good, 0], [bad, 0]]), torch.tensor([[1, 0], [1, 0]]))
    return {depth: logits[:, :3].argmax(dim=1).tolist() for depth, logits in by_depth.items()}


def test_padding_changes_nothing() -> None:
    import torch

    network = tiny_network(seed=5).eval()
    with torch.no_grad():
        bare = network(torch.tensor([[4, 5]]), torch.tensor([[1, 1]]))
        padded = network(torch.tensor([[4, 5, 0, 0]]), torch.tensor([[1, 1, 0, 0]]))
    for depth, logits in bare.items():
        assert torch.allclose(logits, padded[depth], atol=1e-6)


def test_a_sources_habit_is_a_prior_and_not_learnt() -> None:
    """Of a text that says nothing, even logits are the least loss, however lopsided its source is."""
    import torch

    from models.labels import OUTPUTS
    from models.train.data.batches import Texts
    from models.train.network.network import label_costs

    corpus = prepare(
        word_tokeniser(*WORDS), [Example("so", "x", sentiment=mood) for mood in [0] * 8 + [1] * 4 + [2] * 4]
    )
    assert np.exp(log_priors(corpus)).round(3).tolist() == [[0.5, 0.25, 0.25]]
    logits = torch.zeros(len(corpus), OUTPUTS, requires_grad=True)
    targets = Texts(corpus, torch.device("cpu")).batch(np.arange(len(corpus))).targets
    label_costs(logits, targets).sum().backward()
    assert logits.grad is not None
    assert logits.grad[:, :3].sum(dim=0).abs().max() < 1e-6


def test_unknown_labels_add_nothing_to_the_loss() -> None:
    import torch

    from models.labels import OUTPUTS
    from models.train.data.batches import Texts
    from models.train.network.network import label_costs

    examples = [Example("so", "x"), Example("very", "y", sentiment=0, sentiment_binary=True)]
    logits = torch.randn(2, OUTPUTS, requires_grad=True)
    targets = Texts(prepare(word_tokeniser(*WORDS), examples), torch.device("cpu")).batch(np.arange(2)).targets
    label_costs(logits, targets).sum().backward()
    assert logits.grad is not None
    assert not logits.grad[0].any()
    assert logits.grad[1, 0] != 0
    assert logits.grad[1, 1] == 0
    assert not logits.grad[1, 3:].any()


def test_linear_layers_round_in_rehearsal_as_the_served_ones_do(tmp_path: Path) -> None:
    import torch

    from models.train.network.quantisation import enable_fake_quantisation

    network = tiny_network(seed=6)
    inside, plain_head = network.encoder.encoder.layer[0].intermediate.dense, type(network.head)
    x = torch.linspace(-1, 3, 16)
    exact = inside(x)
    enable_fake_quantisation(network)
    rounded = inside(x)
    assert 0 < (rounded - exact).abs().max() < 0.05
    rounded.sum().backward()
    assert inside.weight.grad is not None
    assert torch.allclose(inside.weight.grad, x.expand(32, -1), atol=0.02)
    assert type(network.head) is plain_head


def test_adapting_learns_which_words_go_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from models.train.data.batches import BatchSize
    from models.train.loop import Budget, Machine, Rates, fit
    from models.train.network import masked_words as adapt

    monkeypatch.setattr(adapt, "FIRST_WORD", 4)
    torch.manual_seed(7)
    masked = adapt.MaskedLanguageModel(tiny_network(seed=7).encoder, mask_token=1)
    texts = tiny_texts()
    batch = texts.batch(np.arange(128))
    with torch.no_grad():
        before = float(masked.loss(batch))
    fit(
        masked,
        texts,
        Machine(torch.device("cpu"), torch.float32, BatchSize(32, 1_000)),
        budget=Budget(20),
        rates=Rates(encoder=1e-2, head=1e-2),
        seed=1,
        checkpoint=tmp_path / "adapted.pt",
        report=lambda line: None,
    )
    with torch.no_grad():
        after = float(masked.loss(batch))
    assert after < before / 2


def test_epochs_hold_every_text_as_often_as_its_passes_within_the_token_budget() -> None:
    from models.train.data.batches import BatchSize, plan_epoch

    draw = random.Random(2)
    words = [" ".join(["so"] * draw.randint(3, 64)) for _ in range(300)]
    corpus = prepare(word_tokeniser(*WORDS), [Example(w, "x", passes=1 + (i < 50)) for i, w in enumerate(words)])
    batches = plan_epoch(corpus, BatchSize(16, 400), np.random.default_rng(3))
    assert sorted(index for batch in batches for index in batch) == sorted([*range(300), *range(50)])
    for batch in batches:
        assert len(batch) <= 16
        assert len(batch) == 1 or len(batch) * corpus.lengths[batch].max() <= 400


def test_words_are_hidden_at_their_share_while_it_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from models.train.network import network as module

    monkeypatch.setattr(module, "FIRST_WORD", 4)
    network = tiny_network(1).train()
    network.hidden_words, network.mask_token = 0.25, 1
    torch.manual_seed(3)
    hidden = network._with_gaps(torch.full((100, 100), 4))
    assert 0.23 < float((hidden == 1).float().mean()) < 0.27
    assert torch.equal(network.eval()._with_gaps(torch.full((2, 2), 4)), torch.full((2, 2), 4))
