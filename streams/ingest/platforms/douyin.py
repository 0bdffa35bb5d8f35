"""Douyin's webcast messages as JSON: `{"method": "WebcastChatMessage", "common": {"msgId", "createTime"}, …}`.

The same protocol as TikTok's in camel case, with `Social` for follows (action 1) and shares (action 3), and
`createTime` in seconds or milliseconds, as the collector had it.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from streams.events.schema import Event
from streams.ingest.context import FeedContext

FOLLOWED, SHARED = 1, 3
STREAM_ENDED = 3
"""Control.status of a stream that is over."""
_SECONDS_BELOW = 100_000_000_000
"""A time below this is in seconds: as milliseconds it would lie in 1973."""


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


def decode(message: bytes, place: FeedContext, received_ms: int) -> list[Event]:
    """The events of one message, none for a method that means nothing here. Raises msgspec.DecodeError."""
    heard = _message.decode(message)
    translate = _TRANSLATIONS.get(heard.method.removeprefix("Webcast").removesuffix("Message"))
    return translate(heard, place, received_ms) if translate else []


def _chat(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    return _by_user(heard, place, received_ms, "comment", text=heard.content)


def _gift(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    streak = place.streak(heard.user.id, heard.group_id)
    return _by_user(
        heard, place, received_ms, "gift", value=max(1, heard.repeat_count), subject_id=streak,
        amount=place.gift_prices.get(str(heard.gift_id), 0), final=streak is None or bool(heard.repeat_end),
    )  # fmt: skip


def _like(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    return _by_user(heard, place, received_ms, "like", value=heard.count)


def _member(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    return _by_user(heard, place, received_ms, "enter")


def _social(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    kind = {FOLLOWED: "follow", SHARED: "share"}.get(heard.action)
    return _by_user(heard, place, received_ms, kind) if kind else []


def _viewers(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    return _by_room(heard, place, received_ms, "viewers", value=heard.total, value_mode="snapshot")


def _control(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    return _by_room(heard, place, received_ms, "session_end") if heard.status == STREAM_ENDED else []


def _by_user(heard: Message, place: FeedContext, received_ms: int, kind: Any, **fields: Any) -> list[Event]:
    actor = place.person(heard.user.id, heard.user.follow_info.follower_count)
    return _by_room(heard, place, received_ms, kind, actor=actor, **fields)


def _by_room(heard: Message, place: FeedContext, received_ms: int, kind: Any, **fields: Any) -> list[Event]:
    told = heard.common.create_time
    at_ms = (told * 1000 if told < _SECONDS_BELOW else told) or received_ms
    return [place.event(kind, heard.common.msg_id, at_ms, received_ms, **fields)]


_TRANSLATIONS: dict[str, Callable[[Message, FeedContext, int], list[Event]]] = {
    "Chat": _chat, "Gift": _gift, "Like": _like, "Member": _member, "Social": _social, "RoomUserSeq": _viewers,
    "Control": _control,
}  # fmt: skip
