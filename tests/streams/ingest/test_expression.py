"""JMESPath expressions: read once, with the place of a slip, and bounded."""

import pytest

from streams.ingest.expression import MAX_CHARS, Expression, ExpressionError
from streams.ingest.foreign import ForeignError

MESSAGE = {
    "data": {"user": {"id": 7}, "items": [{"type": "chat", "text": "a"}, {"type": "gift"}]},
    "extra": '{"lang": "zh"}',
    "html": "<p>Warm &amp; dry</p>",
    "tags": "a,b",
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("data.user.id", 7),
        ("data.user.id.none", None),
        ("data.items[?type=='chat'].text | [0]", "a"),
        ("missing || html", "<p>Warm &amp; dry</p>"),
        ("from_json(extra).lang", "zh"),
        ("from_json(tags)", None),
        ("from_json(missing)", None),
        ("split(tags, ',')", ["a", "b"]),
        ("lower('ABC')", "abc"),
        ("plain_text(html)", "Warm & dry"),
        ('"data"."user"', {"id": 7}),
    ],
)
def test_expression_finds_what_it_names(text: str, found: object) -> None:
    assert Expression(text).of(MESSAGE) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("a[", r"character 3: it ends too early — a\[⟨here⟩"),
        ("Order No", "a name that is no plain word stands in double quotes: '\"Order No\"'$"),
        ("评价编号", "stands in double quotes: '\"评价编号\"'$"),
        ("user-id", "stands in double quotes: '\"user-id\"'$"),
        ("code == 7", "a number stands in backticks: `7`$"),
        ("a..b", r"character 3: '\.' cannot stand here — a\.⟨here⟩\.b"),
        ("a.b.$", r"character 5: Unknown token \$"),
        ("'abc", "character 1: Unclosed"),
        ("a || nofunction(b)", "character 6: there is no function nofunction"),
        ("join(',')", "character 1: .* 2 arguments, not 1"),
        ("`abc`", "single quotes"),
        ("a." * MAX_CHARS + "b", "1000 characters at most"),
        ("[" * 60 + "a" + "]" * 60, "nested deeper"),
    ],
)
def test_slip_is_told_with_its_place(text: str, says: str) -> None:
    with pytest.raises(ExpressionError, match=says):
        Expression(text)


@pytest.mark.parametrize("text", ["length(data.user.id)", "sort_by(data.items, &text)", "sum(data.items)", "max(tags)"])
def test_message_that_does_not_fit_is_unread_and_no_fault(text: str) -> None:
    with pytest.raises(ForeignError):
        Expression(text).of(MESSAGE)


def test_expression_that_multiplies_is_stopped() -> None:
    doubled = Expression("[@,@][]" + " | [@,@][]" * 25)
    with pytest.raises(ForeignError, match="too much work"):
        doubled.of([1, 2])
