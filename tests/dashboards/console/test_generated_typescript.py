"""The browser's types and words follow from Python."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from dashboards.console import generate
from streams.alerts.kinds import KINDS
from streams.chinese import in_traditional
from streams.engagement.dictionary import METRICS
from streams.events.codec import Reason
from streams.ingest.foreign import UnreadReason


def test_generated_typescript_is_up_to_date() -> None:
    assert generate.stale() == []


def test_changed_file_is_stale_and_fails_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "words.ts").write_text((generate.SOURCES / "words.ts").read_text())
    monkeypatch.setattr(generate, "SOURCES", tmp_path)
    assert generate.main(["--check"]) == 1
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    (tmp_path / "types.ts").write_text("")
    assert generate.stale() == ["types.ts"]


def test_pages_panels_are_interfaces_with_their_fields() -> None:
    written = generate.types()
    assert re.search(r"export interface RoomPanels \{\n  head: RoomHeader;\n  now: Now;", written)
    assert "\n  fired_at?: number | null;" in written
    assert "\n  span: [number, number];" in written


def test_every_metric_and_kind_has_words() -> None:
    written = generate.words()
    for name in [*(metric.id for metric in METRICS), *KINDS]:
        assert f"  {name}: [" in written


def test_every_reason_of_a_dead_letter_or_an_unread_message_has_words() -> None:
    own = (generate.SOURCES / "words.ts").read_text()
    assert [name for name in (*get_args(Reason), *get_args(UnreadReason)) if f"\n  {name}: [" not in own] == []


def test_browser_has_the_signs_and_digits_of_money_that_messages_have() -> None:
    written = generate.words()
    assert 'JPY: "JP¥"' in written
    assert re.search(r"MINOR_DIGITS.* BHD: 3, .* JPY: 0,", written)


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("在线人数", "線上人數"),
        ("账号（化名）", "帳號（化名）"),
        ("点赞", "點讚"),
        ("近一小时风险类型", "近一小時風險類型"),
    ],
)
def test_traditional_words_are_those_of_live_commerce(simplified: str, traditional: str) -> None:
    assert in_traditional(simplified) == traditional


def test_own_words_have_two_columns() -> None:
    rows = [
        json.loads(row)
        for row in re.findall(r"^  \w+: (\[.*\]),$", (generate.SOURCES / "words.ts").read_text(), re.MULTILINE)
    ]
    assert len(rows) > 200
    assert {len(row) for row in rows} == {2}
