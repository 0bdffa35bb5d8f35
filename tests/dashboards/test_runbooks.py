"""The runbooks: each in English and in Chinese, with the same parts and steps."""

import re
from pathlib import Path

import pytest

from dashboards.console.pages.alert import CHINESE_RUNBOOKS, RUNBOOKS

NAMED = re.compile(r"`([^`]+)`")


@pytest.mark.parametrize("name", sorted(RUNBOOKS))
def test_runbook_has_the_same_parts_and_steps_in_chinese(name: str) -> None:
    english, chinese = RUNBOOKS[name], CHINESE_RUNBOOKS[name]
    for mark in (r"^# ", r"^## ", r"^\d+\. ", r"^   - "):
        count = [len(re.findall(mark, text, re.MULTILINE)) for text in (english, chinese)]
        assert count[0] == count[1], (mark, count)
    assert {one for one in NAMED.findall(chinese) if one.startswith("PULSEWATCH_")} <= set(NAMED.findall(english))


def test_no_runbook_is_in_chinese_alone() -> None:
    assert set(CHINESE_RUNBOOKS) == set(RUNBOOKS)


def test_runbooks_name_runbooks_that_exist() -> None:
    for text in (*RUNBOOKS.values(), *CHINESE_RUNBOOKS.values()):
        assert {Path(name).name for name in re.findall(r"[a-z-]+\.md", text)} <= set(RUNBOOKS)
