import json
from typing import Any

import msgspec
import pytest

from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event
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
