import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event
from streams.ingest.context import FeedContext
from streams.ingest.platforms.tiktok import decode

AT_MS, RECEIVED_MS = 1_790_000_000_000, 1_790_000_000_400
CONTEXT = FeedContext(
    "tiktok-live",
    "tiktok",
    "lumo",
    Pseudonyms(b"key"),
    room_id="room-1",
    session_id="s1",
    host="900",
    gift_prices={"5655": 7},
)


def decoded(kind: str, msg_id: int = 1, **fields: Any) -> list[Event]:
    message = {"type": kind, "common": {"msg_id": msg_id, "create_time": AT_MS}, "user": {"id": 42}, **fields}
    return decode(json.dumps(message).encode(), CONTEXT, RECEIVED_MS)


def test_comment_is_what_a_pseudonym_said() -> None:
    (event,) = decoded("Comment", content="do you ship to Leeds?", content_language="en")
    assert (event.kind, event.text, event.lang) == ("comment", "do you ship to Leeds?", "en")
    assert (event.room_id, event.session_id, event.brand_id) == ("room-1", "s1", "lumo")
    assert (event.event_time_ms, event.ingest_time_ms) == (AT_MS, RECEIVED_MS)
    assert event.actor is not None
    assert event.actor.id not in ("42", "")


def test_names_with_the_protocols_prefix_are_the_same_types() -> None:
    (event,) = decoded("WebcastChatMessage", content="hi")
    assert event.kind == "comment"


def test_gift_streak_grows_under_one_subject_until_it_is_final() -> None:
    streak = [decoded("Gift", n, gift_id=5655, repeat_count=n, group_id=77)[0] for n in (1, 2, 3)]
    (last,) = decoded("Gift", 4, gift_id=5655, repeat_count=3, group_id=77, repeat_end=1)
    assert [event.value for event in streak] == [1, 2, 3]
    assert {event.subject_id for event in [*streak, last]} == {last.subject_id}
    assert [event.final for event in [*streak, last]] == [False, False, False, True]
    assert last.amount == 7


def test_gift_without_a_group_is_one_gift() -> None:
    (event,) = decoded("Gift", gift_id=1, repeat_count=1)
    assert (event.subject_id, event.final, event.amount) == (None, True, 0)


def test_like_adds_its_count_and_not_the_rooms_total() -> None:
    (event,) = decoded("Like", count=15, total=98_000)
    assert (event.value, event.value_mode) == (15, "delta")


def test_viewers_are_those_who_watch_now() -> None:
    (event,) = decoded("RoomUserSeq", total=312, total_user=40_000)
    assert (event.kind, event.value, event.value_mode) == ("viewers", 312, "snapshot")


@pytest.mark.parametrize(("kind", "expected"), [("Join", "enter"), ("Follow", "follow"), ("Share", "share")])
def test_what_people_do(kind: str, expected: str) -> None:
    (event,) = decoded(kind)
    assert event.kind == expected
    assert event.actor is not None


def test_caption_is_the_hosts_speech_and_stays_open_until_definite() -> None:
    first, last = (
        decoded("Caption", n, content=text, timestamp_ms=AT_MS - 900, sentence_id=5, definite=definite)[0]
        for n, text, definite in ((1, "this cures", False), (2, "this cures colds", True))
    )
    assert (first.final, last.final) == (False, True)
    assert first.subject_id == last.subject_id
    assert last.event_time_ms == AT_MS - 900
    assert last.actor is not None
    assert last.actor.official


def test_delete_takes_back_the_very_events() -> None:
    (comment,) = decoded("Comment", 11, content="oops")
    first, second = decoded("ImDelete", 12, delete_msg_ids=[11, 10])
    assert (first.kind, first.retracts) == ("retraction", comment.event_id)
    assert second.event_id != first.event_id


def test_product_card_shows_a_product() -> None:
    (event,) = decoded("OecLiveShopping", action_type=1, pop_product={"product_id": 555})
    assert (event.kind, event.product_id) == ("product_shown", "555")
    assert decoded("OecLiveShopping", action_type=2) == []


def test_control_and_notice() -> None:
    assert decoded("Control", action=3)[0].kind == "session_end"
    assert decoded("Control", action=1) == []
    assert decoded("Control", action=1, punish_info={"punish_type": 2})[0].kind == "notice"
    (event,) = decoded("Notice", violation_reason="misleading claims")
    assert (event.kind, event.text) == ("notice", "misleading claims")


def test_unknown_type_means_nothing() -> None:
    assert decoded("RoomPin") == []


@pytest.mark.parametrize("message", [b"{", b"[]", b'{"type":"Comment"}', b'{"type":1,"common":{}}'])
def test_what_is_no_message_is_a_decode_error(message: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(message, CONTEXT, RECEIVED_MS)


def test_anonymous_viewer_is_nobody() -> None:
    (event,) = decoded("Join", user={"id": 0})
    assert event.actor is None


SNAKE: dict[str, Any] = {"common": {"msg_id": "7412345678901234567", "create_time": str(AT_MS)}}


def test_64_bit_numbers_as_strings_are_exact() -> None:
    (event,) = decoded("Comment", **SNAKE, content="hi", user={"id": "6812345678901234567", "follower_count": "120"})
    assert (event.event_id, event.event_time_ms) == ("tiktok-live:7412345678901234567", AT_MS)
    assert event.actor == CONTEXT.actor("6812345678901234567", 120)


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("WebcastRoomUserSeqMessage", {"total": "312", "total_user": "40000"}, ("viewers", 312, 40_000)),
        ("WebcastRoomUserSeqMessage", {"total": 312}, ("viewers", 312, None)),
        ("WebcastLikeMessage", {"count": "15", "total": "98000"}, ("like", 15, 98_000)),
        ("WebcastLikeMessage", {"likeCount": 15, "totalLikeCount": 98_000}, ("like", 15, 98_000)),
        ("WebcastGiftMessage", {"repeat_count": "3", "repeat_end": "1", "group_id": "7"}, ("gift", 3, None)),
    ],
)
def test_counts_are_read_as_numbers_and_totals_ride_along(
    kind: str, fields: dict[str, Any], expected: tuple[str, int, int | None]
) -> None:
    (event,) = decoded(kind, **SNAKE, **fields)
    assert (event.kind, event.value, event.total) == expected
    assert event.final


@pytest.mark.parametrize(
    "message",
    [
        {
            "type": "WebcastChatMessage",
            "common": {"msgId": "1", "createTime": AT_MS},
            "user": {"userId": "5"},
            "comment": "hi",
        },
        {"type": "chat", "msgId": "1", "createTime": str(AT_MS), "userId": "5", "comment": "hi"},
        {
            "method": "WebcastChatMessage",
            "common": {"msgId": 1, "createTime": AT_MS},
            "user": {"idStr": "5"},
            "content": "hi",
        },
        {
            "type": "CommentEvent",
            "common": {"msg_id": 1, "create_time": AT_MS // 1000},
            "user": {"id": 5},
            "content": "hi",
        },
    ],
)
def test_shapes_of_several_collectors_are_one_event(message: dict[str, Any]) -> None:
    (event,) = decode(json.dumps(message).encode(), CONTEXT, RECEIVED_MS)
    assert (event.event_id, event.kind, event.text, event.event_time_ms) == ("tiktok-live:1", "comment", "hi", AT_MS)
    assert event.actor == CONTEXT.actor("5")


@pytest.mark.parametrize("at", [0, "0", None, "soon"])
def test_time_that_is_missing_is_when_it_was_received(at: Any) -> None:
    (event,) = decoded("Comment", common={"msg_id": 1, "create_time": at}, content="hi")
    assert event.event_time_ms == RECEIVED_MS


def test_two_collectors_of_one_room_tell_the_same_event() -> None:
    other = replace(CONTEXT, source="tiktok-live-b")
    raw = json.dumps({"type": "Comment", **SNAKE, "user": {"id": 5}, "content": "hi"}).encode()
    mine, theirs = decode(raw, CONTEXT, RECEIVED_MS)[0], decode(raw, other, RECEIVED_MS + 900)[0]
    assert mine.event_id == theirs.event_id
    assert mine.source != theirs.source


def test_message_without_an_id_is_named_by_room_content_time_and_user() -> None:
    def named(**fields: Any) -> str:
        message = {"common": {"create_time": AT_MS}, "user": {"id": 42}, "gift_id": 5655, "repeat_count": 1, **fields}
        return decoded("Gift", **message)[0].event_id

    first = named()
    assert first == named()
    others = {named(user={"id": 43}), named(gift_id=1), named(repeat_count=2), named(common={"create_time": AT_MS + 1})}
    assert len(others | {first}) == 5
    assert "42" not in first.split(":", 1)[1].split(":")


def test_gift_is_worth_its_coins_where_a_coin_has_a_price() -> None:
    priced = replace(CONTEXT, coin_price=1.3, gift_prices={})
    raw = {"type": "Gift", **SNAKE, "user": {"id": 5}, "giftId": 5, "gift": {"diamondCount": 10}, "repeatCount": 2}
    (event,) = decode(json.dumps(raw).encode(), priced, RECEIVED_MS)
    assert (event.value, event.amount) == (2, 13)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"action": 1}, "follow"), ({"action": "3"}, "share"),
        ({"common": {"msg_id": 1, "display_text": {"key": "pm_main_follow_message_viewer_2"}}}, "follow"),
        ({"displayType": "pm_mt_guidance_share"}, "share"),
    ],
)  # fmt: skip
def test_social_is_a_follow_or_a_share(fields: dict[str, Any], kind: str) -> None:
    assert decoded("WebcastSocialMessage", **fields)[0].kind == kind


@pytest.mark.parametrize("action", [3, "3", 4, "STREAM_ENDED", "CONTROL_ACTION_STREAM_SUSPENDED"])
def test_control_ends_the_session_by_number_or_name(action: Any) -> None:
    assert decoded("Control", action=action)[0].kind == "session_end"


def test_caption_may_have_its_text_by_language() -> None:
    (event,) = decoded("Caption", content=[{"lang": "en", "content": "this cures"}], sentence_id="5", definite=False)
    assert (event.text, event.final) == ("this cures", False)


def test_half_an_emoji_spoils_no_message() -> None:
    raw = b'{"type":"Comment","common":{"msg_id":1,"create_time":1790000000000},"user":{"id":5},"content":"hi \\ud83d"}'
    assert decode(raw, CONTEXT, RECEIVED_MS)[0].text == "hi \ufffd"


@pytest.mark.parametrize("fields", [{"count": -5}, {"count": 1e30}, {"count": "many"}, {}])
def test_like_without_a_count_that_can_be_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(msgspec.DecodeError):
        decoded("Like", **fields)
