"""Precision and recall over texts that neither the packs nor their examples hold."""

from pathlib import Path

from streams.compliance.loader import PACKS_FOLDER, family_titles
from streams.compliance.rulebook import Rulebook
from streams.compliance.train_likeness import examples, read_labelled

EXAM = Path(__file__).parent / "exam.txt"
FAMILIES = set(family_titles())


def test_no_text_of_the_exam_was_learnt() -> None:
    assert {row.text for row in read_labelled(EXAM, FAMILIES)}.isdisjoint(row.text for row in examples(PACKS_FOLDER))


def test_exam_is_what_it_should_be() -> None:
    rows = read_labelled(EXAM, FAMILIES)
    assert {family for row in rows for family in row.families} == FAMILIES
    assert sum(not row.families for row in rows) >= len(rows) / 4


def test_rules_are_precise_and_find_most(rulebook: Rulebook) -> None:
    wrong, missed, right = [], [], 0
    for row in read_labelled(EXAM, FAMILIES):
        found = {finding.family for finding in rulebook.check(row.text, row.kind)}
        right += len(found & row.families)
        wrong += [(family, row.text) for family in found - row.families]
        missed += [(family, row.text) for family in row.families - found]
    assert right / (right + len(wrong)) >= 0.92, wrong
    assert right / (right + len(missed)) >= 0.85, missed
