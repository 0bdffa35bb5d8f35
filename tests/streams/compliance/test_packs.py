"""Each pack against its own examples: what must fire does, by the rule that says so; what must not, does not."""

import pytest

from streams.compliance.loader import PACKS_FOLDER, family_titles, read_packs
from streams.compliance.pack import Pack, Title, text_and_kind
from streams.compliance.rulebook import Rulebook
from streams.events.schema import TextKind

PACKS: list[Pack] = [pack for _, pack in read_packs(PACKS_FOLDER)]
VIEWERS: tuple[TextKind, ...] = ("comment", "review")
VIEWERS_FAMILIES = {"privacy_leak", "off_platform_diversion", "fake_engagement"}


def examples(wanted: str) -> list[object]:
    return [
        pytest.param(pack.family, rule.id, *text_and_kind(example, rule), id=f"{rule.id}-{number}")
        for pack in PACKS
        for rule in pack.rules
        for number, example in enumerate(getattr(rule, wanted))
    ]


@pytest.mark.parametrize(("family", "rule", "text", "kind"), examples("must_fire"))
def test_rule_fires_on_its_example(rulebook: Rulebook, family: str, rule: str, text: str, kind: TextKind) -> None:
    findings = [finding for finding in rulebook.check(text, kind) if finding.rule == rule]
    assert findings
    assert all(finding.family == family and finding.article for finding in findings)
    assert all(text[slice(*finding.span)] == finding.matched != "" for finding in findings)


@pytest.mark.parametrize(("family", "rule", "text", "kind"), examples("must_not"))
def test_family_does_not_fire_on_its_counterexample(
    rulebook: Rulebook, family: str, rule: str, text: str, kind: TextKind
) -> None:
    assert [finding for finding in rulebook.check(text, kind) if finding.family == family] == []


def test_every_family_has_a_title_in_three_languages() -> None:
    titles = family_titles()
    assert titles.keys() == {pack.family for pack in PACKS}
    assert len({title.zh for title in titles.values()}) == len({title.en for title in titles.values()}) == len(PACKS)
    assert titles["prize_draw"] == Title(zh="有奖销售", zh_hant="有獎銷售", en="Prize draw")


def test_every_pack_owns_up_to_its_sources() -> None:
    assert all("secondary sources" in pack.sources for pack in PACKS if not pack.checked_by_lawyer)


def test_advertising_families_never_apply_to_viewers() -> None:
    viewers = {rule.id for pack in PACKS for rule in pack.rules if set(rule.kinds) & set(VIEWERS)}
    assert {rule.split(".")[0] for rule in viewers} == VIEWERS_FAMILIES


@pytest.mark.parametrize("kind", VIEWERS)
def test_viewers_opinions_carry_no_advertising_family(rulebook: Rulebook, kind: TextKind) -> None:
    texts = [text_and_kind(ex, rule)[0] for pack in PACKS for rule in pack.rules for ex in rule.must_fire]
    assert {finding.family for text in texts for finding in rulebook.check(text, kind)} <= VIEWERS_FAMILIES
