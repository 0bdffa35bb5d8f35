import gzip
import json
import os
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from streams.errors import UsageError
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event
from streams.ingest.context import FeedContext
from streams.ingest.recorded import Replayed, platform, read, replay
from tests.fakes.playing import ListSink, Wall

CONTEXT = FeedContext("replay", "other", "shanye", Pseudonyms(b"key"))
FIRST = {"time": "2024-09-15T11:51:00+08:00", "platform": "bilibili", "text": "不贪小便宜", "bullying": 1}
LAST = {"time": "2024-09-15T12:51:00+08:00", "platform": "douyin", "text": "月饼?"}


def recording(folder: Path, *lines: Any) -> Path:
    path = folder / "stream.jsonl.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))
    return path


def played(path: Path, wall: Wall, **options: Any) -> tuple[Replayed, list[tuple[int, Event]]]:
    sink = ListSink(wall)
    told = replay(read(path), sink, context=CONTEXT, clock=wall, sleep=wall.sleep, **options)
    return told, [(at_ms, msgspec.json.decode(record.value or b"", type=Event)) for at_ms, record in sink.sent]


def test_replay_shifts_times_so_that_the_last_comment_is_at_its_end(tmp_path: Path) -> None:
    #  recorded  11:51 ........ 12:51        speed 60
    #  wall               t0 .. t0 + 60 s
    wall = Wall(1_790_000_000_000)
    told, events = played(recording(tmp_path, FIRST, LAST), wall, speed=60)
    (first_at_ms, first), (last_at_ms, last) = events
    assert (first_at_ms, last_at_ms) == (1_790_000_000_000, 1_790_000_060_000)
    assert last.event_time_ms == last_at_ms
    assert last.event_time_ms - first.event_time_ms == 3_600_000
    assert (told.comments, told.platforms) == (2, {"bilibili": 1, "douyin": 1})


@pytest.mark.parametrize("speed", [1, 7.5, 1e6, None])
def test_replay_never_sends_from_the_future(tmp_path: Path, speed: float | None) -> None:
    _, events = played(recording(tmp_path, FIRST, LAST), Wall(), speed=speed)
    assert all(event.event_time_ms <= at_ms for at_ms, event in events)


def test_replay_with_original_times_keeps_them(tmp_path: Path) -> None:
    _, events = played(recording(tmp_path, FIRST, LAST), Wall(), speed=3_600, original_times=True)
    assert [event.event_time_ms for _, event in events] == [1_726_372_260_000, 1_726_375_860_000]


def test_replay_again_is_new_comments(tmp_path: Path) -> None:
    path = recording(tmp_path, FIRST, LAST)
    wall = Wall()
    ids = [{event.event_id for _, event in played(path, wall, speed=3_600)[1]} for _ in range(2)]
    assert not ids[0] & ids[1]


def test_replay_refuses_a_speed_that_would_reach_into_the_future(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="speed is 1 or more"):
        played(recording(tmp_path, FIRST, LAST), Wall(), speed=0.5)


def test_event_carries_text_brand_and_platform_and_a_pseudonym_where_a_user_is_told(tmp_path: Path) -> None:
    path = recording(tmp_path, FIRST, LAST | {"user": "u-9", "followers": 12, "kind": "review", "lang": "zh"})
    _, ((_, anonymous), (_, named)) = played(path, Wall(), speed=None)
    assert (anonymous.kind, anonymous.text, anonymous.actor) == ("comment", "不贪小便宜", None)
    assert (named.kind, named.lang, named.brand_id, named.platform) == ("review", "zh", "shanye", "douyin")
    assert named.actor is not None
    assert (named.actor.followers, named.actor.id == "u-9") == (12, False)


@pytest.mark.parametrize(
    ("name", "ours"),
    [("douyin", "douyin"), ("抖音", "douyin"), (" B站", "bilibili"), ("Weibo", "weibo"), ("myspace", "other")],
)
def test_platform_is_from_the_closed_set(name: str, ours: str) -> None:
    assert platform(name) == ours


def test_read_sorts_by_time_and_understands_several_clocks(tmp_path: Path) -> None:
    lines = [{"time": moment, "text": "a"} for moment in ("2024-09-15T00:00:02", 1_726_358_401, 1_726_358_400_000)]
    assert [comment.at_ms for comment in read(recording(tmp_path, *lines)).comments] == [
        1_726_358_400_000,
        1_726_358_401_000,
        1_726_358_402_000,
    ]


def test_read_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone.jsonl.gz: no such file"):
        read(tmp_path / "gone.jsonl.gz")


def test_read_names_a_file_that_is_not_gzip_or_was_cut_short(tmp_path: Path) -> None:
    plain = tmp_path / "plain.jsonl"
    plain.write_text(json.dumps(FIRST))
    short = tmp_path / "short.jsonl.gz"
    short.write_bytes(recording(tmp_path, *[FIRST] * 500).read_bytes()[:60])
    for path in (plain, short):
        with pytest.raises(UsageError, match="not a whole gzip file"):
            read(path)


NOW_MS = 1_790_000_000_000


@pytest.mark.parametrize(
    ("time", "at_ms", "local"),
    [
        ("Mon Sep 21 22:13:20 +0800 2026", 1_790_000_000_000, False),
        ("Mon Sep 21 14:13:20 +0000 2026", 1_790_000_000_000, False),
        ("Mon Sep 21 08:43:20 -0530 2026", 1_790_000_000_000, False),
        ("1790000000", 1_790_000_000_000, False),
        ("1790000000.25", 1_790_000_000_250, False),
        ("Mon, 21 Sep 2026 22:13:20 +0800", 1_790_000_000_000, False),
        ("2026-09-21T22:13:20.000+0800", 1_790_000_000_000, False),
        ("1790000000000", 1_790_000_000_000, False),
        (1_790_000_000.25, 1_790_000_000_250, False),
        ("2026-09-21T22:13:20+08:00", 1_790_000_000_000, False),
        ("2026-09-21T14:13:20Z", 1_790_000_000_000, False),
        ("2026-09-21 22:13:20", 1_790_000_000_000, True),
        ("2026-09-21 22:13", 1_789_999_980_000, True),
        ("2026/9/21 22:13:20", 1_790_000_000_000, True),
        ("2026年9月21日 22:13", 1_789_999_980_000, True),
        ("20260921T221320", 1_790_000_000_000, True),
        ("2026-09-21", 1_789_920_000_000, True),
    ],
)
def test_read_understands_the_times_of_collectors_with_the_zone_given(
    tmp_path: Path, time: Any, at_ms: int, local: bool
) -> None:
    path = recording(tmp_path, {"time": time, "text": "发货太慢了", "platform": "微博"})
    read_here = read(path, zone=ZoneInfo("Asia/Shanghai"), clock=lambda: NOW_MS)
    assert [comment.at_ms for comment in read_here.comments] == [at_ms]
    assert read_here.without_offset == local


def test_read_knows_the_daylight_saving_of_a_zone(tmp_path: Path) -> None:
    lines = [{"time": f"2026-{day} 12:00", "text": "a"} for day in ("01-15", "07-15")]
    winter, summer = read(recording(tmp_path, *lines), zone=ZoneInfo("Europe/London"), clock=lambda: NOW_MS).comments
    assert (winter.at_ms, summer.at_ms) == (1_768_478_400_000, 1_784_113_200_000)


BAD: list[Any] = [
    {"text": "no time"}, {"time": "yesterday", "text": "a"}, {"time": 1e300, "text": "a"}, "words",
    {"time": 5, "text": 5},
    {"time": "2099-09-21T14:00:00Z", "text": "穿越"}, {"time": 0, "text": "a"}, {"time": "09-21 22:13", "text": "a"},
    {"time": "2026-02-30 10:00", "text": "a"}, {"time": "Mon Foo 21 22:13:20 +0800 2026", "text": "a"}, [], None, 7,
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_read_leaves_out_the_line_that_is_no_comment_and_names_it(tmp_path: Path, bad: Any) -> None:
    told = read(recording(tmp_path, FIRST, bad, LAST), clock=lambda: NOW_MS)
    assert [comment.number for comment in told.comments] == [1, 3]
    assert [line.number for line in told.left_out] == [2]
    assert told.left_out[0].why


def test_read_names_the_known_times_where_one_is_not_known(tmp_path: Path) -> None:
    told = read(recording(tmp_path, FIRST, {"time": "昨天 22:13", "text": "a"}))
    assert "Weibo's" in told.left_out[0].why


def test_read_of_no_comment_at_all_names_the_first_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"stream.jsonl.gz, line 1: no text"):
        read(recording(tmp_path, {"time": 5}))


def test_read_takes_half_an_emoji_a_byte_order_mark_and_numbers_in_strings(tmp_path: Path) -> None:
    lines = [
        b'\xef\xbb\xbf{"time":"1790000000","text":"cut \\ud83d","followers":"12","user":7412345678901234567}',
        b'{"time":1790000000,"text":"\xe5\xa5\xbd\xe7","verified":"true","lang":null}',
        b"{",
    ]
    path = tmp_path / "stream.jsonl.gz"
    path.write_bytes(gzip.compress(b"\n".join(lines)))
    told = read(path, clock=lambda: NOW_MS)
    first, second = (comment.line for comment in told.comments)
    assert (first.text, first.followers, first.user) == ("cut \ufffd", 12, "7412345678901234567")
    assert (second.text, second.verified, second.lang) == ("好\ufffd", True, None)
    assert [str(line) for line in told.left_out] == ["line 3: no JSON"]


def test_read_refuses_an_empty_recording(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no comments in it"):
        read(recording(tmp_path))


def test_recordings_at_hand_are_read_whole() -> None:
    folder = Path(os.environ.get("PULSEWATCH_DATA", "../shared/data")) / "streams"
    if not (folder / "INDEX.json").exists():
        pytest.skip(f"no recordings in {folder}: set PULSEWATCH_DATA to the folder of the data sets")
    index = {row["file"]: row["comments"] for row in json.loads((folder / "INDEX.json").read_text())}
    for name in ("i13.jsonl.gz", "i63.jsonl.gz"):
        assert len(read(folder / name).comments) == index[name]
        assert "other" not in read(folder / name).platforms
