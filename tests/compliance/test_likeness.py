"""What a text reads like where no rule matches it, and how that is learnt."""

from pathlib import Path

import pytest

from streams.compliance.learning import Labelled, digest, examples, learn, read_labelled
from streams.compliance.likeness import Likeness, load_likeness, save_likeness
from streams.compliance.loader import PACKS_FOLDER, PackError
from streams.compliance.rulebook import Rulebook

PRAISED = ["这款面霜白得发光", "这款面霜白得透亮", "用完这款面霜白了", "面霜一用就白得很"]
PLAIN = ["这款面霜五十毫升", "面霜请放阴凉处", "面霜今天发货了", "面霜三瓶装好了"]


@pytest.fixture(scope="module")
def likeness(rulebook: Rulebook) -> Likeness:
    rows = [Labelled("host_speech", frozenset({"medical_claim"}), text) for text in PRAISED]
    return learn([*rows, *(Labelled("host_speech", frozenset(), text) for text in PLAIN)] * 2, rulebook)


def test_what_reads_like_the_examples_is_told_with_its_stretch_and_score(likeness: Likeness) -> None:
    (found,) = likeness.read("今天这款面霜白得发亮", "host_speech")
    assert (found.family, "白得" in "今天这款面霜白得发亮"[found.start : found.end]) == ("medical_claim", True)
    assert likeness.threshold <= found.score < 1


def test_what_reads_like_ordinary_examples_is_not(likeness: Likeness) -> None:
    assert likeness.read("面霜请放阴凉处保存", "host_speech") == []


def test_stored_weights_give_the_same_answer(likeness: Likeness, tmp_path: Path) -> None:
    save_likeness(likeness, tmp_path)
    stored = load_likeness(tmp_path)
    assert stored is not None
    (before,), (after,) = (each.read("今天这款面霜白得发亮", "host_speech") for each in (likeness, stored))
    assert (after.family, after.start, after.end) == (before.family, before.start, before.end)
    assert after.score == pytest.approx(before.score, abs=0.02)


def test_file_that_is_no_likeness_is_named(tmp_path: Path) -> None:
    (tmp_path / "likeness.npz").write_bytes(b"PK\x05\x06" + bytes(18))
    with pytest.raises(PackError, match=r"likeness\.npz: not what `pulsewatch rules learn` writes"):
        load_likeness(tmp_path)


def test_shipped_likeness_was_learnt_from_the_shipped_examples() -> None:
    stored = load_likeness()
    assert stored is not None
    assert stored.digest == digest(examples(PACKS_FOLDER)), "run `pulsewatch rules learn`"


def test_finding_of_likeness_says_so_by_its_score(rulebook: Rulebook) -> None:
    for row in examples(PACKS_FOLDER):
        for finding in rulebook.check(row.text, row.kind):
            assert (finding.score is not None) == finding.rule.endswith(".likeness")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("host_speech | absolute_claim", "examples.txt:2: not `kind"),
        ("shout | - | 你好", "examples.txt:2: not `kind"),
        ("comment | praise | 你好", "examples.txt:2: no such family: praise"),
    ],
)
def test_line_that_cannot_be_read_is_told(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "examples.txt").write_text(f"# examples\n{line}\n", encoding="utf-8")
    with pytest.raises(PackError) as raised:
        read_labelled(tmp_path / "examples.txt")
    assert message in str(raised.value)
