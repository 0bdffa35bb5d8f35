import json
from typing import Any

import msgspec
import pytest

from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event
from streams.ingest.context import FeedContext
from streams.ingest.feed import Feed
from streams.ingest.platforms import douyin
from streams.ingest.platforms.douyin import decode

AT_MS, RECEIVED_MS = 1_790_000_000_000, 1_790_000_000_400
CONTEXT = FeedContext("douyin-live", "douyin", "shanye", Pseudonyms(b"key"), room_id="room-2", gift_prices={"463": 10})


def decoded(kind: str, msg_id: int = 1, at: int = AT_MS, **fields: Any) -> list[Event]:
    common = {"msgId": msg_id, "roomId": 7, "createTime": at}
    user = {"id": 42, "nickName": "小明", "followInfo": {"followerCount": 1200}}
    message = {"method": f"Webcast{kind}Message", "common": common, "user": user, **fields}
    return decode(json.dumps(message).encode(), CONTEXT, RECEIVED_MS)


def test_chat_is_a_comment_of_a_pseudonym_with_reach() -> None:
    (event,) = decoded("Chat", content="这个怎么卖")
    assert (event.kind, event.text) == ("comment", "这个怎么卖")
    assert event.actor is not None
    assert event.actor.followers == 1200
    assert b"\xe5\xb0\x8f\xe6\x98\x8e" not in msgspec.json.encode(event)  # 小明, the name, goes nowhere


def test_gift_streak_of_two_people_with_the_same_group_are_two() -> None:
    mine = decoded("Gift", 1, giftId=463, repeatCount=2, repeatEnd=0, groupId=9)[0]
    yours = decoded("Gift", 2, giftId=463, repeatCount=5, repeatEnd=1, groupId=9, user={"id": 43})[0]
    assert mine.subject_id != yours.subject_id
    assert (mine.value, mine.final, mine.amount) == (2, False, 10)
    assert (yours.value, yours.final) == (5, True)


@pytest.mark.parametrize(("action", "kind"), [(1, "follow"), (3, "share")])
def test_social_by_its_action(action: int, kind: str) -> None:
    assert decoded("Social", action=action, followCount=88)[0].kind == kind


def test_social_with_another_action_means_nothing() -> None:
    assert decoded("Social", action=8) == []


def test_like_member_and_viewers() -> None:
    assert decoded("Like", count=6, total=9_000)[0].value == 6
    assert decoded("Member", memberCount=200)[0].kind == "enter"
    (event,) = decoded("RoomUserSeq", total=181, totalUser=9_000)
    assert (event.kind, event.value, event.value_mode) == ("viewers", 181, "snapshot")


def test_time_in_seconds_is_understood() -> None:
    assert decoded("Chat", at=AT_MS // 1000, content="1")[0].event_time_ms == AT_MS


def test_time_that_is_missing_is_when_it_was_received() -> None:
    assert decoded("Chat", at=0, content="1")[0].event_time_ms == RECEIVED_MS


def test_control_ends_the_session() -> None:
    assert decoded("Control", status=3)[0].kind == "session_end"
    assert decoded("Control", status=2) == []


def test_fan_club_means_nothing_here() -> None:
    assert decoded("Fansclub", content="加入了粉丝团") == []


def test_what_is_no_message_is_a_decode_error() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(b'{"method":"WebcastChatMessage","common":{"msgId":1,"createTime":"now"}}', CONTEXT, RECEIVED_MS)


def test_room_stats_are_the_viewers_of_now() -> None:
    long: dict[str, Any] = {"displayShort": "1.2万", "displayMiddle": "1.2万", "displayLong": "1.2万在线观众"}
    (event,) = decoded("RoomStats", **long, displayValue=12_034, total=12_034, displayType=1)
    assert (event.kind, event.value, event.value_mode) == ("viewers", 12_034, "snapshot")
    assert decoded("RoomStats", displayLong="1.2万人看过", displayValue=12_034, total=12_034) == []
    assert decoded("RoomStats", displayLong="88在线观众", total="88")[0].value == 88
    assert decoded("RoomStats", displayShort="1.2万", displayLong="1.2万在线观众")[0].value == 12_000
    assert decoded("RoomUserSeq", onlineUserForAnchor="10万+", totalPvForAnchor="30万")[0].value == 100_000
    assert decoded("RoomUserSeq", total="181", onlineUserForAnchor="1.2万")[0].value == 181


def test_totals_of_a_large_room_ride_along_as_strings() -> None:
    (likes,) = decoded("Like", count="6", total="9000")
    (viewers,) = decoded("RoomUserSeq", total="181", totalUser="9000")
    assert (likes.value, likes.total, viewers.value, viewers.total) == (6, 9_000, 181, 9_000)
    assert (likes.sampled, viewers.sampled) == (True, False)


@pytest.mark.parametrize("total", [0, "0", 5, None, "", -1, "many", 2**70])
def test_total_below_the_likes_of_its_message_is_none(total: Any) -> None:
    (likes,) = decoded("Like", count=6, total=total)
    assert (likes.value, likes.total, likes.sampled) == (6, None, True)


def test_user_whom_the_web_masks_is_marked_and_holds_in_the_room() -> None:
    user = {"id": "111111", "nickName": "小***", "secUid": "MS4wLj"}
    mine, again = (decoded("Chat", n, content="1", user=user)[0].actor for n in (1, 2))
    assert mine is not None
    assert mine == again
    assert mine.masked
    assert decoded("Chat", content="1", user={"id": "111111", "nickName": "小***"})[0].actor is None
    real = decoded("Chat", content="1", user={"id": "111111", "nickName": "小明"})[0].actor
    assert real is not None
    assert not real.masked


def test_status_of_a_stream_that_is_over_may_be_a_string() -> None:
    assert decoded("Control", status="3")[0].kind == "session_end"
    assert decoded("Control", action="3")[0].kind == "session_end"
    assert decoded("Control", status="2") == []


USER = {"Id": 111, "Nickname": "n", "FollowerCount": 1000}


@pytest.mark.parametrize(
    ("number", "data", "kind", "value"),
    [
        (1, {"Content": "发热"}, "comment", 1),
        (2, {"Count": 10, "Total": 100}, "like", 10),
        (3, {"CurrentCount": 200}, "enter", 1),
        (4, {}, "follow", 1),
        (5, {"GiftId": 1001, "GroupId": 5, "RepeatCount": 3, "DiamondCount": 10}, "gift", 3),
        (6, {"OnlineUserCount": 150, "TotalUserCount": 5000}, "viewers", 150),
        (8, {"ShareType": 1}, "share", 1),
        (9, {}, "session_end", 1),
    ],
)
def test_envelope_with_a_number_is_taken_off(number: int, data: dict[str, Any], kind: str, value: int) -> None:
    inner = json.dumps({"MsgId": 123456, "User": USER, "RoomId": "8888", **data})
    feed = Feed(douyin.DECODER, CONTEXT)
    (event,) = feed.read(json.dumps({"Type": number, "ProcessName": "x", "Data": inner}), RECEIVED_MS)
    assert (event.kind, event.value, event.event_id) == (kind, value, "douyin-live:123456")
    assert {reason for _, reason in feed.unread} <= {"unknown_price"}


@pytest.mark.parametrize("inner", ["payload", "data", "parsed"])
def test_envelope_beside_the_method_is_taken_off_and_several_come_at_once(inner: str) -> None:
    message = {"common": {"msgId": "7"}, "user": {"id": "1"}, "content": "发热"}
    feed = Feed(douyin.DECODER, CONTEXT)
    wrapped = {"method": "WebcastChatMessage", inner: message}
    events = feed.read(json.dumps([wrapped, message | {"method": "WebcastChatMessage"}]), RECEIVED_MS)
    assert [event.event_id for event in events] == ["douyin-live:7"] * 2


def test_number_that_nobody_knows_is_unread() -> None:
    feed = Feed(douyin.DECODER, CONTEXT)
    assert feed.read(json.dumps({"Type": 12, "Data": json.dumps({"MsgId": 1})}), RECEIVED_MS) == []
    assert list(feed.unread) == [("Type 12", "unknown_type")]
