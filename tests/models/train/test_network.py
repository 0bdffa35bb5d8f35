"""Training, on an encoder small enough for a test. Needs torch, which only the train extra installs."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch comes with the train extra only")
pytestmark = pytest.mark.torch

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "so", "very")


def tiny_network(seed: int) -> Any:
    import torch
    from transformers import BertConfig, BertModel

    from models.train.network import Network

    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return Network(BertModel(config, add_pooling_layer=False), exits=(1,))  # type: ignore[no-untyped-call]  # transformers leaves it so


def tiny_tokeniser() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokeniser = Tokenizer(models.WordLevel({word: row for row, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokeniser.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokeniser


def tiny_examples() -> list[Any]:
    from models.train.sources import Example

    draw = random.Random(1)
    return [
        Example(f"{draw.choice(['so', 'very'])} {word}", "x", sentiment=mood, risks={"abuse": (float(mood == 0), 1.0)})
        for word, mood in [("good", 2), ("bad", 0)] * 64
    ]


def trained(folder: Path, steps: int, resume: bool = False, report: Callable[[str], None] = lambda line: None) -> Any:
    from models.train.loop import Budget, Rates, train

    network = tiny_network(seed=3)
    progress = train(
        network,
        tiny_tokeniser(),
        tiny_examples(),
        budget=Budget(steps, checkpoint_steps=5),
        seed=1,
        checkpoint=folder / "checkpoint.pt",
        resume=resume,
        report=report,
        rates=Rates(encoder=1e-2, head=1e-2, warm_up_steps=2),
    )
    return network, progress


def test_training_learns_and_is_repeatable(tmp_path: Path) -> None:
    import torch

    first, progress = trained(tmp_path, steps=20)
    again, _ = trained(tmp_path, steps=20)
    assert progress.step == 20
    assert progress.loss < 2.0
    assert torch.equal(first.head.weight, again.head.weight)


def test_a_run_that_is_cut_off_and_resumed_ends_where_it_would_have(tmp_path: Path) -> None:
    import torch

    def cut_off(line: str) -> None:
        if line.startswith("step 10 "):
            raise KeyboardInterrupt

    (tmp_path / "whole").mkdir()
    whole, _ = trained(tmp_path / "whole", steps=20)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, steps=20, report=cut_off)
    resumed, progress = trained(tmp_path, steps=20, resume=True)
    assert progress.step == 20
    assert torch.equal(
        whole.encoder.embeddings.word_embeddings.weight, resumed.encoder.embeddings.word_embeddings.weight
    )


def test_what_is_exported_is_the_average_of_the_last_steps(tmp_path: Path) -> None:
    import torch

    from models.train.loop import load_weights

    last, progress = trained(tmp_path, steps=20)
    averaged = tiny_network(seed=4)
    assert load_weights(averaged, tmp_path / "checkpoint.pt") == progress
    assert not torch.equal(averaged.head.weight, last.head.weight)
    assert torch.allclose(averaged.head.weight, last.head.weight, atol=0.2)


def test_every_head_learns(tmp_path: Path) -> None:
    import torch

    network, _ = trained(tmp_path, steps=30)
    network.eval()
    good, bad = WORDS.index("good"), WORDS.index("bad")
    with torch.no_grad():
        by_depth = network(torch.tensor([[good, 0], [bad, 0]]), torch.tensor([[1, 0], [1, 0]]))
    assert list(by_depth) == [1, 2]
    for logits in by_depth.values():
        assert logits[:, :3].argmax(dim=1).tolist() == [2, 0]


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
    from models.train.network import log_priors, masked_loss, to_targets
    from models.train.sources import Example

    examples = [Example("a", "x", sentiment=mood) for mood in [0] * 8 + [1] * 4 + [2] * 4]
    priors = log_priors(examples)
    assert [round(2.718281828**value, 3) for value in priors["x"]] == [0.5, 0.25, 0.25]
    logits = torch.zeros(len(examples), OUTPUTS, requires_grad=True)
    masked_loss(logits, to_targets(examples, priors)).backward()
    assert logits.grad is not None
    assert logits.grad[:, :3].sum(dim=0).abs().max() < 1e-6


def test_unknown_labels_add_nothing_to_the_loss() -> None:
    import torch

    from models.labels import OUTPUTS
    from models.train.network import masked_loss, to_targets
    from models.train.sources import Example

    logits = torch.randn(2, OUTPUTS, requires_grad=True)
    unknown = Example("a", "x")
    binary = Example("b", "x", sentiment=0, sentiment_binary=True)
    masked_loss(logits, to_targets([unknown, binary], {})).backward()
    assert logits.grad is not None
    assert not logits.grad[0].any()
    assert logits.grad[1, 0] != 0
    assert logits.grad[1, 1] == 0
    assert not logits.grad[1, 3:].any()


def test_epochs_hold_every_text_once_within_the_token_budget() -> None:
    from models.train.batches import BATCH_TEXTS, BATCH_TOKENS, plan_epoch

    draw = random.Random(2)
    lengths = [draw.randint(3, 256) for _ in range(500)]
    batches = plan_epoch(lengths, draw)
    assert sorted(index for batch in batches for index in batch) == list(range(500))
    for batch in batches:
        assert len(batch) <= BATCH_TEXTS
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= BATCH_TOKENS
