"""Reasons for refusals: a sentence in each language, with the same places to fill."""

import re

import pytest

from streams.errors import UsageError
from streams.refusals import REFUSALS, Refused


@pytest.mark.parametrize("why", REFUSALS)
def test_refusal_has_both_languages_with_the_same_facts(why: str) -> None:
    chinese, english = (set(re.findall(r"\{(\w+)\}", sentence)) for sentence in REFUSALS[why])
    assert chinese == english
    assert re.search("[\u4e00-\u9fff]", REFUSALS[why][0])


def test_refusal_is_a_usage_error_that_says_its_english_sentence() -> None:
    error = Refused("campaign_length", days=31)
    assert isinstance(error, UsageError)
    assert (str(error), error.why, error.facts) == ("a campaign lasts 31 days at most", "campaign_length", {"days": 31})
