"""Messages that are odd, cut or absurd: what they tell is read, what they do not is counted, and nothing is made up."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event, Platform
from streams.ingest.context import FeedContext
from streams.ingest.feed import Feed
from streams.ingest.platforms import bilibili, douyin, jetstream, tiktok

AT_MS = 1_789_999_980_000
RECEIVED_MS = AT_MS + 1_500
DECODERS = {
    "tiktok": tiktok.DECODER, "douyin": douyin.DECODER, "bilibili": bilibili.DECODER, "bluesky": jetstream.DECODER,
}  # fmt: skip
COMMON = {"msg_id": "7412345678901234567", "create_time": str(AT_MS)}
USER = {"id": "6"}


def tt(kind: str, **fields: Any) -> tuple[Platform, Any]:
    return "tiktok", {"type": f"Webcast{kind}Message", "common": COMMON, "user": USER, **fields}


def dy(kind: str, **fields: Any) -> tuple[Platform, Any]:
    return "douyin", {"method": f"Webcast{kind}Message", "common": {"msgId": "7", "createTime": AT_MS}, **fields}


def bl(cmd: str, data: Any = None, **fields: Any) -> tuple[Platform, Any]:
    return "bilibili", {"cmd": cmd, **({} if data is None else {"data": data}), **fields}


def danmu(meta: Any, text: Any, user: Any) -> tuple[Platform, Any]:
    return bl("DANMU_MSG", info=[meta, text, user, [], []])


def js(record: Any, did: str = "did:plc:a", operation: str = "create") -> tuple[Platform, Any]:
    commit = {"operation": operation, "collection": "app.bsky.feed.post", "rkey": "k", "record": record}
    return "bluesky", {"did": did, "time_us": AT_MS * 1000, "kind": "commit", "commit": commit}


GOLD = {"uid": 6, "tid": "t", "timestamp": AT_MS // 1000, "price": 100, "coin_type": "gold"}
SUPER = {"id": 4, "uid": 6, "message": "hi", "ts": AT_MS // 1000}
META = [0, 1, 25, 1, AT_MS]
PB = b"\x08\x06\x52\x0b\x08\x01\x18\x02\x28\x90\x4e\x38\xff\xff\x7f"
"""A gift of the new protocol: its uid, and two pieces at 10,000 coins."""
TYPE_6 = b"\x08\x06\x28\x06"
CASES: list[tuple[tuple[Platform, Any], list[dict[str, Any]], set[str]]] = [
    # a message, what is read of it, why not more is
    (tt("Chat", content=["a"]), [], {"wrong_type"}),
    (tt("Chat", content=12345), [{"kind": "comment", "text": "12345"}], set()),
    (tt("Chat", content=""), [{"kind": "comment", "text": None}], set()),
    (tt("Chat", content="hi", user=None), [{"kind": "comment", "actor": None}], set()),
    (tt("Chat", content="hi", user=[]), [{"kind": "comment", "actor": None}], set()),
    (tt("Chat", content="hi", user={"id": "6", "follower_count": 1e30}), [{"kind": "comment", "followers": 0}], set()),
    (tt("Chat", content="hi", user={"id": "6", "follower_count": "-3"}), [{"kind": "comment", "followers": 0}], set()),
    (tt("Chat", content="hi", common={"create_time": -5}), [{"event_time_ms": RECEIVED_MS}], set()),
    (tt("Chat", content="hi", common={"create_time": "NaN"}), [{"event_time_ms": RECEIVED_MS}], set()),
    (tt("Chat", content="hi", common={"create_time": AT_MS * 1000}), [{"event_time_ms": AT_MS}], set()),
    (tt("Chat", content="hi", common={"create_time": "2026-09-21T14:13:00Z"}), [{"event_time_ms": AT_MS}], set()),
    (tt("Chat", content="hi", x=json.loads("[" * 400 + "]" * 400)), [{"text": "hi"}], set()),
    (tt("Like", count="-15", total="98000"), [], {"out_of_range"}),
    (tt("Like", count=15.5), [], {"wrong_type"}),
    (tt("Like", total="98000"), [{"kind": "like", "value": 0, "total": 98000}], set()),
    (tt("Like", count=15, total=str(2**63)), [{"kind": "like", "value": 15, "total": None}], set()),
    (tt("RoomUserSeq", total="-1"), [], {"out_of_range"}),
    (tt("RoomUserSeq", total="1.2万", total_user="4万"), [{"kind": "viewers", "value": 12000, "total": 40000}], set()),
    (tt("RoomUserSeq", total="12.3K"), [{"kind": "viewers", "value": 12300}], set()),
    (tt("RoomUserSeq", total="many"), [], {"wrong_type"}),
    (tt("Gift", gift_id=5655, repeat_count=-1), [], {"out_of_range"}),
    (tt("Gift", gift_id=5655, gift={"diamond_count": 2**60}), [{"kind": "gift", "amount": 0}], {"unknown_price"}),
    (tt("ImDelete", delete_msg_ids=[None, "", 0, {"a": 1}, "741"]), [{"retracts": "tiktok-live:741"}], set()),
    (tt("ImDelete", delete_msg_ids="741"), [{"retracts": "tiktok-live:741"}], set()),
    (tt("ImDelete", delete_msg_ids=741), [{"retracts": "tiktok-live:741"}], set()),
    (tt("ImDelete", delete_msg_ids=[]), [], {"missing_field"}),
    (tt("Caption", content="", sentence_id=4), [], {"missing_field"}),
    (tt("Social", action="follow"), [{"kind": "follow"}], set()),
    (tt("Social", action="SHARE"), [{"kind": "share"}], set()),
    (tt("Social", action=9), [], {"unknown_type"}),
    (tt("Chat", content="hi", user={"id": "6", "follower_count": 10**12}), [{"followers": 0}], set()),
    (tt("Chat", content="hi", common={"msg_id": True, "create_time": 86_400}), [{"event_time_ms": RECEIVED_MS}], set()),
    (tt("Chat", content="hi", common={"create_time": AT_MS + 0.5}), [{"event_time_ms": AT_MS}], set()),
    (tt("Like", count=float("nan"), total="98000"), [{"kind": "like", "value": 0, "total": 98000}], set()),
    (tt("Like", count=True), [], {"wrong_type"}),
    (tt("Gift", gift_id=5, repeat_count=0, combo_count="5"), [{"kind": "gift", "value": 5}], {"unknown_price"}),
    (tt("ImDelete", delete_user_ids=["6"]), [{"kind": "account_deletion", "retracts": None}], set()),
    (
        tt("QuestionNew", user=None, details={"questionText": "does it fit?", "user": USER, "createTime": AT_MS}),
        [{"kind": "comment", "text": "does it fit?", "event_time_ms": AT_MS}],
        set(),
    ),
    (tt("QuestionNew", questionDetails={"questionText": "fit?"}), [{"kind": "comment", "text": "fit?"}], set()),
    (tt("QuestionNew", questionText="fit?"), [{"kind": "comment", "text": "fit?"}], set()),
    (tt("QuestionNew", details={}), [], {"missing_field"}),
    (tt("QuestionNew", details=["?"]), [], {"missing_field"}),
    (
        ("tiktok", {"event": "chat", "data": {"msgId": "7", "userId": "6", "comment": "hi", "createTime": str(AT_MS)}}),
        [{"kind": "comment", "text": "hi", "event_time_ms": AT_MS}],
        set(),
    ),
    (("tiktok", {"event": "roomUser", "data": {"viewerCount": 12}}), [{"kind": "viewers", "value": 12}], set()),
    (dy("RoomStats", displayValue=0, displayShort="1.2万"), [{"kind": "viewers", "value": 12_000}], set()),
    (dy("RoomStats", displayValue=0), [{"kind": "viewers", "value": 0}], set()),
    (("douyin", {"Type": "1", "Data": '{"MsgId":4,"Content":"hi"}'}), [{"kind": "comment", "text": "hi"}], set()),
    (tt("Social"), [], {"missing_field"}),
    (tt("BrandNewThing"), [], {"unknown_type"}),
    (("tiktok", {"type": 7, "common": COMMON}), [], {"no_type"}),
    (("tiktok", [tt("Chat", content="hi")[1], {"type": "X"}, 5]), [{"text": "hi"}], {"unknown_type", "not_json"}),
    (dy("RoomStats", displayLong="12.3万人看过", displayValue=123000), [], set()),
    (dy("RoomStats", displayLong="在线", displayValue=-1), [], {"missing_field"}),
    (dy("RoomUserSeq", onlineUserForAnchor="1万+"), [{"kind": "viewers", "value": 10000}], set()),
    (dy("Control", status="LIVE_ENDED"), [{"kind": "session_end"}], set()),
    (("douyin", {"Type": 1, "Data": "{broken"}), [], {"no_type"}),
    (("douyin", {"Type": 99, "Data": '{"MsgId":4}'}), [], {"unknown_type"}),
    (bl("SEND_GIFT", {**GOLD, "price": None, "num": 3}), [{"value": 3, "amount": 0}], {"unknown_price"}),
    (bl("SEND_GIFT", {**GOLD, "price": 100.5, "num": 3}), [{"value": 3, "amount": 10}], set()),
    (
        bl("SEND_GIFT", {**GOLD, "uid": 0, "sender_uinfo": {"base": {"name": "***"}}}),
        [{"actor": None}],
        {"masked_user"},
    ),
    (bl("SEND_GIFT_V2", {"pb": urlsafe_b64encode(PB).decode().rstrip("=")}), [{"value": 2, "amount": 1_000}], set()),
    (
        bl("LIVE_OPEN_PLATFORM_SEND_GIFT", {"open_id": "o", "gift_num": 2, "paid": True}),
        [{"value": 2, "amount": 0}],
        {"unknown_price"},
    ),
    (bl("LIVE_OPEN_PLATFORM_GUARD", {"open_id": "o", "guard_num": 2}), [{"value": 2, "amount": 0}], {"unknown_price"}),
    (bl("GUARD_BUY", {"uid": 6, "num": 1, "guard_level": 3}), [{"amount": 0}], {"unknown_price", "list_price"}),
    (
        bl("SUPER_CHAT_MESSAGE_JPN", {**SUPER, "price": 1_000, "currency": "JPY"}),
        [{"text": "hi"}, {"amount": 0}],
        {"other_currency"},
    ),
    (bl("SUPER_CHAT_MESSAGE", {**SUPER, "price": 30, "currency": "rmb"}), [{"text": "hi"}, {"amount": 3_000}], set()),
    (bl("SUPER_CHAT_MESSAGE_DELETE", {"ids": []}), [], {"missing_field"}),
    (
        bl("RECALL_DANMU_MSG", {"recall_type": 1, "target_id": "9f3a"}),
        [{"kind": "retraction", "retracts": "bilibili-live:9f3a"}],
        set(),
    ),
    (
        bl("RECALL_DANMU_MSG", {"target_id": 2**53 + 1}),
        [{"kind": "retraction", "retracts": f"bilibili-live:{2**53 + 1}"}],
        set(),
    ),
    (bl("RECALL_DANMU_MSG", {"target_id": 0}), [], {"missing_field"}),
    (bl("RECALL_DANMU_MSG", []), [], {"missing_field"}),
    (bl("INTERACT_WORD", {"uid": 6, "msg_type": 6}), [], {"unknown_type"}),
    (bl("INTERACT_WORD", {"uid": 6}), [], {"missing_field"}),
    (bl("INTERACT_WORD_V2", {"pb": urlsafe_b64encode(TYPE_6).decode()}), [], {"unknown_type"}),
    (bl("ONLINE_RANK_COUNT", {"count": 52, "online_count": 0}), [{"kind": "viewers", "value": 52}], set()),
    (bl("ONLINE_RANK_COUNT", {"count": "1万+"}), [{"kind": "viewers", "value": 10_000}], set()),
    (bl("LIKE_INFO_V3_UPDATE", {"click_count": "1.2万"}), [{"kind": "like", "total": 12_000}], set()),
    (bl("CUT_OFF_V2", {"msg": "违规"}), [{"kind": "notice", "text": "违规"}, {"kind": "session_end"}], set()),
    (bl("ROOM_LOCK", expire="2026-11-15 10:24:18"), [{"kind": "notice"}, {"kind": "session_end"}], set()),
    (danmu([0, 1, 25], "x", [6, "a"]), [], {"wrong_type"}),
    (danmu(META, "好看", {"uid": 6}), [], {"wrong_type"}),
    (danmu([*META[:4], str(AT_MS)], "好看", [6, "a"]), [{"kind": "comment", "event_time_ms": AT_MS}], set()),
    (bl("SEND_GIFT", []), [], {"missing_field"}),
    (bl("SEND_GIFT", {**GOLD, "num": -3}), [], {"out_of_range"}),
    (bl("SEND_GIFT", {**GOLD, "num": 0, "total_coin": 1000}), [{"value": 1, "amount": 100}], set()),
    (bl("GUARD_BUY", []), [], {"missing_field"}),
    (bl("LIKE_INFO_V3_CLICK", []), [], {"missing_field"}),
    (bl("LIVE_OPEN_PLATFORM_LIKE"), [], {"missing_field"}),
    (bl("ONLINE_RANK_COUNT", {"online_count_text": "41万+"}), [{"kind": "viewers", "value": 410_000}], set()),
    (bl("ONLINE_RANK_COUNT", {"count_text": "many"}), [], {"missing_field"}),
    (bl("ONLINE_RANK_COUNT", {"online_count": -1, "count": 3}), [{"kind": "viewers", "value": 3}], set()),
    (bl("LIKE_INFO_V3_UPDATE", {"click_count": "4001"}), [{"kind": "like", "value": 0, "total": 4001}], set()),
    (bl("SUPER_CHAT_MESSAGE", {**SUPER, "price": "30.50"}), [{"text": "hi"}, {"amount": 3050}], set()),
    (bl("SUPER_CHAT_MESSAGE", {**SUPER, "price": 30.0}), [{"text": "hi"}, {"amount": 3000}], set()),
    (bl("SUPER_CHAT_MESSAGE", {**SUPER, "price": "free"}), [{"text": "hi"}, {"amount": 0}], {"unknown_price"}),
    (bl("SUPER_CHAT_MESSAGE", {**SUPER, "price": 30, "message": None}), [{"text": None}, {"amount": 3000}], set()),
    (bl("INTERACT_WORD_V2", {"pb": "!!!!"}), [], {"wrong_type"}),
    (bl("SEND_GIFT_V2", {"pb": "CAESBAgB"}), [], {"wrong_type"}),
    (js({"createdAt": "x"}), [{"kind": "post", "text": None}], set()),
    (js({"text": 5}), [{"kind": "post", "text": "5"}], set()),
    (js({"text": ["a"]}), [], {"wrong_type"}),
    (js({"text": "hi", "langs": "en"}), [{"kind": "post", "lang": "en"}], set()),
    (js({"text": "hi"}, did=""), [], {"missing_field"}),
    (js({"text": "hi"}, operation="purge"), [], {"wrong_type"}),
]


def read(platform: Platform, message: Any) -> tuple[list[Event], set[str]]:
    room = None if platform == "bluesky" else "r9"
    source = platform if platform == "bluesky" else f"{platform}-live"
    feed = Feed(DECODERS[platform], FeedContext(source, platform, "lumo", Pseudonyms(b"key"), room_id=room, host="5"))
    events = feed.read(json.dumps(message), RECEIVED_MS)
    return events, {reason for _, reason in feed.unread}


@pytest.mark.parametrize(("given", "expected", "unread"), CASES, ids=range(len(CASES)))
def test_odd_message_is_read_as_far_as_it_tells(
    given: tuple[Platform, Any], expected: list[dict[str, Any]], unread: set[str]
) -> None:
    events, reasons = read(*given)
    found = [
        {
            name: event.actor and event.actor.followers if name == "followers" else getattr(event, name)
            for name in wanted
        }
        for event, wanted in zip(events, expected, strict=True)
    ]
    assert found == expected
    assert reasons == unread
