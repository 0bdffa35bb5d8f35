"""The training loop of every stage: AdamW, warm-up, linear decay over the given budget, checkpoints to resume from.

The learning rate falls with the share of the budget that is spent, in epochs or in minutes, whichever runs out first: a
run that is slowed down still ends at zero. With a budget in epochs alone, a run is reproducible by its seed, cut off
and resumed or not. What counts afterwards is an exponential average of the weights over the last steps.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from models.train.data.batches import ON_CPU, ON_GPU, Batch, BatchSize, Indices, Texts, plan_epoch

AVERAGE_EVERY_STEPS = 5
AVERAGE_DECAY = 0.95  # a memory of about a hundred steps
TRIAL_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Budget:
    """When to stop, and how often to say where the run is."""

    epochs: float
    minutes: float = math.inf
    checkpoint_steps: int = 500
    report_steps: int = 100


@dataclass(frozen=True, slots=True)
class Rates:
    """Learning rates at their peak, by part of the network."""

    encoder: float
    head: float = 1e-3
    warm_up: float = 0.06
    weight_decay: float = 0.01


@dataclass(slots=True)
class Progress:
    """How far a run has come: what a checkpoint needs beside the weights."""

    step: int = 0
    epoch: int = 0
    batch_in_epoch: int = 0
    share: float = 0.0
    """Of the budget that is spent."""
    seconds: float = 0.0
    loss: float = 0.0
    machine: str = ""
    teachers: str = ""
    """Whose answers were learnt."""
    note: str = ""
    """What the model card should say of this run beside the recipe."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a run computes on, and in which number format."""

    device: torch.device
    format: torch.dtype
    batch: BatchSize

    @property
    def name(self) -> str:
        name = torch.cuda.get_device_name() if self.device.type == "cuda" else f"{torch.get_num_threads()} cores"
        return f"{name}, {str(self.format).removeprefix('torch.')}"

    def reduced(self) -> torch.autocast:
        """Where the format is faster than fp32, and exact enough: inside the network, not for its loss."""
        return torch.autocast(self.device.type, self.format, enabled=self.format is not torch.float32)


def this_machine() -> Machine:
    """A GPU where there is one; on a processor the format that it is faster with, which no flag tells.

    Without matrix units bfloat16 may take a hundred times as long, and AVX-512's bfloat16 half as long, as fp32.
    """
    if torch.cuda.is_available():
        return Machine(torch.device("cuda"), torch.bfloat16, ON_GPU)
    cpu = [Machine(torch.device("cpu"), number_format, ON_CPU) for number_format in (torch.float32, torch.bfloat16)]
    return min(cpu, key=_trial)


def _trial(machine: Machine) -> float:
    """Seconds that a linear layer takes there and back, at best of a few times."""
    layer, x = nn.Linear(384, 1536), torch.ones(TRIAL_TOKENS, 384)
    seconds = []
    for _ in range(4):
        began = time.perf_counter()
        with machine.reduced():
            out = layer(x)
        out.float().sum().backward()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


class Trainable(nn.Module):  # type: ignore[misc]  # torch is absent where the types are checked
    """What can be trained: its ``encoder`` learns at a rate of its own."""

    encoder: nn.Module

    def loss(self, batch: Batch) -> torch.Tensor:
        raise NotImplementedError


def fit(
    module: Trainable,
    texts: Texts,
    machine: Machine,
    *,
    budget: Budget,
    rates: Rates,
    seed: int,
    checkpoint: Path,
    report: Callable[[str], None],
    at: Mapping[float, Callable[[], None]] = {},
    teachers: str = "",
    clock: Callable[[], float] = time.monotonic,
) -> Progress:
    """Trains ``module`` in place and leaves the averaged weights in it.

    ``at`` names what is done once a share of the budget is spent. ``checkpoint`` always holds a whole state, once there
    is one.
    """
    module.to(machine.device).train()
    optimizer = _optimizer(module, rates)
    average = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(AVERAGE_DECAY))
    progress = _restore(checkpoint, module, average, optimizer) if checkpoint.exists() else Progress()
    progress.machine, progress.teachers = machine.name, teachers
    waiting = dict(at)
    began = clock() - progress.seconds
    while progress.share < 1:
        batches = plan_epoch(texts.corpus, machine.batch, np.random.default_rng((seed, progress.epoch)))
        for indices in batches[progress.batch_in_epoch :]:
            progress.seconds = clock() - began
            progress.share = _share(progress, budget, len(batches))
            if progress.share >= 1:
                break
            for share in [share for share in waiting if progress.share >= share]:
                waiting.pop(share)()
            _set_rates(optimizer, progress.share, rates)
            torch.manual_seed(seed * 1_000_003 + progress.step)  # the same dropout whether resumed or not
            with machine.reduced():
                cost = module.loss(texts.batch(indices))
            optimizer.zero_grad(set_to_none=True)
            cost.backward()
            nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimizer.step()
            progress.step += 1
            progress.batch_in_epoch += 1
            if progress.step % AVERAGE_EVERY_STEPS == 0:
                average.update_parameters(module)
            if progress.step % budget.report_steps == 0:
                progress.loss = float(cost.detach())
                report(_line(progress, budget, len(batches)))
            if progress.step % budget.checkpoint_steps == 0:
                _save(checkpoint, module, average, optimizer, progress)
        else:
            progress.epoch += 1
            progress.batch_in_epoch = 0
    _save(checkpoint, module, average, optimizer, progress)
    module.load_state_dict(average.module.state_dict())
    module.eval()
    return progress


def predict(
    network: nn.Module, texts: Texts, machine: Machine, batches: Sequence[Indices]
) -> dict[int, np.ndarray[Any, np.dtype[np.float32]]]:
    """The logits (texts, OUTPUTS) at each depth of a network in evaluation mode; NaN for texts that no batch has."""
    found: dict[int, np.ndarray[Any, np.dtype[np.float32]]] = {}
    with torch.inference_mode(), machine.reduced():
        for indices in batches:
            batch = texts.batch(indices)
            for depth, logits in network(batch.ids, batch.mask).items():
                rows = found.setdefault(depth, np.full((len(texts.corpus), logits.shape[1]), np.nan, dtype=np.float32))
                rows[indices] = logits.float().cpu().numpy()
    return found


def load_weights(module: nn.Module, checkpoint: Path) -> Progress:
    """The averaged weights of a checkpoint."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    averaged = AveragedModel(module)
    averaged.load_state_dict(state["average"])
    module.load_state_dict(averaged.module.state_dict())
    return Progress(**state["progress"])


def _optimizer(module: nn.Module, rates: Rates) -> torch.optim.Optimizer:
    encoder = list(module.encoder.parameters())
    inside = {id(p) for p in encoder}
    return torch.optim.AdamW(
        [
            {"params": [p for p in encoder if p.ndim > 1], "peak": rates.encoder, "weight_decay": rates.weight_decay},
            {"params": [p for p in encoder if p.ndim <= 1], "peak": rates.encoder, "weight_decay": 0.0},
            {"params": [p for p in module.parameters() if id(p) not in inside], "peak": rates.head, "weight_decay": 0},
        ],
        lr=0.0,
        fused=True,
    )


def _share(progress: Progress, budget: Budget, batches: int) -> float:
    epochs = progress.epoch + progress.batch_in_epoch / batches
    return max(epochs / budget.epochs, progress.seconds / (60 * budget.minutes))


def _set_rates(optimizer: torch.optim.Optimizer, share: float, rates: Rates) -> None:
    factor = min(1.0, share / rates.warm_up + 0.01) * (1 - share)
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor


def _line(progress: Progress, budget: Budget, batches: int) -> str:
    return (
        f"step {progress.step}  epoch {progress.epoch + progress.batch_in_epoch / batches:.2f} of {budget.epochs}"
        f"  loss {progress.loss:.3f}  {progress.seconds / 60:.1f} min"
        f"  {1000 * progress.seconds / progress.step:.0f} ms a step"
    )


def _save(
    path: Path, module: nn.Module, average: AveragedModel, optimizer: torch.optim.Optimizer, progress: Progress
) -> None:
    """Written beside and renamed, so that a run that is cut off leaves the checkpoint before."""
    state = {
        "network": module.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
        "progress": asdict(progress),
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def _restore(path: Path, module: nn.Module, average: AveragedModel, optimizer: torch.optim.Optimizer) -> Progress:
    state = torch.load(path, map_location="cpu", weights_only=True)
    module.load_state_dict(state["network"])
    average.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    return Progress(**state["progress"])
