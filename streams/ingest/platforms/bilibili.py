"""Bilibili's live messages as JSON, those of the room's socket (`DANMU_MSG`) and of the open platform (`…_DM`).

A danmaku arrives as nested lists: `info[1]` is the text, `info[2][0]` the user, `info[0][4]` the time in milliseconds
and `info[0][15].extra` JSON of its own with the message's id. `…_MIRROR` is the same message seen from another room.
Gift prices are in thousandths of a yuan, so a tenth of that in fen; super chats in yuan.
`INTERACT_WORD_V2` is taken as decoded from its protobuf: `msg_type` 1 enters, 2 follows, 3 shares.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from streams.events.schema import Event, Kind
from streams.ingest.context import FeedContext, epoch_ms

MIRROR = "_MIRROR"
INTERACTIONS: Mapping[int, Kind] = {1: "enter", 2: "follow", 3: "share"}


class Data(msgspec.Struct, frozen=True):
    """The fields of all commands that are read; each command has some of them."""

    uid: int | str = 0
    open_id: str = ""
    msg_id: str = ""
    id: int | str = ""
    message_id: int | str = ""
    tid: int | str = ""
    msg: str = ""
    message: str = ""
    num: int = 1
    gift_num: int = 0
    price: int = 0
    rmb: int = 0
    msg_type: int = 0
    like_count: int = 1
    count: int = 0
    guard_level: int = 0
    ids: list[int | str] = []
    message_ids: list[int | str] = []
    timestamp: int = 0
    ts: int = 0
    start_time: int = 0

    @property
    def user_id(self) -> str | int:
        return self.open_id or self.uid

    @property
    def at(self) -> int:
        """The time of the message in seconds or milliseconds since the epoch; 0 where it has none."""
        return self.timestamp or self.ts or self.start_time


class Extra(msgspec.Struct, frozen=True):
    id_str: str


class Message(msgspec.Struct, frozen=True):
    cmd: str
    data: Data = Data()
    info: list[Any] = []


_message = msgspec.json.Decoder(Message)
_extra = msgspec.json.Decoder(Extra)


def decode(raw: bytes, context: FeedContext, received_ms: int) -> list[Event]:
    """The events of one message, none for a command that means nothing here. Raises msgspec.DecodeError."""
    message = _message.decode(raw)
    command = message.cmd.partition(":")[0]
    translate = _TRANSLATIONS.get(command.removesuffix(MIRROR).removeprefix("LIVE_OPEN_PLATFORM_"))
    if translate is None:
        return []
    events = translate(message, context, received_ms)
    if command.endswith(MIRROR):
        return [_mirrored(event, context) for event in events]
    return events


def _mirrored(event: Event, context: FeedContext) -> Event:
    """The event under an id of its own: the message keeps its id in the room where it was written."""
    return msgspec.structs.replace(event, event_id=f"{event.event_id}:mirror:{context.room_id}", is_mirror=True)


def _danmaku(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    if not message.info:
        return _open_danmaku(message.data, context, received_ms)
    try:
        text, user_id, at_ms = message.info[1], message.info[2][0], message.info[0][4]
        extra = message.info[0][15]["extra"] if len(message.info[0]) > 15 else None
    except (IndexError, KeyError, TypeError):
        raise msgspec.ValidationError("DANMU_MSG without text, user or time where they belong") from None
    if not isinstance(text, str) or not isinstance(user_id, int | str) or not isinstance(at_ms, int):
        raise msgspec.ValidationError("DANMU_MSG whose text, user or time is of another type")
    own_id = (
        _extra.decode(extra).id_str if isinstance(extra, str) else context.pseudonymise(f"{user_id}:{at_ms}:{text}")
    )
    return [context.event("comment", own_id, at_ms, received_ms, actor=context.actor(user_id), text=text)]


def _open_danmaku(data: Data, context: FeedContext, received_ms: int) -> list[Event]:
    return [_event_of_actor(data, context, received_ms, "comment", data.msg_id, text=data.msg)]


def _gift(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    data = message.data
    items = data.gift_num or data.num
    return [
        _event_of_actor(
            data, context, received_ms, "gift", data.msg_id or data.tid, value=items, amount=data.price // 10
        )
    ]


def _guard(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    data = message.data
    own_id = data.msg_id or f"guard:{context.pseudonymise(str(data.user_id))}:{data.at}:{data.guard_level}"
    return [_event_of_actor(data, context, received_ms, "gift", own_id, value=data.num, amount=data.price // 10)]


def _super_chat(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    """Two events: the comment, and the gift that paid for it."""
    data = message.data
    own_id = data.message_id or data.id
    comment = _event_of_actor(data, context, received_ms, "comment", f"sc:{own_id}", text=data.message)
    return [
        comment,
        _event_of_actor(data, context, received_ms, "gift", f"sc:{own_id}:gift", amount=100 * (data.rmb or data.price)),
    ]


def _super_chat_deleted(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    """Retracts the comment; the money stays spent."""
    at_ms = _at_ms(message.data, received_ms)
    return [context.retraction(f"sc:{own}", at_ms, received_ms) for own in message.data.ids or message.data.message_ids]


def _interaction(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    kind = INTERACTIONS.get(message.data.msg_type)
    return [_event_without_id(message.data, context, received_ms, kind)] if kind else []


def _entered(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    return [_event_without_id(message.data, context, received_ms, "enter")]


def _likes(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    """A viewer's likes of two seconds, summed by the platform."""
    return [
        _event_without_id(
            message.data, context, received_ms, "like", value=message.data.like_count, value_mode="aggregate"
        )
    ]


def _viewers(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    at_ms = _at_ms(message.data, received_ms)
    return [
        context.event(
            "viewers", f"viewers:{at_ms}", at_ms, received_ms, value=message.data.count, value_mode="snapshot"
        )
    ]


def _ended(message: Message, context: FeedContext, received_ms: int) -> list[Event]:
    at_ms = _at_ms(message.data, received_ms)
    return [context.event("session_end", f"end:{at_ms}", at_ms, received_ms)]


def _event_without_id(data: Data, context: FeedContext, received_ms: int, kind: Kind, **fields: Any) -> Event:
    """An event that has no id of the platform's: kind, user and time make one."""
    own_id = data.msg_id or f"{kind}:{context.pseudonymise(str(data.user_id))}:{_at_ms(data, received_ms)}"
    return _event_of_actor(data, context, received_ms, kind, own_id, **fields)


def _event_of_actor(
    data: Data, context: FeedContext, received_ms: int, kind: Kind, own_id: str | int, **fields: Any
) -> Event:
    at_ms = _at_ms(data, received_ms)
    return context.event(kind, own_id, at_ms, received_ms, actor=context.actor(data.user_id), **fields)


def _at_ms(data: Data, received_ms: int) -> int:
    return epoch_ms(data.at) or received_ms


_TRANSLATIONS: dict[str, Callable[[Message, FeedContext, int], list[Event]]] = {
    "DANMU_MSG": _danmaku, "DM": _danmaku, "SEND_GIFT": _gift, "GUARD_BUY": _guard, "GUARD": _guard,
    "SUPER_CHAT_MESSAGE": _super_chat, "SUPER_CHAT": _super_chat, "SUPER_CHAT_MESSAGE_DELETE": _super_chat_deleted,
    "SUPER_CHAT_DEL": _super_chat_deleted, "INTERACT_WORD_V2": _interaction, "INTERACT_WORD": _interaction,
    "LIVE_ROOM_ENTER": _entered, "LIKE": _likes, "ONLINE_RANK_COUNT": _viewers, "PREPARING": _ended,
}  # fmt: skip
