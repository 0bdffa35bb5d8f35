"""Atoms: no match without one, so that leaving out the patterns without any changes no finding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.compliance.loader import PACKS_FOLDER
from streams.compliance.matcher import Hit, Matcher, compile_pattern
from streams.compliance.prefilter import required_literals
from streams.compliance.rulebook import Rulebook
from streams.compliance.train_likeness import examples


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("最(?:好|低)", {"最好", "最低"}),
        ("抽(?:中|到)?奖", {"抽奖", "抽中奖", "抽到奖"}),
        ("(?:治疗|根治)[^,]{0,4}癌", {"治疗", "根治"}),
        ("[加+]微", {"加微", "+微"}),
        (r"\d+% off", {"% off"}),
        (r"\bBEST\b", {"best"}),
        ("(?:很|非常)*好", {"好"}),
        ("x{2,}y?", {"x"}),
        ("(?:好|[^a])", None),
        ("好*", None),
        ("[a-z]{3}", None),
        ("(?i)好", None),
    ],
)
def test_atoms_are_what_every_match_holds(pattern: str, expected: set[str] | None) -> None:
    assert required_literals(pattern) == (None if expected is None else frozenset(expected))


def test_every_pattern_of_the_packs_has_atoms(rulebook: Rulebook) -> None:
    """One without is searched for in every text: give it a character that it cannot do without."""
    assert [pattern for rule in rulebook.rules for pattern in rule.patterns if required_literals(pattern) is None] == []


def test_search_finds_what_each_pattern_finds_by_itself(rulebook: Rulebook) -> None:
    patterns = [(pattern, key) for key, rule in enumerate(rulebook.rules) for pattern in rule.patterns]
    matcher = Matcher([], patterns)
    compiled = [(compile_pattern(pattern), key) for pattern, key in patterns]
    for row in examples(PACKS_FOLDER)[::30]:
        text = rulebook.undisguised(row.text, row.kind)
        alone = [
            Hit(match.start(), match.end(), key)
            for pattern, key in compiled
            for match in pattern.finditer(text)
            if match.end() > match.start()
        ]
        assert sorted(matcher.search(matcher.scan(text))) == sorted(alone), text


_PIECES = st.sampled_from(["a", "b", "最", "好", "[ab]", "[^a]", r"\d", r"\b", ".", "^"])
_PATTERNS = st.recursive(
    _PIECES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{0,1}", "{2}", "{1,3}", "{0,2}?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)


@given(_PATTERNS, st.text(alphabet="ab最好1 AB", max_size=8))
def test_no_text_without_an_atom_matches(pattern: str, text: str) -> None:
    needed = required_literals(pattern)
    if needed is not None and not any(atom in text.lower() for atom in needed):
        assert compile_pattern(pattern).search(text) is None
