"""Douyin's webcast messages as JSON: `{"method": "WebcastChatMessage", "common": {"msgId", "createTime"}, …}`.

The same protocol as TikTok's in camel case, with `Social` for follows (action 1) and shares (action 3), and
`createTime` in seconds or milliseconds, as the collector had it.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from streams.events.schema import Event
from streams.ingest.context import FeedContext, epoch_ms

FOLLOWED, SHARED = 1, 3
STREAM_ENDED = 3
"""Control.status of a stream that is over."""


class Common(msgspec.Struct, frozen=True, rename="camel"):
    msg_id: int | str
    create_time: int


class FollowInfo(msgspec.Struct, frozen=True, rename="camel"):
    follower_count: int = 0


class User(msgspec.Struct, frozen=True, rename="camel"):
    id: int | str = 0
    follow_info: FollowInfo = FollowInfo()


class Message(msgspec.Struct, frozen=True, rename="camel"):
    """The fields of all methods that are read; each method has some of them."""

    method: str
    common: Common
    user: User = User()
    content: str = ""
    gift_id: int | str = 0
    repeat_count: int = 1
    repeat_end: bool | int = False
    group_id: int | str = 0
    count: int = 0
    total: int = 0
    action: int = 0
    status: int = 0


_message = msgspec.json.Decoder(Message)


def decode(raw: bytes, context: FeedContext, received_ms: int) -> list[Event]:
    """The events of one message, none for a method that means nothing here. Raises msgspec.DecodeError."""
    message = _message.decode(raw)
    translate = _TRANSLATIONS.get(message.method.removeprefix("Webcast").removesuffix("Message"))
    return translate(message, context, received_ms) if translate else []


def _chat(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    return _by_user(message, context, received_ms, "comment", text=message.content)


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


def _member(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    return _by_user(message, context, received_ms, "enter")


def _social(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    kind = {FOLLOWED: "follow", SHARED: "share"}.get(message.action)
    return _by_user(message, context, received_ms, kind) if kind else []


def _viewers(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    return _by_room(message, context, received_ms, "viewers", value=message.total, value_mode="snapshot")


def _control(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    return _by_room(message, context, received_ms, "session_end") if message.status == STREAM_ENDED else []


def _by_user(message: Message, context: FeedContext, received_ms: int, kind: Any, **fields: Any) -> list[Event]:
    actor = context.actor(message.user.id, message.user.follow_info.follower_count)
    return _by_room(message, context, received_ms, kind, actor=actor, **fields)


def _by_room(message: Message, context: FeedContext, received_ms: int, kind: Any, **fields: Any) -> list[Event]:
    at_ms = epoch_ms(message.common.create_time) or received_ms
    return [context.event(kind, message.common.msg_id, at_ms, received_ms, **fields)]


_TRANSLATIONS: dict[str, Callable[[Message, FeedContext, int], list[Event]]] = {
    "Chat": _chat, "Gift": _gift, "Like": _like, "Member": _member, "Social": _social, "RoomUserSeq": _viewers,
    "Control": _control,
}  # fmt: skip
