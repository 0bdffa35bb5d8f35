"""What a text reads like where no rule matches it, and how that is learnt."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from streams.compliance.likeness import FastLikeness, Likeness, load_likeness, save_likeness
from streams.compliance.loader import PACKS_FOLDER, PackError, read_disguises
from streams.compliance.rulebook import Rulebook
from streams.compliance.train_likeness import THRESHOLD, Labelled, add_marked, digest, examples, learn, read_labelled


def _alike(likeness: Likeness, text: str) -> list[str]:
    scores = likeness.scores(text, "host_speech")
    return [family for family, score in scores.items() if score >= likeness.threshold]


PRAISED = ["这款面霜白得发光", "这款面霜白得透亮", "用完这款面霜白了", "面霜一用就白得很"]
PLAIN = ["这款面霜五十毫升", "面霜请放阴凉处", "面霜今天发货了", "面霜三瓶装好了"]


@pytest.fixture(scope="module")
def likeness(rulebook: Rulebook) -> Likeness:
    rows = [Labelled("host_speech", frozenset({"medical_claim"}), text) for text in PRAISED]
    return learn([*rows, *(Labelled("host_speech", frozenset(), text) for text in PLAIN)] * 2, rulebook)


def test_what_reads_like_the_examples_is_told_with_its_stretch_and_score(likeness: Likeness) -> None:
    text = "今天这款面霜白得发亮"
    assert _alike(likeness, text) == ["medical_claim"]
    start, end = likeness.span(text, "medical_claim")
    assert "白得" in text[start:end]


def test_what_reads_like_ordinary_examples_is_not(likeness: Likeness) -> None:
    assert _alike(likeness, "面霜请放阴凉处保存") == []


def test_stored_weights_give_the_same_answer(likeness: Likeness, tmp_path: Path) -> None:
    save_likeness(likeness, tmp_path)
    stored = load_likeness(tmp_path)
    assert stored is not None
    before, after = (each.scores("今天这款面霜白得发亮", "host_speech") for each in (likeness, stored))
    assert after == pytest.approx(before, abs=0.02)
    assert (stored.rules, stored.digest) == (likeness.rules, likeness.digest)
    assert stored.threshold == pytest.approx(likeness.threshold)


def test_glance_scores_as_the_whole_does(rulebook: Rulebook) -> None:
    likeness = load_likeness()
    assert likeness is not None
    families = ["fake_engagement", "off_platform_diversion"]
    glance = FastLikeness(likeness, families, "comment")
    for row in examples(PACKS_FOLDER)[::40]:
        text = rulebook.undisguised(row.text, "comment")
        whole = likeness.scores(text, "comment")
        assert glance.scores(text) == pytest.approx({family: whole[family] for family in families}, abs=0.002)


def test_file_that_is_no_likeness_is_named(tmp_path: Path) -> None:
    (tmp_path / "likeness.npz").write_bytes(b"PK\x05\x06" + bytes(18))
    with pytest.raises(PackError, match=r"likeness\.npz: not what `pulsewatch rules learn` writes"):
        load_likeness(tmp_path)


def test_shipped_likeness_was_learnt_from_the_shipped_examples() -> None:
    stored = load_likeness()
    assert stored is not None
    assert stored.digest == digest(examples(PACKS_FOLDER)), "run `pulsewatch rules learn`"


def test_finding_says_which_part_found_it(rulebook: Rulebook) -> None:
    told = set()
    for row in examples(PACKS_FOLDER)[::3]:
        for finding in rulebook.check(row.text, row.kind):
            told.add(finding.said_by)
            assert (finding.said_by == "likeness") == finding.rule.endswith(".likeness")
            if finding.said_by != "rule":
                assert finding.score is not None
                assert finding.score >= THRESHOLD
    assert told == {"rule", "likeness", "both"}


def test_match_in_a_text_that_reads_nothing_like_a_breach_is_excused(rulebook: Rulebook) -> None:
    likeness = load_likeness()
    assert likeness is not None
    doubting = Rulebook(
        rulebook.rules, read_disguises(PACKS_FOLDER), dataclasses.replace(likeness, offsets=likeness.offsets - 20)
    )
    text = "家人们这款面霜全网最低价，中奖的打13800138000"
    assert {finding.family for finding in rulebook.check(text, "host_speech")} == {"absolute_claim", "privacy_leak"}
    assert [finding.family for finding in doubting.check(text, "host_speech")] == ["privacy_leak"]
    excuses = {item.excuse for item in doubting.explain(text, "host_speech").considered}
    assert "likeness: reads like a breach of absolute_claim with 0.000 only" in excuses


def test_rule_that_was_not_learnt_is_not_doubted(tmp_path: Path) -> None:
    for path in PACKS_FOLDER.iterdir():
        shutil.copy(path, tmp_path)
    text = "面料克重二百二十克，颜色有灰绿两种，蓬蓬布三个字印在吊牌上"
    pack = (PACKS_FOLDER / "patent_claim.yaml").read_text(encoding="utf-8")
    rule = pack[pack.index("  - id: patent_claim.pending") :]
    new = rule.replace("patent_claim.pending", "patent_claim.new").replace(
        "    patterns:", "    words: [蓬蓬布]\n    patterns:", 1
    )
    (tmp_path / "patent_claim.yaml").write_text(pack.rstrip() + "\n" + new, encoding="utf-8")
    assert [finding.rule for finding in Rulebook.load(tmp_path).check(text, "host_speech")] == ["patent_claim.new"]


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
        read_labelled(tmp_path / "examples.txt", {"absolute_claim"})
    assert message in str(raised.value)


def test_marked_texts_join_the_examples_and_the_last_answer_counts(tmp_path: Path) -> None:
    folder = tmp_path / "packs"
    shutil.copytree(PACKS_FOLDER, folder)
    answered = examples(folder)[-1]
    rows = [
        {"text": answered.text, "kind": answered.kind, "absolute_claim": 1, "by": "alice"},
        {"text": "a text of another label", "complaint": 1},
    ]
    (tmp_path / "marked.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert add_marked(folder, tmp_path / "marked.jsonl") == 1
    found = [row.families for row in examples(folder) if (row.kind, row.text) == (answered.kind, answered.text)]
    assert found == [frozenset({"absolute_claim"})]
    assert len(examples(folder)) == len(examples(PACKS_FOLDER))
    (tmp_path / "marked.jsonl").write_text("no JSON\n", encoding="utf-8")
    with pytest.raises(PackError, match=r"marked\.jsonl:1"):
        add_marked(folder, tmp_path / "marked.jsonl")
