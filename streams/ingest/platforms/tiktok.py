"""TikTok LIVE's webcast messages as JSON: `{"type": "Comment", "common": {"msg_id", "create_time"}, …}`.

A gift in a streak is sent again with a growing `repeat_count` under one `group_id` until `repeat_end`; `Like.count`
adds and `Like.total` is ignored; a caption is spoken again under one `sentence_id` until it is `definite`;
`RoomUserSeq.total` counts the viewers of now, `total_user` all that ever came. `create_time` is in milliseconds.
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


def decode(raw: bytes, context: FeedContext, received_ms: int) -> list[Event]:
    """The events of one message, none for a type that means nothing here. Raises msgspec.DecodeError."""
    message = _message.decode(raw)
    translate = _TRANSLATIONS.get(message.type.removeprefix("Webcast").removesuffix("Message"))
    return translate(message, context, received_ms) if translate else []


def _comment(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    lang = message.content_language[:16] or None
    return _by_user(message, context, received_ms, "comment", text=message.content, lang=lang)


def _gift(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    streak = context.streak(message.user.id, message.group_id)
    return _by_user(
        message,
        context,
        received_ms,
        "gift",
        value=max(1, message.repeat_count),
        subject_id=streak,
        amount=context.gift_prices.get(str(message.gift_id), 0),
        final=streak is None or bool(message.repeat_end),
    )


def _like(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    return _by_user(message, context, received_ms, "like", value=message.count)


def _join(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    return _by_user(message, context, received_ms, "enter")


def _follow(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    return _by_user(message, context, received_ms, "follow")


def _share(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    return _by_user(message, context, received_ms, "share")


def _viewers(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    return _by_room(message, context, received_ms, "viewers", value=message.total, value_mode="snapshot")


def _product(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    if message.pop_product is None:
        return []
    return _by_room(message, context, received_ms, "product_shown", product_id=str(message.pop_product.product_id))


def _caption(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    at_ms = message.timestamp_ms or message.common.create_time
    host = context.actor(context.host or "")
    return [
        context.event(
            "speech",
            message.common.msg_id,
            at_ms,
            received_ms,
            actor=host,
            text=message.content,
            final=message.definite,
            subject_id=f"{context.room_id}:{message.sentence_id}",
        )
    ]


def _delete(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    return [context.retraction(name, message.common.create_time, received_ms) for name in message.delete_msg_ids]


def _control(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    if message.punish_info:
        return _by_room(message, context, received_ms, "notice")
    return _by_room(message, context, received_ms, "session_end") if message.action == STREAM_ENDED else []


def _notice(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    return _by_room(message, context, received_ms, "notice", text=message.violation_reason or None)


def _end(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    return _by_room(message, context, received_ms, "session_end")


def _by_user(message: Message, context: FeedContext, received_ms: int, kind: Any, **fields: Any) -> list[Event]:
    user = message.user
    actor = context.actor(user.id, user.follower_count, user.verified)
    return _by_room(message, context, received_ms, kind, actor=actor, **fields)


def _by_room(message: Message, context: FeedContext, received_ms: int, kind: Any, **fields: Any) -> list[Event]:
    return [context.event(kind, message.common.msg_id, message.common.create_time, received_ms, **fields)]


_TRANSLATIONS: dict[str, Callable[[Message, FeedContext, int], list[Event]]] = {
    "Comment": _comment, "Chat": _comment, "Gift": _gift, "Like": _like, "Join": _join, "Member": _join,
    "Follow": _follow, "Share": _share, "RoomUserSeq": _viewers, "OecLiveShopping": _product, "Caption": _caption,
    "ImDelete": _delete, "Control": _control, "Notice": _notice, "LiveEnd": _end,
}  # fmt: skip
