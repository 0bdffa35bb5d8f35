"""TikTok LIVE's webcast messages as JSON: `{"type": "Comment", "common": {"msg_id", "create_time"}, …}`.

A gift in a streak is sent again with a growing `repeat_count` under one `group_id` until `repeat_end`; `Like.count`
adds and `Like.total` is ignored; a caption is spoken again under one `sentence_id` until it is `definite`;
`RoomUserSeq.total` is who watches now, `total_user` who ever did. `create_time` is in milliseconds.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from streams.events.schema import Event
from streams.ingest.context import FeedContext

STREAM_ENDED = 3
"""Control.action of a stream that is over."""


class Common(msgspec.Struct, frozen=True):
    msg_id: int | str
    create_time: int


class User(msgspec.Struct, frozen=True):
    id: int | str = 0
    follower_count: int = 0
    verified: bool = False


class PopProduct(msgspec.Struct, frozen=True):
    product_id: int | str


class Message(msgspec.Struct, frozen=True):
    """The fields of all types that are read; each type has some of them."""

    type: str
    common: Common
    user: User = User()
    content: str = ""
    content_language: str = ""
    gift_id: int | str = 0
    repeat_count: int = 1
    repeat_end: bool | int = False
    group_id: int | str = 0
    count: int = 0
    total: int = 0
    action: int = 0
    pop_product: PopProduct | None = None
    timestamp_ms: int = 0
    sentence_id: int | str = 0
    definite: bool = True
    delete_msg_ids: list[int | str] = []
    violation_reason: str = ""
    punish_info: dict[str, Any] | None = None


_message = msgspec.json.Decoder(Message)


def decode(message: bytes, place: FeedContext, received_ms: int) -> list[Event]:
    """The events of one message, none for a type that means nothing here. Raises msgspec.DecodeError."""
    heard = _message.decode(message)
    translate = _TRANSLATIONS.get(heard.type.removeprefix("Webcast").removesuffix("Message"))
    return translate(heard, place, received_ms) if translate else []


def _comment(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    lang = heard.content_language[:16] or None
    return _by_user(heard, place, received_ms, "comment", text=heard.content, lang=lang)


def _gift(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    streak = place.streak(heard.user.id, heard.group_id)
    return _by_user(
        heard, place, received_ms, "gift", value=max(1, heard.repeat_count), subject_id=streak,
        amount=place.gift_prices.get(str(heard.gift_id), 0), final=streak is None or bool(heard.repeat_end),
    )  # fmt: skip


def _like(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    return _by_user(heard, place, received_ms, "like", value=heard.count)


def _join(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    return _by_user(heard, place, received_ms, "enter")


def _follow(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    return _by_user(heard, place, received_ms, "follow")


def _share(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    return _by_user(heard, place, received_ms, "share")


def _viewers(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    return _by_room(heard, place, received_ms, "viewers", value=heard.total, value_mode="snapshot")


def _product(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    if heard.pop_product is None:
        return []
    return _by_room(heard, place, received_ms, "product_shown", product_id=str(heard.pop_product.product_id))


def _caption(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    at_ms = heard.timestamp_ms or heard.common.create_time
    host = place.person(place.host or "")
    return [
        place.event(
            "speech",
            heard.common.msg_id,
            at_ms,
            received_ms,
            actor=host,
            text=heard.content,
            final=heard.definite,
            subject_id=f"{place.room_id}:{heard.sentence_id}",
        )
    ]


def _delete(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    return [place.retraction(name, heard.common.create_time, received_ms) for name in heard.delete_msg_ids]


def _control(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    if heard.punish_info:
        return _by_room(heard, place, received_ms, "notice")
    return _by_room(heard, place, received_ms, "session_end") if heard.action == STREAM_ENDED else []


def _notice(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    return _by_room(heard, place, received_ms, "notice", text=heard.violation_reason or None)


def _end(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    return _by_room(heard, place, received_ms, "session_end")


def _by_user(heard: Message, place: FeedContext, received_ms: int, kind: Any, **fields: Any) -> list[Event]:
    user = heard.user
    actor = place.person(user.id, user.follower_count, user.verified)
    return _by_room(heard, place, received_ms, kind, actor=actor, **fields)


def _by_room(heard: Message, place: FeedContext, received_ms: int, kind: Any, **fields: Any) -> list[Event]:
    return [place.event(kind, heard.common.msg_id, heard.common.create_time, received_ms, **fields)]


_TRANSLATIONS: dict[str, Callable[[Message, FeedContext, int], list[Event]]] = {
    "Comment": _comment, "Chat": _comment, "Gift": _gift, "Like": _like, "Join": _join, "Member": _join,
    "Follow": _follow, "Share": _share, "RoomUserSeq": _viewers, "OecLiveShopping": _product, "Caption": _caption,
    "ImDelete": _delete, "Control": _control, "Notice": _notice, "LiveEnd": _end,
}  # fmt: skip
