import json
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
