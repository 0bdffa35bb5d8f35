"""Trains the likeness of texts to families on examples: those in the packs, and `examples.txt` beside them.

The examples are few and the pieces of text many: pieces that only one example has are left out, and the descent ends
early, which holds the weights back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np

from streams.compliance.likeness import Likeness, Weights, kind_piece, piece_names
from streams.compliance.loader import PackError, read_packs
from streams.compliance.pack import Pack, text_and_kind
from streams.compliance.rulebook import Rulebook
from streams.events.schema import TextKind

EXAMPLES_FILE = "examples.txt"
KINDS: tuple[TextKind, ...] = get_args(TextKind)
THRESHOLD = 0.18
"""Of texts that it was not learnt from and no rule matched, what reaches it is a breach nine times in ten."""
MIN_TEXTS = 2
"""A piece of one example alone is learnt by heart."""
STEPS = 150
RATE = 0.1
DECAY = 1e-5


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with the families that it breaks."""

    kind: TextKind
    families: frozenset[str]
    text: str


def read_labelled(path: Path, families: Collection[str]) -> list[Labelled]:
    """Reads lines of `kind | families or - | text`; `# ` opens a remark.

    Raises PackError with the line that is wrong, or names a family that is not one of `families`.
    """
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("# "):
            continue
        parts = [part.strip() for part in line.split("|", 2)]
        kind = next((kind for kind in KINDS if kind == parts[0]), None)
        if len(parts) != 3 or kind is None:
            raise PackError(f"{path}:{number}: not `kind | families or - | text` with a kind of {', '.join(KINDS)}")
        broken = frozenset(() if parts[1] == "-" else parts[1].split(","))
        if unknown := broken.difference(families):
            raise PackError(f"{path}:{number}: no such family: {', '.join(sorted(unknown))}")
        rows.append(Labelled(kind, broken, parts[2]))
    return rows


def examples(folder: Path) -> list[Labelled]:
    """All examples of a folder: those in its packs, then those in `examples.txt`. Raises PackError."""
    packs = [pack for _, pack in read_packs(folder)]
    path = folder / EXAMPLES_FILE
    beside = read_labelled(path, {pack.family for pack in packs}) if path.exists() else []
    return [*_in_packs(packs), *beside]


class _Marked(msgspec.Struct):
    """A line of `pulsewatch decisions export`, without its answer, which stands under the family's name."""

    text: str
    kind: TextKind = "comment"


def add_marked(folder: Path, marked: Path) -> int:
    """Write the families of marked texts into `examples.txt`; says how many texts that were. An answer there about the
    same text and kind is replaced. Raises PackError with the line that is wrong."""
    families = {pack.family for _, pack in read_packs(folder)}
    answers: dict[tuple[TextKind, str], dict[str, bool]] = {}
    for number, line in enumerate(marked.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row, known = msgspec.json.decode(line, type=_Marked), msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise PackError(f"{marked}:{number}: no marked text: {error}") from error
        named = {family: bool(known[family]) for family in families & known.keys()}
        if named:
            answers.setdefault((row.kind, " ".join(row.text.split())), {}).update(named)
    path = folder / EXAMPLES_FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if tuple(part.strip() for part in line.split("|", 2))[::2] not in answers]
    added = [
        f"{kind} | {','.join(sorted(family for family, breaks in named.items() if breaks)) or '-'} | {text}"
        for (kind, text), named in answers.items()
    ]
    path.write_text("".join(f"{line}\n" for line in [*kept, *added]), encoding="utf-8")
    return len(answers)


def digest(rows: Sequence[Labelled]) -> str:
    """Names the examples, so that what was learnt from others is known to be stale."""
    lines = sorted(f"{row.kind}|{','.join(sorted(row.families))}|{row.text}" for row in rows)
    return blake2b("\n".join(lines).encode(), digest_size=8).hexdigest()


def learn(rows: Sequence[Labelled], rulebook: Rulebook) -> Likeness:
    """Weights for texts as the rulebook reads them, its disguises undone, and for its families. Takes some seconds."""
    features = [{kind_piece(row.kind)} | piece_names(rulebook.undisguised(row.text, row.kind)) for row in rows]
    counts = Counter(name for names in features for name in names)
    kept = sorted({name for name, count in counts.items() if count >= MIN_TEXTS} | set(map(kind_piece, KINDS)))
    vocabulary = {name: place for place, name in enumerate(kept)}
    rarities = np.log1p(len(rows) / np.array([max(1, counts[name]) for name in kept], dtype=np.float32))
    table = np.zeros((len(rows), len(vocabulary)), dtype=np.float32)
    for row, names in zip(table, features, strict=True):
        places = [vocabulary[name] for name in names if name in vocabulary]
        row[places] = rarities[places] / np.linalg.norm(rarities[places])
    truth = np.array([[family in row.families for family in rulebook.families] for row in rows], dtype=np.float32)
    weights, offsets = _regress(table, truth)
    rules = frozenset(rule.rule.id for rule in rulebook.rules)
    weights *= rarities[:, np.newaxis]
    return Likeness(rulebook.families, vocabulary, weights, rarities, offsets, THRESHOLD, digest(rows), rules)


def _in_packs(packs: Sequence[Pack]) -> Iterator[Labelled]:
    for pack in packs:
        for rule in pack.rules:
            for families, texts in ((frozenset({pack.family}), rule.must_fire), (frozenset[str](), rule.must_not)):
                for text, kind in (text_and_kind(example, rule) for example in texts):
                    yield Labelled(kind, families, text)


def _regress(table: Weights, truth: Weights) -> tuple[Weights, Weights]:
    """Logistic regressions side by side, by Adam with weight decay (Kingma and Ba 2015)."""
    weights = np.zeros((table.shape[1], truth.shape[1]), dtype=np.float32)
    offsets = np.full(truth.shape[1], -3, dtype=np.float32)
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        wrong = 1 / (1 + np.exp(-(table @ weights + offsets))) - truth
        slope = table.T @ wrong / len(table) + DECAY * weights
        offsets -= 2 * wrong.mean(axis=0)
        mean = 0.9 * mean + 0.1 * slope
        square = 0.99 * square + 0.01 * slope * slope
        weights -= RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return weights, offsets
