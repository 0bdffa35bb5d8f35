"""How many texts a second all packs read, on one core."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from streams.compliance.loader import PACKS_FOLDER, read_packs
from streams.compliance.pack import text_and_kind
from streams.compliance.rulebook import Rulebook
from streams.errors import UsageError
from streams.events.schema import TextKind
from streams.ingest.recorded import read

MAX_TEXTS = 200_000


def run_rules(files: Sequence[Path], kind: TextKind, repeats: int) -> dict[str, Any]:
    """Texts of recorded streams (without one: the packs' examples), each checked once a round after one to warm up.

    Raises UsageError where there is no text.
    """
    texts = list(_texts(files))[:MAX_TEXTS]
    if not texts:
        raise UsageError("the files hold no text")
    rulebook = Rulebook.load()
    rates = []
    found = 0
    for _ in range(repeats + 1):
        start_seconds = time.process_time()
        found = sum(bool(rulebook.check(text, kind)) for text in texts)
        rates.append(len(texts) / (time.process_time() - start_seconds))
    rates = rates[1:]
    return {
        "kind": kind,
        "texts": len(texts),
        "mean_chars": round(sum(map(len, texts)) / len(texts), 1),
        "with_findings": found,
        "texts_per_second_and_core": round(median(rates)),
        "min": round(min(rates)),
        "max": round(max(rates)),
    }


def _texts(files: Sequence[Path]) -> Iterator[str]:
    if not files:
        for _, pack in read_packs(PACKS_FOLDER):
            for rule in pack.rules:
                yield from (text_and_kind(example, rule)[0] for example in (*rule.must_fire, *rule.must_not))
    for file in files:
        yield from (comment.line.text for comment in read(file).comments)
