"""Precision and recall over texts that the packs' examples do not hold."""

from pathlib import Path
from typing import get_args

from streams.compliance.pack import Family
from streams.compliance.rulebook import Rulebook
from streams.events.schema import TextKind

EXAM = Path(__file__).parent / "exam.txt"


def exam() -> list[tuple[TextKind, set[str], str]]:
    """(kind, families, text) of every line."""
    rows = []
    for line in EXAM.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("# "):
            kind, families, text = (part.strip() for part in line.split("|", 2))
            known: dict[str, TextKind] = {kind: kind for kind in get_args(TextKind)}
            rows.append((known[kind], set() if families == "-" else set(families.split(",")), text))
    return rows


def test_exam_is_what_it_should_be() -> None:
    rows = exam()
    assert {family for _, families, _ in rows for family in families} == set(get_args(Family))
    assert sum(not families for _, families, _ in rows) >= len(rows) / 4


def test_rules_are_precise_and_find_most(rulebook: Rulebook) -> None:
    wrong, missed, right = [], [], 0
    for kind, families, text in exam():
        found = {finding.family for finding in rulebook.check(text, kind)}
        right += len(found & families)
        wrong += [(family, text) for family in found - families]
        missed += [(family, text) for family in families - found]
    assert right / (right + len(wrong)) >= 0.92, wrong
    assert right / (right + len(missed)) >= 0.85, missed
