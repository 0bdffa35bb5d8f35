"""`pulsewatch score`'s rows: their shape, their order, and the line that cannot be read."""

import json

import pytest

from streams.compliance.rulebook import Rulebook
from streams.errors import UsageError
from streams.scoring.lines import BATCH_LINES, score_lines
from tests.fakes.scoring import WordClassifier


def rows(lines: list[str | bytes], rulebook: Rulebook) -> list[dict[str, object]]:
    return list(score_lines(lines, rulebook=rulebook, classifier=WordClassifier()))


def test_row_has_exactly_the_promised_fields(rulebook: Rulebook) -> None:
    line = json.dumps({"text": "bad，全网第一", "kind": "host_speech", "lang": "zh", "more": 1})
    (row,) = rows([line], rulebook)
    findings, verdict = row.pop("findings"), row.pop("verdict")
    assert row == {
        "sentiment": "negative",
        "sentiment_scores": {"negative": 0.9, "neutral": pytest.approx(0.1), "positive": 0.0},
        "risks": {"complaint": 0.9},
        "flagged": ["complaint"],
    }
    assert findings == [
        {
            "family": "absolute_claim",
            "rule": "absolute_claim.first",
            "article": "广告法 第九条第(三)项",
            "span": (4, 8),
            "matched": "全网第一",
            "severity": "warning",
            "said_by": "rule",
            "score": None,
            "jurisdiction": "CN",
        }
    ]
    assert verdict == {
        "says": "breach",
        "families": [
            {"family": "absolute_claim", "says": "breach", "rules": ("absolute_claim.first",), "likeness": None}
        ],
        "misleading": None,
    }


def test_rows_keep_the_order_of_many_lines_and_leave_blank_ones_out(rulebook: Rulebook) -> None:
    texts = [f"{'bad' if number % 3 == 0 else 'fine'} {number}" for number in range(2 * BATCH_LINES + 7)]
    lines = [json.dumps({"text": text, "kind": "comment"}).encode() for text in texts]
    found = rows([b"\n", *lines, b"  \n"], rulebook)
    assert [row["sentiment"] == "negative" for row in found] == [text.startswith("bad") for text in texts]


def test_text_that_the_model_cannot_read_has_no_sentiment(rulebook: Rulebook) -> None:
    (row,) = rows([json.dumps({"text": "strange", "kind": "review"})], rulebook)
    assert (row["sentiment"], row["risks"], row["flagged"], row["findings"]) == (None, {}, [], [])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 3"),
        ('{"text": "a"}', "kind"),
        ('{"text": 1, "kind": "comment"}', "text"),
        ('{"text": "a", "kind": "song"}', "song"),
        ("[]", "line 3"),
        ("[" * 100_000, "line 3"),
    ],
)
def test_line_that_cannot_be_read_is_left_out_and_named(line: str | bytes, says: str, rulebook: Rulebook) -> None:
    good, told = json.dumps({"text": "fine", "kind": "comment"}), list[str]()
    found = score_lines([good, "", line, good], rulebook=rulebook, classifier=WordClassifier(), on_left_out=told.append)
    assert [next(found)["sentiment"] for _ in range(2)] == ["neutral", "neutral"]
    with pytest.raises(UsageError, match=says) as raised:
        next(found)
    assert told == [str(raised.value)]
    assert told[0].startswith("line 3:")


def test_lines_that_cannot_be_read_are_counted_at_the_end(rulebook: Rulebook) -> None:
    good, bad = json.dumps({"text": "fine", "kind": "comment"}), "{"
    found = score_lines([bad, good, bad, *[good] * BATCH_LINES, bad], rulebook=rulebook, classifier=WordClassifier())
    before: list[dict[str, object]] = []
    with pytest.raises(UsageError, match=r"line 1: .*; 3 lines left out"):
        before.extend(found)
    assert len(before) == BATCH_LINES + 1


@pytest.mark.parametrize(
    "line",
    [
        '{"text": "cut emoji \\ud83d", "kind": "comment"}',
        b'\xef\xbb\xbf{"text": "bad", "kind": "comment"}',
        b'{"text": "\xff", "kind": "comment"}',
    ],
)
def test_line_with_half_an_emoji_or_a_byte_order_mark_is_a_row(line: str | bytes, rulebook: Rulebook) -> None:
    good = json.dumps({"text": "fine", "kind": "comment"})
    assert len(rows([good, line, good], rulebook)) == 3


def test_personal_data_is_masked_in_what_matched(rulebook: Rulebook) -> None:
    line = json.dumps({"text": "电话13812345678，全网第一", "kind": "host_speech"})
    (row,) = rows([line], rulebook)
    findings = row["findings"]
    assert isinstance(findings, list)
    assert {finding["family"]: finding["matched"] for finding in findings} == {
        "privacy_leak": "*" * 11, "absolute_claim": "全网第一",
    }  # fmt: skip
    assert "138" not in json.dumps(row)


def test_plain_line_is_a_text_of_the_kind_that_was_said(rulebook: Rulebook) -> None:
    lines: list[str | bytes] = [
        "全网第一\n",
        "\ufeffgood [x] {y}\r\n".encode(),
        json.dumps({"text": "bad", "kind": "comment"}),
    ]
    plain = score_lines(lines, rulebook=rulebook, classifier=WordClassifier(), plain_kind="host_speech")
    alike = [json.dumps({"text": text, "kind": "host_speech"}) for text in ("全网第一", "good [x] {y}")]
    assert list(plain) == rows([*alike, lines[2]], rulebook)


def test_plain_line_is_refused_where_no_kind_was_said(rulebook: Rulebook) -> None:
    with pytest.raises(UsageError, match="line 1"):
        rows(["good"], rulebook)


def test_row_of_a_foreign_text_says_why_it_has_no_score(rulebook: Rulebook) -> None:
    spanish, english = rows(
        [json.dumps({"text": text, "kind": "comment"}) for text in ("llegó todo roto y nadie responde", "bad parcel")],
        rulebook,
    )
    assert (spanish["sentiment"], spanish["flagged"], spanish["unscored"]) == (None, [], "language")
    assert (english["sentiment"], "unscored" in english) == ("negative", False)
