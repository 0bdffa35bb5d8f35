"""Disclosure timers: each against its own texts and streams, mistakes with their line, and time as it is counted."""

import shutil
from pathlib import Path

import pytest

from streams.clock import MINUTE_MS
from streams.compliance.disclosure_timers import (
    CompiledTimer,
    DisclosureState,
    load_timers,
    matched_phrases,
    overdue_minutes,
)
from streams.compliance.loader import PACKS_FOLDER, PackError
from streams.compliance.pack import Stream
from streams.compliance.pack_checks import lint, run_examples
from streams.compliance.rulebook import Rulebook

TIMERS = {timer.timer.id: timer for timer in load_timers()}
US = TIMERS["ad_disclosure.live_us"]
STREAMS = [
    pytest.param(timer, stream, list(stream.fires), id=f"{timer.timer.id}-{wanted}-{number}")
    for timer in TIMERS.values()
    for wanted in ("must_fire", "must_not")
    for number, stream in enumerate(getattr(timer.timer, wanted))
]
TEXTS = [
    pytest.param(timer, what, text, wanted == "must_match", id=f"{timer.timer.id}-{what}-{wanted}-{number}")
    for timer in TIMERS.values()
    for what in ("commercial", "disclosure")
    for wanted in ("must_match", "must_not_match")
    for number, text in enumerate(getattr(getattr(timer.timer, what), wanted))
]
PACK = (PACKS_FOLDER / "ad_disclosure.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(("timer", "stream", "fires"), STREAMS)
def test_timer_fires_in_the_minutes_that_its_example_names(
    timer: CompiledTimer, stream: Stream, fires: list[int]
) -> None:
    assert overdue_minutes(timer, stream) == fires


@pytest.mark.parametrize(("timer", "what", "text", "matches"), TEXTS)
def test_timer_hears_its_examples(timer: CompiledTimer, what: str, text: str, *, matches: bool) -> None:
    assert getattr(timer, what).matches(text) is matches


def test_every_stream_that_must_fire_says_when() -> None:
    assert all(stream.fires for timer in TIMERS.values() for stream in timer.timer.must_fire)


def test_what_is_heard_has_its_span_in_the_text_as_it_came() -> None:
    text = "ＯＫ，這裡是絲絨官方旗艦店直播間"
    ((timer, what, span),) = matched_phrases(text, TIMERS.values())
    assert (timer.timer.id, what, text[slice(*span)]) == ("ad_disclosure.live_cn", "disclosure", "旗艦店直播間")


# minute       0     5     10    15    20
# sign         s
# captions     .  .  .                 .  .      ten minutes without a caption do not count
def test_time_in_which_nobody_is_heard_does_not_count() -> None:
    stretch = DisclosureState()
    stretch.on_sale_sign(0)
    for minute in (0, 3, 5, 20, 23):
        stretch.on_speech(US.timer, minute * MINUTE_MS)
    assert stretch.undisclosed_ms(US.timer) == 8 * MINUTE_MS


def test_disclosure_that_comes_late_counts_from_when_it_was_made() -> None:
    stretch = DisclosureState()
    stretch.on_sale_sign(0)
    for minute in range(15):
        stretch.on_speech(US.timer, minute * MINUTE_MS)
    stretch.on_disclosure(13 * MINUTE_MS)
    assert stretch.undisclosed_ms(US.timer) == MINUTE_MS
    stretch.on_disclosure(2 * MINUTE_MS)
    assert stretch.undisclosed_ms(US.timer) == MINUTE_MS


def test_stream_that_no_longer_sells_owes_nothing() -> None:
    stretch = DisclosureState()
    stretch.on_sale_sign(0)
    stretch.on_speech(US.timer, 29 * MINUTE_MS)
    assert stretch.since_ms is not None
    stretch.expire(US.timer, 31 * MINUTE_MS)
    assert stretch.since_ms is None
    assert not stretch.overdue(US.timer)


def test_session_that_its_feed_declares_to_sell_does_so_to_its_end() -> None:
    stretch = DisclosureState(declared=True)
    stretch.on_sale_sign(0)
    for minute in range(0, 90, 4):
        stretch.expire(US.timer, minute * MINUTE_MS)
        stretch.on_speech(US.timer, minute * MINUTE_MS)
    assert stretch.undisclosed_ms(US.timer) == 88 * MINUTE_MS


def draft(folder: Path, old: str, new: str) -> Path:
    assert old in PACK
    shutil.copytree(PACKS_FOLDER, folder, dirs_exist_ok=True)
    (folder / "ad_disclosure.yaml").write_text(PACK.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("old", "new", "near", "says"),
    [
        ("first_minutes: 30\n", "first_minutes: 0\n", "first_minutes: 30", ">= 1"),
        ("title_suffices: true\n", "title_suffices: perhaps\n", "title_suffices: true", "bool"),
        ("title_suffices: true\n", "title_sufices: true\n", "id: ad_disclosure.live_cn", "title_sufices"),
        ("id: ad_disclosure.live_us", "id: live_us", "id: ad_disclosure.live_us", "regex"),
        ("id: ad_disclosure.live_us", "id: ad_disclosure.live_cn", "id: ad_disclosure.live_cn", "is in ad_disclosure"),
        ("领(?:完|了|个)?券", "领(?:完|了|个?券", "领(?:完|了|个)?券", "is not a pattern"),
        ("words: [小黄车,", "words: ['{nothing}',", "words: [小黄车,", "no list is called nothing"),
        ("events: [product_shown,", "events: [product_hidden,", "events: [product_shown,", "product_hidden"),
        ("{minutes: 40, shows", "{minutes: 40, show", "{minutes: 40, shows", "unknown field `show`"),
    ],
)
def test_mistake_in_a_timer_is_told_with_its_line(tmp_path: Path, old: str, new: str, near: str, says: str) -> None:
    folder = draft(tmp_path, old, new)
    line = PACK[: PACK.index(near)].count("\n") + 1
    with pytest.raises(PackError) as raised:
        load_timers(folder)
    assert str(raised.value).startswith(f"{folder / 'ad_disclosure.yaml'}:{line}: ")
    assert says in str(raised.value)


def test_example_that_does_otherwise_is_told(tmp_path: Path, rulebook: Rulebook) -> None:
    folder = draft(tmp_path, "- {minutes: 40, shows: [1], fires: [31]}", "- {minutes: 40, shows: [1], fires: [20]}")
    path = folder / "ad_disclosure.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("- 【广告】周三专场\n", "- 周三专场\n", 1), encoding="utf-8"
    )
    _, remarks = run_examples(folder, rulebook)
    assert [remark.message for remark in remarks] == [
        "must match as a disclosure and does not: 周三专场",
        "must_fire, stream 1: fires in minutes [31], should in [20]",
    ]
    assert {remark.rule for remark in remarks} == {"ad_disclosure.live_cn"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("words: [小黄车,", "words: [小黄车, 小黄车,", "the word stands there twice: 小黄车"),
        ("- They sent me this blender for free\n", "- This is a paid partnership with GlowCo\n", "the example stands"),
        ("words: [广告合作,", "words: [广告合作, 广告合作,", "the word stands there twice: 广告合作"),
        (
            "- '(?:由|感谢)[^,。!?;]{1,16}(?:赞助|冠名)'",
            "- '(?:由[^,。!?;]{1,16}(?:赞助|冠名))?'",
            "the pattern matches nothing",
        ),
    ],
)
def test_lint_reads_timers_too(tmp_path: Path, rulebook: Rulebook, old: str, new: str, message: str) -> None:
    folder = draft(tmp_path, old, new)
    remarks = [remark for remark in lint(folder, rulebook) if remark.level == "warning"]
    assert any(remark.message.startswith(message) for remark in remarks)
