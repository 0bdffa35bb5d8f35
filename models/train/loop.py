"""The training loop of one language: AdamW, warm-up, linear decay over the given budget, checkpoints to resume from.

The learning rate falls with the share of the budget that is spent, in processor minutes or in steps, whichever runs out
first: a run that is slowed down or paused still ends at zero. With a budget in steps alone, a run is reproducible by
its seed, cut off and resumed or not. What is exported is an exponential average of the weights over the last steps.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from models.train.batches import Batch, collate, encode, plan_epoch
from models.train.network import Network, Targets, deep_loss, log_priors
from models.train.sources import Example

AVERAGE_EVERY_STEPS = 5
AVERAGE_DECAY = 0.95  # a memory of about a hundred steps


@dataclass(frozen=True, slots=True)
class Budget:
    """When to stop, and how often to say where the run is; ``minutes`` are the process's own processor time."""

    steps: int
    minutes: float = math.inf
    checkpoint_steps: int = 50
    report_steps: int = 10


@dataclass(frozen=True, slots=True)
class Rates:
    """Learning rates at their peak, by part of the network."""

    encoder: float = 8e-5
    head: float = 1e-3
    warm_up_steps: int = 60
    weight_decay: float = 0.01


@dataclass(slots=True)
class Progress:
    """How far a run has come: what a checkpoint needs beside the weights."""

    step: int = 0
    epoch: int = 0
    batch_in_epoch: int = 0
    seconds: float = 0.0
    loss: float = 0.0
    started_from: str = ""
    """The revision of the packaged model whose weights the run began with."""


def train(
    network: Network,
    tokeniser: Tokenizer,
    examples: Sequence[Example],
    *,
    budget: Budget,
    seed: int,
    checkpoint: Path,
    resume: bool,
    started_from: str = "",
    report: Callable[[str], None],
    rates: Rates = Rates(),
    clock: Callable[[], float] = time.process_time,
) -> Progress:
    """Trains in place and returns how far it came; ``checkpoint`` always holds a whole state, once there is one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device).train()
    optimizer = _optimizer(network, rates)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(AVERAGE_DECAY))
    progress = _restore(checkpoint, network, average, optimizer) if resume and checkpoint.exists() else None
    progress = progress or Progress(started_from=started_from)
    priors = log_priors(examples)
    ids = encode(tokeniser, examples)
    lengths = [len(item) for item in ids]
    began = clock() - progress.seconds
    while not _spent(progress, budget):
        batches = plan_epoch(lengths, random.Random(f"{seed}:{progress.epoch}"))
        for indices in batches[progress.batch_in_epoch :]:
            progress.seconds = clock() - began
            if _spent(progress, budget):
                break
            _set_rates(optimizer, progress, budget, rates)
            batch = collate([ids[i] for i in indices], [examples[i] for i in indices], priors)
            torch.manual_seed(seed * 1_000_003 + progress.step)  # the same dropout whether resumed or not
            loss = _step(network, optimizer, batch, device)
            progress.loss = loss if progress.step == 0 else 0.98 * progress.loss + 0.02 * loss
            progress.step += 1
            progress.batch_in_epoch += 1
            if progress.step % AVERAGE_EVERY_STEPS == 0:
                average.update_parameters(network)
            if progress.step % budget.report_steps == 0:
                report(_line(progress, budget, len(batches)))
            if progress.step % budget.checkpoint_steps == 0:
                _save(checkpoint, network, average, optimizer, progress)
        else:
            progress.epoch += 1
            progress.batch_in_epoch = 0
    _save(checkpoint, network, average, optimizer, progress)
    return progress


def load_weights(network: Network, checkpoint: Path) -> Progress:
    """The averaged weights of a checkpoint, for export."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    averaged = AveragedModel(network)
    averaged.load_state_dict(state["average"])
    network.load_state_dict(averaged.module.state_dict())
    return Progress(**state["progress"])


def _step(network: Network, optimizer: torch.optim.Optimizer, batch: Batch, device: torch.device) -> float:
    targets = Targets(**{name: tensor.to(device) for name, tensor in _fields(batch.targets).items()})
    loss = deep_loss(network(batch.ids.to(device), batch.mask.to(device)), targets)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


def _fields(targets: Targets) -> dict[str, torch.Tensor]:
    return {name: getattr(targets, name) for name in targets.__slots__}


def _optimizer(network: Network, rates: Rates) -> torch.optim.Optimizer:
    head = [*network.head.parameters(), *network.exits.parameters()]
    matrices = [p for p in network.encoder.parameters() if p.ndim > 1]
    vectors = [p for p in network.encoder.parameters() if p.ndim <= 1]
    return torch.optim.AdamW(
        [
            {"params": matrices, "peak": rates.encoder, "weight_decay": rates.weight_decay},
            {"params": vectors, "peak": rates.encoder, "weight_decay": 0.0},
            {"params": head, "peak": rates.head, "weight_decay": 0.0},
        ],
        lr=0.0,
        fused=True,
    )


def _share(progress: Progress, budget: Budget) -> float:
    return max(progress.step / budget.steps, progress.seconds / (60 * budget.minutes))


def _spent(progress: Progress, budget: Budget) -> bool:
    return _share(progress, budget) >= 1


def _set_rates(optimizer: torch.optim.Optimizer, progress: Progress, budget: Budget, rates: Rates) -> None:
    factor = min(1.0, (progress.step + 1) / rates.warm_up_steps) * max(0.0, 1 - _share(progress, budget))
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor


def _line(progress: Progress, budget: Budget, batches: int) -> str:
    return (
        f"step {progress.step} of {budget.steps}  epoch {progress.epoch + progress.batch_in_epoch / batches:.2f}"
        f"  loss {progress.loss:.3f}  {progress.seconds / 60:.1f} of {budget.minutes} min"
        f"  {progress.seconds / progress.step:.2f} s a step"
    )


def _save(
    path: Path, network: Network, average: AveragedModel, optimizer: torch.optim.Optimizer, progress: Progress
) -> None:
    """Written beside and renamed, so that a run that is cut off leaves the checkpoint before."""
    state = {
        "network": network.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
        "progress": asdict(progress),
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def _restore(path: Path, network: Network, average: AveragedModel, optimizer: torch.optim.Optimizer) -> Progress:
    state = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(state["network"])
    average.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    return Progress(**state["progress"])
