"""What MediaCrawler writes, read by the presets: a row of each platform's files, with its columns."""

import json
from typing import Any

import pytest

from streams.errors import UsageError
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event
from streams.ingest.context import FeedContext
from streams.ingest.feed import Feed
from streams.ingest.mapping import mapped
from streams.ingest.preset import names, preset

NOW_MS = 1_790_000_000_000
AT_MS = NOW_MS - 3_600_000
SEEN = {"last_modify_ts": NOW_MS - 1000, "nickname": "n", "avatar": "", "ip_location": "上海"}
PERSON = {"user_id": "77", "gender": "f", "fans": "12", "follows": "3", **SEEN}
CONTENTS: dict[str, dict[str, Any]] = {
    "weibo": {"note_id": 9, "content": "新款发热", "create_time": AT_MS // 1000,
              "create_date_time": "2026-09-21 21:13:20+08:00", "liked_count": "120", "comments_count": "7",
              "shared_count": "3", "user_id": "77", **SEEN},
    "xiaohongshu": {"note_id": "9", "type": "normal", "title": "新款", "desc": "发热", "time": AT_MS,
                    "user_id": "77", "liked_count": "1.2万", "collected_count": "10万+", "comment_count": "5",
                    "share_count": "分享", **SEEN},
    "douyin": {"aweme_id": "9", "aweme_type": "0",
               "title": "新款发热", "desc": "新款发热", "create_time": AT_MS // 1000,
               "user_id": "77", "sec_uid": "s", "liked_count": "120", "collected_count": "None",
               "comment_count": "5", "share_count": "3", **SEEN},
    "bilibili": {"video_id": "9", "video_type": "video", "title": "新款", "desc": "发热", "create_time": AT_MS // 1000,
                 "user_id": "77", "liked_count": "120", "video_play_count": "9999", "video_favorite_count": "4",
                 "video_share_count": "3", "video_comment": "5", **SEEN},
    "kuaishou": {"video_id": "9", "video_type": "1", "title": "新款发热", "desc": "新款发热", "create_time": AT_MS,
                 "user_id": "77", "liked_count": "120", "viewd_count": "2.4万", **SEEN},
    "zhihu": {"content_id": "9", "content_type": "answer", "content_text": "<p>发热</p>", "title": "新款", "desc": "",
              "created_time": AT_MS // 1000, "voteup_count": 120, "comment_count": 5, "user_id": "77", **SEEN},
}  # fmt: skip
TOTALS = {
    "weibo": {"like": 120, "share": 3},
    "xiaohongshu": {"like": 12_000, "collect": 100_000},
    "douyin": {"like": 120, "share": 3},
    "bilibili": {"like": 120, "collect": 4, "share": 3},
    "kuaishou": {"like": 120},
    "zhihu": {"like": 120},
}
POST_ID = {"weibo": "note_id", "xiaohongshu": "note_id", "douyin": "aweme_id", "bilibili": "video_id",
           "kuaishou": "video_id", "zhihu": "content_id"}  # fmt: skip
COMMENT = {"comment_id": "c1", "content": "我的也是", "user_id": "78", "sub_comment_count": "0", **SEEN}


def read(of: str, *rows: dict[str, Any]) -> tuple[list[Event], Feed]:
    found = preset(f"mediacrawler/{of}")
    reader = Feed(mapped(found.mapping), FeedContext("crawl", found.platform, "acme", Pseudonyms(b"key")))
    return [event for row in rows for event in reader.read(json.dumps(row, ensure_ascii=False), NOW_MS)], reader


def comment(of: str, parent: Any) -> dict[str, Any]:
    time = {
        "publish_time" if of == "zhihu" else "create_time": AT_MS // (1 if of in ("kuaishou", "xiaohongshu") else 1000)
    }
    return {**COMMENT, **time, POST_ID[of]: "9"} | ({} if of == "kuaishou" else {"parent_comment_id": parent})


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("of", CONTENTS)
def test_post_and_its_totals_are_read(of: str, as_text: bool) -> None:
    row = {name: str(value) for name, value in CONTENTS[of].items()} if as_text else CONTENTS[of]
    (post, *totals), reader = read(of, row)
    assert (post.kind, post.platform, post.event_id, post.event_time_ms) == ("post", of, "crawl:9", AT_MS)
    assert "新款" in (post.text or "")
    assert "发热" in (post.text or "")
    assert (post.text or "").count("新款") == 1
    assert post.actor is not None
    assert {total.kind: total.value for total in totals} == TOTALS[of]
    assert {(total.value_mode, total.subject_id, total.event_time_ms) for total in totals} == {
        ("snapshot", "crawl:9", NOW_MS - 1000)
    }
    assert [reason for _, reason in reader.unread] == (["unknown_count"] if of == "xiaohongshu" else [])


@pytest.mark.parametrize("of", CONTENTS)
@pytest.mark.parametrize("none", [0, "0", "", None])
def test_comment_is_about_its_post(of: str, none: Any) -> None:
    (found,), reader = read(of, comment(of, none))
    assert (found.kind, found.text, found.subject_id, found.event_time_ms) == ("comment", "我的也是", "crawl:9", AT_MS)
    assert not reader.unread


@pytest.mark.parametrize("of", [name for name in CONTENTS if name != "kuaishou"])
def test_answer_to_a_comment_is_a_reply(of: str) -> None:
    assert [event.kind for event in read(of, comment(of, "c0"))[0]] == ["reply"]


def test_weibo_comment_whose_root_is_itself_is_no_reply() -> None:
    assert [event.kind for event in read("weibo", comment("weibo", "c1"))[0]] == ["comment"]


@pytest.mark.parametrize("of", CONTENTS)
def test_row_about_an_account_means_nothing_here(of: str) -> None:
    events, reader = read(of, PERSON | ({"total_fans": 5} if of == "bilibili" else {}))
    assert (events, reader.unread) == ([], {})


def test_row_of_another_collector_is_unread() -> None:
    events, reader = read("weibo", {"mid": 1, "text": "x"})
    assert events == []
    assert list(reader.unread) == [("(no rule)", "unknown_type")]


def test_bilibili_dynamic_is_a_post() -> None:
    row = {"dynamic_id": "5", "user_id": "77", "user_name": "n", "text": "新品", "type": "DRAW",
           "pub_ts": AT_MS // 1000,
           "total_comments": 1, "total_forwards": 2, "total_liked": 3, **SEEN}  # fmt: skip
    (post, *totals), _ = read("bilibili", row)
    assert (post.kind, post.text, {one.kind: one.value for one in totals}) == ("post", "新品", {"like": 3, "share": 2})


def test_unknown_preset_is_told_with_those_that_there_are() -> None:
    assert "mediacrawler/weibo" in list(names())
    with pytest.raises(UsageError, match=r"there is no mediacrawler/qq: .*mediacrawler/weibo"):
        preset("mediacrawler/qq")
    with pytest.raises(UsageError, match=r"there is no ../x"):
        preset("../x")
