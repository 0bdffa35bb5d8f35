import msgspec
import pytest

from streams.detection.evidence import SHOWN_CHARACTERS, SHOWN_TEXTS, SPREADERS, EvidenceCollector, influence
from streams.events.schema import Actor
from tests.builders.records import text


def collect(*texts: tuple[str, str]) -> EvidenceCollector:
    """(account, words) in order."""
    collected = EvidenceCollector()
    for number, (account, words) in enumerate(texts):
        collected.add(text(0, number, actor=Actor(id=account), text=words), weight=1.0, opinionated=True)
    return collected


def test_many_people_with_many_words_are_not_coordinated() -> None:
    assert collect(*((f"a{n}", f"{n} own words") for n in range(60))).coordination() < 0.2


def test_few_accounts_are_coordinated() -> None:
    assert collect(*((f"a{n % 5}", f"{n} own words") for n in range(60))).coordination() == 1.0


def test_one_wording_from_many_accounts_is_coordinated() -> None:
    texts = [(f"a{n}", "Boycott them, now!" if n % 4 else f"{n} own words") for n in range(60)]
    assert collect(*texts).coordination() == 0.75


def test_wording_is_compared_without_signs_and_case() -> None:
    assert collect(*((f"a{n}", ("boycott  THEM！", "Boycott them...")[n % 2]) for n in range(30))).coordination() == 1.0


def test_nothing_is_said_of_a_dozen_texts() -> None:
    assert collect(*(("a1", "the same") for _ in range(12))).coordination() == 0.0


def test_neutral_texts_do_not_count_towards_coordination() -> None:
    collected = collect(*((f"a{n % 5}", f"{n} own words") for n in range(20)))
    for number in range(500):
        collected.add(text(0, number), weight=0.0, opinionated=False)
    assert collected.coordination() == 1.0


def test_spreaders_are_ranked_by_texts_and_reach() -> None:
    collected = collect(*([("busy", "x")] * 6), *([("quiet", "y")] * 2))
    collected.add(
        text(0, 99, actor=Actor(id="famous", followers=10_000_000, verified=True)), weight=1.0, opinionated=True
    )
    assert list(collected.spreaders()) == ["famous", "busy", "quiet"]


@pytest.mark.parametrize(
    ("actor", "worth"),
    [
        (None, 1.0),
        (Actor(id="a"), 1.0),
        (Actor(id="a", followers=99), 1.0),
        (Actor(id="a", followers=999_999), 5.0),
        (Actor(id="a", followers=999_999, verified=True), 7.5),
    ],
)
def test_influence_grows_with_each_tenfold_of_followers_and_with_a_verification(
    actor: Actor | None, worth: float
) -> None:
    assert influence(actor) == pytest.approx(worth)


def test_the_weightiest_texts_are_shown_first_and_cut() -> None:
    collected = EvidenceCollector()
    for number in range(50):
        collected.add(text(0, number, text="w" * 1_000), weight=float(number % 40), opinionated=True)
    evidence = collected.evidence()
    assert [one.origin.offset for one in evidence] == [39, 38, 37, 36, 35, 34, 33, 32]
    assert len(evidence) == SHOWN_TEXTS
    assert all(len(one.text) == SHOWN_CHARACTERS for one in evidence)


def test_size_is_bounded_and_the_heavy_accounts_stay_known() -> None:
    collected = EvidenceCollector()
    for number in range(20_000):
        account = "heavy" if number % 4 == 0 else f"a{number}"
        actor = Actor(id=account, followers=number + 1)
        collected.add(text(0, number, actor=actor, text=f"{number}"), weight=1.0, opinionated=True)
    assert "heavy" in collected.spreaders()
    assert len(collected.spreaders()) == SPREADERS
    assert collected.accounts["heavy"] == 5_000
    assert len(msgspec.msgpack.encode(collected)) < 25_000


def test_evidence_that_is_reset_is_as_new() -> None:
    collected = collect(("a", "x"), ("b", "y"))
    collected.shown.clear()
    collected.reset()
    assert collected == EvidenceCollector()
