import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Actor, Event
from streams.ingest.context import FeedContext
from streams.ingest.platforms.bilibili import decode

AT_MS, RECEIVED_MS = 1_790_000_000_000, 1_790_000_000_400
CONTEXT = FeedContext("bilibili-live", "bilibili", "lumo", Pseudonyms(b"key"), room_id="room-3")


def decoded(cmd: str, **fields: Any) -> list[Event]:
    return decode(json.dumps({"cmd": cmd, **fields}).encode(), CONTEXT, RECEIVED_MS)


def danmaku(text: str, uid: int = 5, own_id: str | None = "abc123") -> list[Any]:
    meta: list[Any] = [0, 1, 25, 16_777_215, AT_MS, 1_700_000_000, 0, "c", 0, 0, 0, "", 0, "{}", "{}"]
    if own_id is not None:
        meta.append({"extra": json.dumps({"id_str": own_id})})
    return [meta, text, [uid, "某人", 0], [], []]


def test_danmaku_out_of_its_nested_lists() -> None:
    (event,) = decoded("DANMU_MSG", info=danmaku("好看"))
    assert (event.kind, event.text, event.event_time_ms) == ("comment", "好看", AT_MS)
    assert event.event_id == "bilibili-live:abc123"
    assert event.actor is not None


def test_danmaku_command_may_carry_a_suffix() -> None:
    assert decoded("DANMU_MSG:4:0:2:2:2:0", info=danmaku("好看"))[0].kind == "comment"


def test_danmaku_without_an_id_is_named_by_who_what_and_when() -> None:
    first, again, other = (decoded("DANMU_MSG", info=danmaku("好看", uid, None))[0].event_id for uid in (5, 5, 6))
    assert first == again != other


def test_mirrored_danmaku_is_marked_and_has_an_id_of_its_own() -> None:
    (original,) = decoded("DANMU_MSG", info=danmaku("好看"))
    (mirrored,) = decoded("DANMU_MSG_MIRROR", info=danmaku("好看"))
    assert mirrored.is_mirror
    assert mirrored.event_id != original.event_id
    assert not original.is_mirror


@pytest.mark.parametrize("info", [[], [1], [[], "a", [1]], [[0] * 16, "a", [1]], [[0] * 5, 3, [1]]])
def test_danmaku_of_another_shape_is_a_decode_error_or_empty(info: list[Any]) -> None:
    if info:
        with pytest.raises(msgspec.DecodeError):
            decoded("DANMU_MSG", info=info)


def test_open_platform_danmaku() -> None:
    data = {"msg_id": "m-1", "open_id": "o-1", "msg": "在吗", "timestamp": AT_MS // 1000}
    (event,) = decoded("LIVE_OPEN_PLATFORM_DM", data=data)
    assert (event.event_id, event.text, event.event_time_ms) == ("bilibili-live:m-1", "在吗", AT_MS)


def test_gifts_price_is_in_thousandths_of_a_yuan() -> None:
    data = {"uid": 5, "tid": "77", "num": 3, "price": 1_000, "timestamp": AT_MS // 1000}
    (event,) = decoded("SEND_GIFT", data=data)
    assert (event.kind, event.value, event.amount) == ("gift", 3, 100)


def test_guard_is_a_gift_of_months() -> None:
    data = {"uid": 5, "guard_level": 3, "num": 1, "price": 198_000, "start_time": AT_MS // 1000}
    (event,) = decoded("GUARD_BUY", data=data)
    assert (event.kind, event.amount) == ("gift", 19_800)


def test_super_chat_is_words_and_money_and_only_the_words_are_deleted() -> None:
    said, paid = decoded(
        "SUPER_CHAT_MESSAGE", data={"id": 9, "uid": 5, "message": "加油", "price": 30, "ts": AT_MS // 1000}
    )
    assert (said.kind, said.text, paid.kind, paid.amount) == ("comment", "加油", "gift", 3_000)
    (deleted,) = decoded("SUPER_CHAT_MESSAGE_DELETE", data={"ids": [9]})
    assert deleted.retracts == said.event_id


@pytest.mark.parametrize(("msg_type", "kind"), [(1, "enter"), (2, "follow"), (3, "share")])
def test_interaction_by_its_type(msg_type: int, kind: str) -> None:
    data = {"uid": 5, "msg_type": msg_type, "timestamp": AT_MS // 1000}
    assert decoded("INTERACT_WORD_V2", data=data)[0].kind == kind


def test_likes_are_an_aggregate_of_two_seconds() -> None:
    data = {"open_id": "o-1", "like_count": 17, "timestamp": AT_MS // 1000}
    (event,) = decoded("LIVE_OPEN_PLATFORM_LIKE", data=data)
    assert (event.value, event.value_mode) == (17, "aggregate")


def test_unknown_command_means_nothing() -> None:
    assert decoded("STOP_LIVE_ROOM_LIST", data={"room_id_list": []}) == []


def varint(number: int) -> bytes:
    return bytes([number & 0x7F | 0x80]) + varint(number >> 7) if number > 0x7F else bytes([number])


def pb(*fields: tuple[int, int | str | bytes]) -> bytes:
    """Protobuf's wire format, by hand."""
    parts = []
    for number, value in fields:
        if isinstance(value, int):
            parts.append(varint(number << 3) + varint(value))
        else:
            data = value.encode() if isinstance(value, str) else value
            parts.append(varint(number << 3 | 2) + varint(len(data)) + data)
    return b"".join(parts)


def base64(data: bytes) -> str:
    return b64encode(data).decode()


def test_viewers_go_on_beyond_ten_thousand() -> None:
    data = {"count": 10_001, "count_text": "1万+", "online_count": 415_011, "online_count_text": "41万+"}
    (event,) = decoded("ONLINE_RANK_COUNT", data=data)
    assert (event.kind, event.value) == ("viewers", 415_011)
    assert decoded("ONLINE_RANK_COUNT", data={"count": "88"})[0].value == 88
    assert decoded("ONLINE_RANK_COUNT", data={"count": 88, "online_count": "88+"})[0].value == 88


@pytest.mark.parametrize(
    ("gift", "money"),
    [
        ({"num": 10, "price": 100, "coin_type": "silver", "total_coin": 1_000}, [(10, 0)]),
        ({"num": 10, "price": 100, "coin_type": "gold", "total_coin": 1_000}, [(10, 10)]),
        ({"num": "2", "price": "1000", "coin_type": "gold"}, [(2, 100)]),
        (
            {
                "num": 1,
                "price": 99_000,
                "coin_type": "gold",
                "total_coin": 15_000,
                "blind_gift": {"original_gift_price": 15_000},
            },
            [(1, 1_500)],
        ),
        ({"num": 2, "price": 99_000, "coin_type": "gold", "blind_gift": {"original_gift_price": 15_000}}, [(2, 1_500)]),
        ({"num": 1, "price": 99_000, "coin_type": "gold", "total_coin": 15_000, "blind_gift": None}, [(1, 1_500)]),
        ({"num": 3, "price": 1_000, "coin_type": "gold", "total_coin": 2_000}, [(1, 66), (2, 67)]),
        ({"num": 1, "price": 1_000, "coin_type": "gold", "total_coin": 0}, [(1, 0)]),
    ],
)
def test_gift_counts_what_was_paid_to_the_fen(gift: dict[str, Any], money: list[tuple[int, int]]) -> None:
    events = decoded("SEND_GIFT", data={"uid": 5, "tid": "t1", "timestamp": AT_MS // 1000, **gift})
    assert [(event.value, event.amount) for event in events] == money
    assert len({event.event_id for event in events}) == len(events)
    assert events[0].event_id == "bilibili-live:t1"


@pytest.mark.parametrize(
    ("gift", "amount"),
    [
        ({"price": 100, "r_price": 100, "paid": False}, 0), ({"price": 1_000, "r_price": 900, "paid": True}, 90),
        ({"price": 1_000, "paid": "true"}, 100), ({"price": 1_000, "paid": 0}, 0),
        ({"price": 9_000, "r_price": 9_000, "paid": True, "blind_gift": {"blind_gift_id": 7, "status": True}}, 1_500),
        ({"price": 9_000, "r_price": 9_000, "paid": True, "blind_gift": {"blind_gift_id": 8, "status": True}}, 0),
        ({"price": 9_000, "r_price": 9_000, "paid": True, "blind_gift": {"blind_gift_id": 0, "status": False}}, 900),
    ],
)  # fmt: skip
def test_open_platform_gift_counts_what_was_paid(gift: dict[str, Any], amount: int) -> None:
    data = {"open_id": "o-1", "msg_id": "m1", "gift_num": 10, "timestamp": AT_MS // 1000, **gift}
    context = replace(CONTEXT, gift_prices={"7": 1_500})
    (event,) = decode(json.dumps({"cmd": "LIVE_OPEN_PLATFORM_SEND_GIFT", "data": data}).encode(), context, RECEIVED_MS)
    assert (event.value, event.amount) == (10, amount)


def test_gift_of_the_new_protocol_is_read_out_of_its_protobuf() -> None:
    plain = pb((1, 30_607), (3, 2), (5, 1_000), (7, 2_000), (8, "gold"), (9, "t9"), (10, AT_MS // 1000))
    silver = pb((1, 1), (3, 5), (5, 100), (8, "silver"), (10, AT_MS // 1000))
    (first, second) = decoded("SEND_GIFT_V2", data={"dmscore": 1, "pb": base64(pb((1, 5), (10, plain), (10, silver)))})
    assert (first.value, first.amount, first.event_time_ms) == (2, 100, AT_MS)
    assert (second.value, second.amount) == (5, 0)
    assert first.actor == CONTEXT.actor(5)
    (told_before,) = decoded("SEND_GIFT", data={"uid": 5, "tid": "t9", "num": 2, "price": 1_000, "coin_type": "gold"})
    assert told_before.event_id == first.event_id != second.event_id


def test_blind_boxes_of_the_new_protocol_cost_what_the_boxes_cost() -> None:
    box = pb((2, 32_251), (3, "心动盲盒"), (6, 15_000))
    out = pb((1, 1), (3, 2), (5, 52_000), (6, 30_000), (8, "gold"), (9, "t1"))
    other = pb((1, 2), (3, 1), (5, 9_000), (8, "gold"), (9, "t2"))
    events = decoded("SEND_GIFT_V2", data={"pb": base64(pb((1, 5), (9, box), (10, out), (10, other)))})
    assert [(event.value, event.amount) for event in events] == [(2, 1_500), (1, 1_500)]


@pytest.mark.parametrize("data", [{"pb": "CAESBAgBEAE="}, {"pb": "?"}, {"pb": 5}])
def test_gift_of_the_new_protocol_that_cannot_be_read_says_so(data: dict[str, Any]) -> None:
    with pytest.raises(msgspec.DecodeError):
        decoded("SEND_GIFT_V2", data=data)


def test_interaction_is_read_out_of_its_protobuf() -> None:
    whole = pb((1, 5), (2, "某人"), (4, b"\x03\x01"), (5, 2), (6, 33_989), (7, AT_MS // 1000))
    (event,) = decoded("INTERACT_WORD_V2", data={"dmscore": 10, "pb": base64(whole)})
    assert (event.kind, event.event_time_ms, event.actor) == ("follow", AT_MS, CONTEXT.actor(5))


TOAST = {
    "sender_uinfo": {"uid": 5, "base": {"name": "某人"}},
    "guard_info": {"guard_level": 3, "start_time": AT_MS // 1000, "end_time": AT_MS // 1000},
    "pay_info": {"price": 138_000, "num": 1, "unit": "月"}, "gift_info": {"gift_id": 10_003}, "option": {"source": 0},
}  # fmt: skip


def test_guard_is_one_gift_by_whichever_message_tells_it() -> None:
    (toast,) = decoded("USER_TOAST_MSG_V2", data=TOAST)
    assert (toast.kind, toast.value, toast.amount, toast.event_time_ms) == ("gift", 1, 13_800, AT_MS)
    assert toast.actor == CONTEXT.actor(5)
    flat = {"uid": 5, "guard_level": 3, "num": 1, "price": 138_000, "unit": "月", "start_time": AT_MS // 1000}
    (older,) = decoded("USER_TOAST_MSG", data=flat)
    (bought,) = decoded("GUARD_BUY", data={**flat, "price": 198_000, "gift_name": "舰长"})
    assert toast.event_id == older.event_id == bought.event_id
    assert older.amount == 13_800
    assert decoded("USER_TOAST_MSG_V2", data={**TOAST, "option": {"source": 2}}) == []


@pytest.mark.parametrize(
    ("pay", "money"),
    [
        ({"price": 414_000, "num": 3, "unit": "月"}, [(3, 13_800)]),
        ({"price": 6_000, "num": 3, "unit": "*3天"}, [(1, 600)]),
        ({"price": 100_000, "num": 3, "unit": "月"}, [(2, 3_333), (1, 3_334)]),
    ],
)
def test_toast_has_the_price_of_all_months(pay: dict[str, Any], money: list[tuple[int, int]]) -> None:
    events = decoded("USER_TOAST_MSG_V2", data={**TOAST, "pay_info": pay})
    assert [(event.value, event.amount) for event in events] == money


def test_open_platform_guard_has_its_user_within() -> None:
    data = {
        "user_info": {"open_id": "oid-9", "uname": "某人"}, "guard_level": 3, "guard_num": 3, "guard_unit": "月",
        "price": 198_000, "msg_id": "g-1", "timestamp": AT_MS // 1000,
    }  # fmt: skip
    (event,) = decoded("LIVE_OPEN_PLATFORM_GUARD", data=data)
    assert (event.kind, event.value, event.amount) == ("gift", 3, 19_800)
    assert event.actor == CONTEXT.actor("oid-9")


def test_stream_begins_and_ends() -> None:
    about = {
        "room_id": 1,
        "open_id": "oid-h",
        "timestamp": AT_MS // 1000,
        "title": "【广告】周三专场",
        "area_name": "购物",
    }
    (start,) = decoded("LIVE_OPEN_PLATFORM_LIVE_START", data=about)
    (end,) = decoded("LIVE_OPEN_PLATFORM_LIVE_END", data=about)
    assert (start.kind, start.text, start.event_time_ms) == ("session_start", "【广告】周三专场", AT_MS)
    assert (end.kind, end.event_time_ms) == ("session_end", AT_MS)
    twice = [decoded("LIVE", live_key="k1", roomid=1, **more)[0] for more in ({}, {"live_time": AT_MS // 1000})]
    assert {event.kind for event in twice} == {"session_start"}
    assert len({event.event_id for event in twice}) == 1
    (over,) = decoded("PREPARING", roomid="1", msg_id="77", send_time=AT_MS)
    assert (over.kind, over.event_time_ms, over.event_id) == ("session_end", AT_MS, "bilibili-live:end:77")
    assert decoded("PREPARING", roomid="1", data=[])[0].event_time_ms == RECEIVED_MS


def test_warning_is_a_notice_and_a_cut_ends_the_stream() -> None:
    assert [event.kind for event in decoded("WARNING", msg="违规", roomid=1)] == ["notice"]
    assert [(event.kind, event.text) for event in decoded("CUT_OFF", msg="违规")] == [
        ("notice", "违规"),
        ("session_end", None),
    ]


@pytest.mark.parametrize("data", [[], {}, None, ""])
def test_command_without_data_means_nothing(data: Any) -> None:
    assert decoded("ROOM_SILENT_OFF", data=data, roomid="1") == []


def with_extra(extra: Any, uid: int = 5, name: str = "某人") -> list[Any]:
    info = danmaku("好看", uid)
    info[0][15] = {"extra": extra}
    info[2][1] = name
    return info


def test_danmaku_is_named_by_its_extra_be_it_an_object_or_json() -> None:
    for named in ({"id_str": "b2"}, '{"id_str":"b2"}'):
        assert decoded("DANMU_MSG", info=with_extra(named))[0].event_id == "bilibili-live:b2"
    nameless: list[Any] = ['{"user_hash":"1"}', "{", None, []]
    assert len({decoded("DANMU_MSG", info=with_extra(extra))[0].event_id for extra in nameless}) == 1


def test_masked_users_are_told_apart_by_their_hash_within_the_room() -> None:
    def actor(user_hash: str, room: str = "room-3") -> Actor | None:
        info = with_extra(json.dumps({"id_str": "a1", "user_hash": user_hash}), 0, "某***")
        raw = json.dumps({"cmd": "DANMU_MSG", "info": info}).encode()
        return decode(raw, replace(CONTEXT, room_id=room), RECEIVED_MS)[0].actor

    one = actor("2904574201")
    assert one is not None
    assert one.masked
    assert one == actor("2904574201") != actor("2904574202")
    assert one != actor("2904574201", "room-4")


def test_masked_users_hash_is_found_in_the_list_as_well() -> None:
    told, listed = with_extra({"user_hash": "2904574201"}, 0, "某***"), with_extra({}, 0, "某***")
    listed[0][7] = f"{2_904_574_201:x}"
    first, second = decoded("DANMU_MSG", info=told)[0], decoded("DANMU_MSG", info=listed)[0]
    assert first.actor == second.actor
    assert first.actor is not None


def test_made_up_ids_of_two_rooms_differ() -> None:
    raw = json.dumps({"cmd": "ONLINE_RANK_COUNT", "data": {"count": 5}}).encode()
    first, second = (decode(raw, replace(CONTEXT, room_id=room), RECEIVED_MS)[0] for room in ("room-3", "room-4"))
    assert first.event_id != second.event_id


def test_likes_of_the_web_are_clicks_and_a_total_of_the_room() -> None:
    (click,) = decoded("LIKE_INFO_V3_CLICK", data={"uid": 5, "uname": "某人", "like_text": "为主播点赞了"})
    (total,) = decoded("LIKE_INFO_V3_UPDATE", data={"click_count": 98_000})
    assert (click.kind, click.value, click.actor) == ("like", 1, CONTEXT.actor(5))
    assert (total.kind, total.value, total.total, total.actor) == ("like", 0, 98_000, None)
    assert (click.sampled, total.sampled) == (True, True)


def test_same_total_of_another_stream_is_another_message() -> None:
    def told_at(at_ms: int) -> str:
        return decoded("LIKE_INFO_V3_UPDATE", data={"click_count": 5}, send_time=at_ms)[0].event_id

    assert told_at(RECEIVED_MS) == told_at(RECEIVED_MS) != told_at(RECEIVED_MS + 86_400_000)
