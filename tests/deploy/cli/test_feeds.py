"""`pulsewatch feeds`: what is typed before anything runs."""

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.cli.feeds import _status_lines
from deploy.cli.main import cli
from streams.ingest.feed_status import FeedStatus, GapStatus, UnreadStatus

FILE = """
feeds:
  - name: room
    kind: websocket
    url: ws://127.0.0.1:1/
    platform: tiktok
    brand: acme
    room: "105"
    headers: {X-Key: {env: PULSEWATCH_TEST_KEY}}
  - {name: posts, kind: sse, url: "https://h.test/s?q=1", mapping: {kind: post, id: id, text: text}}
"""
BRANDS = "brands:\n  - {id: acme, names: [Acme]}\n"
AT_MS = 1_790_000_000_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "feeds.yaml").write_text(FILE)
    (tmp_path / "brands.yaml").write_text(BRANDS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PULSEWATCH_TEST_KEY", "secret-key")
    return tmp_path


def run(*arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["feeds", *arguments], input=given)


def comment(number: int, text: str) -> str:
    return json.dumps(
        {"type": "Comment", "common": {"msg_id": str(number), "create_time": AT_MS}, "content": text, "user": {"id": 7}}
    )


def test_check_says_what_each_feed_is(folder: Path) -> None:
    result = run("check", "--brands", "brands.yaml")
    assert (result.exit_code, result.output.splitlines()) == (0, [
        "room: websocket ws://127.0.0.1:1/ (tiktok, room 105; acme)",
        "posts: sse https://h.test/s (other; the catalogue's 1 brand)",
        "2 feeds, nothing wrong",
    ])  # fmt: skip


def test_check_says_the_platform_of_a_preset(folder: Path) -> None:
    (folder / "feeds.yaml").write_text(
        "feeds:\n  - {name: crawl, kind: folder, path: data, preset: mediacrawler/weibo, brand: acme}\n"
    )
    assert "crawl: folder data (weibo; acme)" in run("check").output


def test_check_says_which_files_of_a_folder_are_passed_over(folder: Path) -> None:
    (folder / "feeds.yaml").write_text(
        "feeds:\n"
        "  - &crawl {name: whole, kind: folder, path: whole, preset: mediacrawler/weibo, brand: acme}\n"
        "  - {<<: *crawl, name: arrays, path: arrays}\n"
        "  - {<<: *crawl, name: empty, path: empty}\n"
        "  - {<<: *crawl, name: absent, path: absent}\n"
    )
    for place in ("whole/csv/posts.csv", "arrays/jsonl/posts.jsonl", "arrays/json/posts.json", "empty/.keep"):
        (folder / place).parent.mkdir(parents=True)
        (folder / place).touch()
    assert run("check").output.splitlines() == [
        "whole: folder whole (weibo; acme)",
        "arrays: folder arrays (weibo; acme)",
        "    1 file to read, 1 passed over by its `patterns`: json/posts.json",
        "empty: folder empty (weibo; acme)",
        "    there is no file yet",
        "absent: folder absent (weibo; acme)",
        "    there is no such file or folder yet",
        "4 feeds, nothing wrong",
    ]


def test_try_shows_a_text_of_several_lines_on_one(folder: Path) -> None:
    message = json.dumps({"id": 1, "text": "Acme\nis\tfine"}).encode()
    assert ": Acme is fine\n" in run("try", "posts", "-", "--brands", "brands.yaml", given=message).output


def test_check_misses_a_secret_and_a_catalogue(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "feed posts: give it a `brand`, or the catalogue" in str(run("check").exception)
    monkeypatch.delenv("PULSEWATCH_TEST_KEY")
    result = run("check", "--brands", "brands.yaml")
    assert str(result.exception) == "feeds.yaml: feed room: the variable PULSEWATCH_TEST_KEY is not set"


def test_try_shows_what_would_come_of_each_message(folder: Path) -> None:
    messages = [
        comment(1, "hi \u202eyou"),
        comment(1, "hi again"),
        '{"type": "RoomPin"}',
        '{"type": "New", "a": 1}',
        "[",
    ]
    (folder / "recording.jsonl.gz").write_bytes(gzip.compress("\n".join(messages).encode()))
    result = run("try", "room", "recording.jsonl.gz")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "     1 comment about acme at 2026-09-21 14:13:20 UTC: hi �you",
        "     2 comment about acme at 2026-09-21 14:13:20 UTC: hi again",
        "     3 – means nothing here",
        "     4 – New: unknown_type (this decoder does not know it)",
        "     5 – no type: not_json (no JSON)",
        "",
        "5 messages, 2 events",
        "       2 event comment",
        "       2 about acme",
        "       1 left out: means nothing here",
        "       1 left out: New: unknown_type (this decoder does not know it)",
        "       1 left out: no type: not_json (no JSON)",
    ]


def test_try_reads_from_a_pipe_and_prints_events_as_json(folder: Path) -> None:
    texts = b'{"id": 1, "text": "Acme is great"}\n{"id": 2, "text": "nothing"}\n'
    result = run("try", "posts", "-", "--brands", "brands.yaml", "--json", given=texts)
    (event,) = map(json.loads, result.output.splitlines())
    assert (event["brand_id"], event["text"], event["source"]) == ("acme", "Acme is great", "posts")
    shown = run("try", "posts", "-", "--brands", "brands.yaml", given=texts)
    assert "     2 – about no brand" in shown.output
    nothing = run("try", "posts", "-", "--brands", "brands.yaml", given=b'{"id": 2, "text": "nothing"}')
    assert nothing.exit_code == 1


def test_try_says_in_which_line_a_row_is_torn(folder: Path) -> None:
    (folder / "feeds.yaml").write_text(
        "feeds: [{name: crawl, kind: folder, path: data, brand: acme, mapping: {kind: post, id: id, text: text}}]"
    )
    rows = b'id,text,likes\n1,good,5\n2,"two\nlines",6\n3,torn\n4,good,7\n5,too,many,fields\n'
    lines = run("try", "crawl", "-", given=rows).output.splitlines()
    assert [line for line in lines if "–" in line] == [
        "     3 – line 5: 2 fields, the header has 3: no type: not_json (no JSON)",
        "     5 – line 7: 4 fields, the header has 3: no type: not_json (no JSON)",
    ]
    assert lines[-1] == "       2 left out: no type: not_json (no JSON); first at line 5: 2 fields, the header has 3"


def test_rooms_messages_are_read_from_a_folder_that_a_collector_apart_writes(folder: Path) -> None:
    """As TikTokLive gives them: protobuf's JSON, 64-bit numbers as texts, and the method."""
    (folder / "feeds.yaml").write_text(
        'feeds: [{name: apart, kind: folder, path: data, platform: tiktok, room: "105", brand: acme, coin_price: 1.3}]'
    )
    common = {"roomId": "9", "createTime": "1790000000000"}
    messages = [
        {"common": {**common, "msgId": "1"}, "user": {"id": "42"}, "content": "hi", "method": "WebcastChatMessage"},
        {"common": {**common, "msgId": "2"}, "user": {"id": "42"}, "giftId": "5655", "groupId": "7", "repeatCount": 3,
         "repeatEnd": 1, "gift": {"id": "5655", "diamondCount": 1}, "method": "WebcastGiftMessage"},
        {"common": {**common, "msgId": "3"}, "count": 15, "total": "980", "method": "WebcastLikeMessage"},
        {"common": {**common, "msgId": "4"}, "total": "312", "method": "WebcastRoomUserSeqMessage"},
    ]  # fmt: skip
    lines = run("try", "apart", "-", given="\n".join(map(json.dumps, messages)).encode()).output.splitlines()
    assert [line.split(" about")[0].split()[1:] for line in lines[:4]] == [
        ["comment"], ["gift", "3", "for", "1", "in", "minor", "units", "each"], ["like", "15"], ["viewers", "312"],
    ]  # fmt: skip


def test_try_of_an_unknown_feed_is_told(folder: Path) -> None:
    assert "feeds.yaml: no feed is called rooms; there are room, posts" in str(run("try", "rooms", "-").exception)


def test_status_says_how_a_feed_stands() -> None:
    now_ms = 100_000_000
    one = FeedStatus(
        "room", "websocket", "ws://h/", "waiting", state_since_ms=now_ms - 65_000, written_ms=now_ms - 3_600_000,
        last_message_ms=now_ms - 90_000, last_event_ms=now_ms - 90_700, cursor="17", error="it ended \x1b[31m",
        connects=3, messages=12, events=9, unmatched=1, repeated=2, refused={"too_large": 1}, gaps=2, gap_ms=61_000,
        gap_messages=4, last_gap=GapStatus(0, now_ms - 86_400_000, None, "no_cursor"),
        unread=[UnreadStatus("New", "unknown_type", 5, "this decoder does not know it", "{type: text(3)}")],
    )  # fmt: skip
    assert list(_status_lines(one, [], now_ms)) == [
        "room: waiting for 1 min 5 s, but its process wrote nothing for 1 h 0 min: it ended �[31m",
        "    websocket ws://h/",
        "    12 messages, the last 1 min 30 s ago, 700 ms behind its time; connected 3 times",
        "    9 events, 1 about no brand, 2 told before, 1 refused (too_large)",
        "    2 gaps, 1 min 1 s in all, 4 messages known to be missing; the last 1 d 0 h ago (no_cursor)",
        "    cursor 17",
        "    5 × New: unknown_type (this decoder does not know it)",
        "        {type: text(3)}",
    ]


@pytest.mark.parametrize(
    ("newest_ms", "said"),
    [(700, "700 ms behind its time"), (-400, "0 ms behind its time"), (-600_000, "its clock 10 min 0 s ahead")],
)
def test_status_says_how_far_a_feeds_clock_is_ahead(newest_ms: int, said: str) -> None:
    one = FeedStatus("room", "sse", "http://h/", last_message_ms=100_000_000, last_event_ms=100_000_000 - newest_ms)
    assert f", {said};" in list(_status_lines(one, [], 100_000_000))[2]


def test_try_reads_the_csv_of_a_folder_and_shows_what_was_paid(folder: Path) -> None:
    (folder / "feeds.yaml").write_text(
        "feeds:\n  - {name: till, kind: folder, path: data, brand: acme, mapping: "
        "{kind: payment, id: number, time: at, zone: Asia/Shanghai, value: n, amount: paid, amount_in: major}}\n"
    )
    (folder / "till.csv").write_text("\ufeffnumber,at,n,paid\n1,2026/09/21 22:13:20,2,199.00\n", encoding="utf-8")
    result = run("try", "till", "till.csv")
    assert result.output.splitlines()[0] == (
        "     1 payment 2 for 19,900 in minor units about acme at 2026-09-21 14:13:20 UTC"
    )
