import msgspec
import pytest

from streams.detection.evidence import SHOWN_CHARACTERS, SHOWN_TEXTS, SPREADERS, EvidenceCollector, Tone, influence
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
        collected.add(text(0, number, text=f"{number}" + "w" * 1_000), weight=float(number % 40), opinionated=True)
    evidence = collected.evidence()
    assert [one.origin.offset for one in evidence] == [39, 38, 37, 36, 35, 34, 33, 32]
    assert len(evidence) == SHOWN_TEXTS
    assert all(len(one.text) == SHOWN_CHARACTERS for one in evidence)


def test_wording_is_one_piece_of_evidence_with_its_number_and_reach() -> None:
    collected = EvidenceCollector()
    for number in range(30):
        wording = "Boycott them, now!" if number % 3 else f"{number} own words"
        actor = Actor(id=f"a{number}", followers=1_000)
        one = text(0, number, text=wording, actor=actor, platform="douyin", room_id="r1")
        collected.add(one, weight=1.0, opinionated=True)
    first, *others = collected.evidence()
    assert (first.text, first.count, first.reach) == ("Boycott them, now!", 20, 20_000)
    assert (first.platform, first.room_id) == ("douyin", "r1")
    assert len(others) == SHOWN_TEXTS - 1
    assert {one.count for one in others} == {1}


def test_wording_that_was_not_shown_at_first_has_all_of_its_texts() -> None:
    collected = EvidenceCollector()
    for number in range(SHOWN_TEXTS):
        collected.add(text(0, number, text=f"{number} strong words"), weight=3.0, opinionated=True)
    for number in range(40):
        collected.add(text(0, 100 + number, text="the same, weakly"), weight=0.5, opinionated=True)
    first, *_ = collected.evidence()
    assert (first.text, first.count) == ("the same, weakly", 40)


def test_emoji_alone_are_told_apart() -> None:
    collected = collect(("a1", "😡😡"), ("a2", "👎"), ("a3", "👎"))
    assert {one.text: one.count for one in collected.evidence()} == {"😡😡": 1, "👎": 2}


def test_each_tone_is_shown_by_its_own_texts() -> None:
    collected = EvidenceCollector()
    tones: tuple[Tone, ...] = ("harm", "praise", "talk", "praise")
    for number, tone in enumerate(tones):
        collected.add(text(0, number, text=tone), 1.0, opinionated=tone != "talk", tone=tone)
    assert [one.text for one in collected.evidence("harm")] == ["harm"]
    assert [(one.text, one.count) for one in collected.evidence("praise")] == [("praise", 2)]
    assert [one.text for one in collected.evidence(None)] == ["praise", "harm", "talk"]


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
