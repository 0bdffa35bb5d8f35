"""Training, on an encoder small enough for a test. Needs torch, which only the train extra installs."""

from __future__ import annotations

import random
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
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return Network(BertModel(config, add_pooling_layer=False))  # type: ignore[no-untyped-call]  # transformers leaves it so


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


def trained(folder: Path, steps: int, resume: bool = False) -> Any:
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
        report=lambda line: None,
        rates=Rates(encoder=1e-2, head=1e-2, warm_up_steps=2),
    )
    return network, progress


def test_training_learns_and_is_repeatable(tmp_path: Path) -> None:
    import torch

    first, progress = trained(tmp_path, steps=20)
    again, _ = trained(tmp_path, steps=20)
    assert progress.step == 20
    assert progress.loss < 1.5
    assert torch.equal(first.head.weight, again.head.weight)


def test_training_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    _, before = trained(tmp_path, steps=10)
    _, after = trained(tmp_path, steps=15, resume=True)
    assert (before.step, after.step) == (10, 15)


def test_unknown_labels_add_nothing_to_the_loss() -> None:
    import torch

    from models.labels import OUTPUTS
    from models.train.network import masked_loss, to_targets
    from models.train.sources import Example

    logits = torch.randn(2, OUTPUTS, requires_grad=True)
    unknown = Example("a", "x")
    binary = Example("b", "x", sentiment=0, sentiment_binary=True)
    masked_loss(logits, to_targets([unknown, binary])).backward()
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
