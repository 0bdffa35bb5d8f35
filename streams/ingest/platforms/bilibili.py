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
from streams.ingest.context import FeedContext

MIRROR = "_MIRROR"
INTERACTIONS: Mapping[int, Kind] = {1: "enter", 2: "follow", 3: "share"}
_SECONDS_BELOW = 100_000_000_000


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
    def person(self) -> str | int:
        return self.open_id or self.uid

    @property
    def at(self) -> int:
        return self.timestamp or self.ts or self.start_time


class Extra(msgspec.Struct, frozen=True):
    id_str: str


class Message(msgspec.Struct, frozen=True):
    cmd: str
    data: Data = Data()
    info: list[Any] = []


_message = msgspec.json.Decoder(Message)
_extra = msgspec.json.Decoder(Extra)


def decode(message: bytes, place: FeedContext, received_ms: int) -> list[Event]:
    """The events of one message, none for a command that means nothing here. Raises msgspec.DecodeError."""
    heard = _message.decode(message)
    command = heard.cmd.partition(":")[0]
    translate = _TRANSLATIONS.get(command.removesuffix(MIRROR).removeprefix("LIVE_OPEN_PLATFORM_"))
    if translate is None:
        return []
    events = translate(heard, place, received_ms)
    if command.endswith(MIRROR):
        return [_mirrored(event, place) for event in events]
    return events


def _mirrored(event: Event, place: FeedContext) -> Event:
    """The message keeps its own id where it was written; seen from here it has another."""
    return msgspec.structs.replace(event, event_id=f"{event.event_id}:mirror:{place.room_id}", is_mirror=True)


def _danmaku(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    if not heard.info:
        return _open_danmaku(heard.data, place, received_ms)
    try:
        text, user_id, at_ms = heard.info[1], heard.info[2][0], heard.info[0][4]
        extra = heard.info[0][15]["extra"] if len(heard.info[0]) > 15 else None
    except (IndexError, KeyError, TypeError):
        raise msgspec.ValidationError("DANMU_MSG without text, user or time where they belong") from None
    if not isinstance(text, str) or not isinstance(user_id, int | str) or not isinstance(at_ms, int):
        raise msgspec.ValidationError("DANMU_MSG whose text, user or time is of another type")
    own_id = _extra.decode(extra).id_str if isinstance(extra, str) else place.hidden(f"{user_id}:{at_ms}:{text}")
    return [place.event("comment", own_id, at_ms, received_ms, actor=place.person(user_id), text=text)]


def _open_danmaku(data: Data, place: FeedContext, received_ms: int) -> list[Event]:
    return [_event_of_actor(data, place, received_ms, "comment", data.msg_id, text=data.msg)]


def _gift(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    data = heard.data
    items = data.gift_num or data.num
    return [
        _event_of_actor(data, place, received_ms, "gift", data.msg_id or data.tid, value=items, amount=data.price // 10)
    ]


def _guard(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    data = heard.data
    own_id = data.msg_id or f"guard:{place.hidden(str(data.person))}:{data.at}:{data.guard_level}"
    return [_event_of_actor(data, place, received_ms, "gift", own_id, value=data.num, amount=data.price // 10)]


def _super_chat(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    """Two in one: what was said, and what it cost."""
    data = heard.data
    own_id = data.message_id or data.id
    said = _event_of_actor(data, place, received_ms, "comment", f"sc:{own_id}", text=data.message)
    return [
        said,
        _event_of_actor(data, place, received_ms, "gift", f"sc:{own_id}:gift", amount=100 * (data.rmb or data.price)),
    ]


def _super_chat_deleted(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    """The words are taken back; the money was spent."""
    at_ms = _at_ms(heard.data, received_ms)
    return [place.retraction(f"sc:{own}", at_ms, received_ms) for own in heard.data.ids or heard.data.message_ids]


def _interaction(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    kind = INTERACTIONS.get(heard.data.msg_type)
    return [_event_without_id(heard.data, place, received_ms, kind)] if kind else []


def _entered(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    return [_event_without_id(heard.data, place, received_ms, "enter")]


def _likes(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    """A person's likes of two seconds."""
    return [
        _event_without_id(heard.data, place, received_ms, "like", value=heard.data.like_count, value_mode="aggregate")
    ]


def _viewers(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    at_ms = _at_ms(heard.data, received_ms)
    return [
        place.event("viewers", f"viewers:{at_ms}", at_ms, received_ms, value=heard.data.count, value_mode="snapshot")
    ]


def _ended(heard: Message, place: FeedContext, received_ms: int) -> list[Event]:
    at_ms = _at_ms(heard.data, received_ms)
    return [place.event("session_end", f"end:{at_ms}", at_ms, received_ms)]


def _event_without_id(data: Data, place: FeedContext, received_ms: int, kind: Kind, **fields: Any) -> Event:
    """An event that the platform gives no id: who did what, and when, names it."""
    own_id = data.msg_id or f"{kind}:{place.hidden(str(data.person))}:{_at_ms(data, received_ms)}"
    return _event_of_actor(data, place, received_ms, kind, own_id, **fields)


def _event_of_actor(
    data: Data, place: FeedContext, received_ms: int, kind: Kind, own_id: str | int, **fields: Any
) -> Event:
    at_ms = _at_ms(data, received_ms)
    return place.event(kind, own_id, at_ms, received_ms, actor=place.person(data.person), **fields)


def _at_ms(data: Data, received_ms: int) -> int:
    return (data.at * 1000 if data.at < _SECONDS_BELOW else data.at) or received_ms


_TRANSLATIONS: dict[str, Callable[[Message, FeedContext, int], list[Event]]] = {
    "DANMU_MSG": _danmaku, "DM": _danmaku, "SEND_GIFT": _gift, "GUARD_BUY": _guard, "GUARD": _guard,
    "SUPER_CHAT_MESSAGE": _super_chat, "SUPER_CHAT": _super_chat, "SUPER_CHAT_MESSAGE_DELETE": _super_chat_deleted,
    "SUPER_CHAT_DEL": _super_chat_deleted, "INTERACT_WORD_V2": _interaction, "INTERACT_WORD": _interaction,
    "LIVE_ROOM_ENTER": _entered, "LIKE": _likes, "ONLINE_RANK_COUNT": _viewers, "PREPARING": _ended,
}  # fmt: skip
