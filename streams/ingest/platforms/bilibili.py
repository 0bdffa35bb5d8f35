"""Bilibili's live messages as JSON, those of the room's socket (`DANMU_MSG`) and of the open platform (`…_DM`).

A danmaku arrives as nested lists: `info[1]` is the text, `info[2][0]` the user, `info[0][4]` the time in milliseconds
and `info[0][15].extra` an object, or JSON of its own, with the message's id. `…_MIRROR` is the same message seen from
another room. The viewers of now are `online_count`: `count` stops near ten thousand.

Two messages carry protobuf in base64 (`pb`); their fields are as public clients found them, the platform documents
none. Commands of the open platform: https://open-live.bilibili.com/document/f9ce25be-312e-1f4a-85fd-fef21f1637f8.
"""

from collections.abc import Mapping

import msgspec

from streams.events.schema import Event, Kind
from streams.ingest.feed import Decoder, Message, Translation
from streams.ingest.foreign import Fields, ForeignError, sent_ms
from streams.ingest.platforms import bilibili_gifts as gifts
from streams.ingest.platforms.bilibili_gifts import at_ms
from streams.ingest.platforms.bilibili_users import danmaku_user, user_of
from streams.ingest.wire import from_base64

MIRROR = "_MIRROR"
INTERACTIONS: Mapping[int, Kind] = {1: "enter", 2: "follow", 3: "share", 4: "follow", 5: "follow"}
"""4 follows and wants to be told of streams, 5 follows who follows back."""


def _danmaku(message: Message) -> list[Event]:
    info = message.fields.items("info")
    if not info:
        return _open_danmaku(message)
    meta, text, user = [*info, None, None, None][:3]
    if (
        not isinstance(meta, list)
        or len(meta) < 5
        or not isinstance(text, str)
        or not isinstance(user, list)
        or not user
    ):
        raise ForeignError("wrong_type", "DANMU_MSG without text, user or time where they belong")
    extra = _extra(meta)
    time_ms = sent_ms(meta[4]) or message.received_ms
    user_id, actor = danmaku_user(message, user[0], extra, meta)
    own_id = extra.identifier("id_str") or message.made_id(user_id, time_ms, text)
    return [message.event("comment", own_id, time_ms, actor=actor, text=text)]


def _extra(meta: list[object]) -> Fields:
    """What a danmaku has besides; empty in old messages."""
    mode = meta[15] if len(meta) > 15 else None
    if mode is not None and not isinstance(mode, dict | list | str):
        raise ForeignError("wrong_type", "DANMU_MSG with a number where an object belongs")
    return Fields({"mode": mode}).part("mode").part("extra")


def _open_danmaku(message: Message) -> list[Event]:
    data = message.fields.part("data")
    if data.get("msg") is None:
        raise ForeignError("missing_field", "no msg")
    text = data.text("msg")
    return [_by_user(message, "comment", text, text=text)]


def _interaction(message: Message) -> list[Event]:
    data = message.fields.part("data")
    if data.get("pb") is not None:
        return _interaction_of_pb(message, data.text("pb"))
    kind = _interaction_kind(message, data.number("msg_type"))
    return [_by_user(message, kind)] if kind else []


def _interaction_kind(message: Message, number: int) -> Kind | None:
    """None, and a note, for one that nobody has heard of, or that is not told."""
    kind = INTERACTIONS.get(number)
    if kind is None:
        message.notes.append("unknown_type" if number else "missing_field")
    return kind


def _interaction_of_pb(message: Message, pb: str) -> list[Event]:
    """1 the uid · 2 the name · 5 the type · 7 seconds."""
    whole = from_base64(pb)
    kind = _interaction_kind(message, whole.number(5))
    if kind is None:
        return []
    time_ms = sent_ms(whole.number(7)) or message.received_ms
    actor = message.context.actor(whole.number(1)) or message.masked("")
    return [message.event(kind, message.made_id(kind, whole.number(1) or whole.text(2), time_ms), time_ms, actor=actor)]


def _entered(message: Message) -> list[Event]:
    return [_by_user(message, "enter")]


def _likes(message: Message) -> list[Event]:
    """A viewer's likes of two seconds, summed by the platform."""
    count = message.fields.part("data").number("like_count", default=1)
    return [_by_user(message, "like", count, value=count, value_mode="aggregate")]


def _clicked(message: Message) -> list[Event]:
    """One message a viewer who likes, however often."""
    return [_by_user(message, "like", sampled=True)]


def _all_likes(message: Message) -> list[Event]:
    """The room's own sum; nobody's like."""
    data = message.fields.part("data")
    total = data.shown_number("click_count")
    if total is None:
        total = data.required_number("click_count")
    time_ms = message.at_ms("send_time")
    return [message.event("like", message.made_id(time_ms, total), time_ms, value=0, total=total, sampled=True)]


def _viewers(message: Message) -> list[Event]:
    data = message.fields.part("data")
    told = [data.shown_number("online_count"), data.shown_number("count")]  # all who are there, and some of them
    count = max((one for one in told if one is not None), default=None)
    if count is None and data.get("count") is None:
        count = data.shown_number("online_count_text", "count_text")
    if count is None:
        count = data.required_number("count")
    time_ms = at_ms(message, data)
    own_id = message.made_id(time_ms, count)
    return [message.event("viewers", own_id, time_ms, value=count, value_mode="snapshot")]


def _started(message: Message) -> list[Event]:
    """The room's socket tells it twice, with one key."""
    data = message.fields.part("data") or message.fields
    time_ms = data.time_ms("live_time", "timestamp") or message.at_ms("send_time")
    own_id = f"start:{data.identifier('live_key', 'msg_id') or message.made_id(time_ms)}"
    return [message.event("session_start", own_id, time_ms, text=data.text("title") or None)]


def _ended(message: Message) -> list[Event]:
    data = message.fields.part("data")
    time_ms = at_ms(message, data)
    own_id = data.identifier("msg_id") or message.fields.identifier("msg_id") or message.made_id(time_ms)
    return [message.event("session_end", f"end:{own_id}", time_ms)]


def _warned(message: Message) -> list[Event]:
    text, time_ms = message.fields.text("msg") or message.fields.part("data").text("msg"), message.at_ms("send_time")
    return [message.event("notice", message.made_id(time_ms, text), time_ms, text=text or None)]


def _cut_off(message: Message) -> list[Event]:
    """The platform ends the stream, and says why."""
    return [*_warned(message), *_ended(message)]


def _recalled(message: Message) -> list[Event]:
    """A danmaku that its author or the platform took back."""
    data = message.fields.part("data")
    target = data.identifier("target_id", "id_str", "msg_id")
    if not target:
        raise ForeignError("missing_field", "no target_id")
    return [message.retraction(target, at_ms(message, data))]


def _by_user(message: Message, kind: Kind, *content: object, **fields: object) -> Event:
    """An event with the platform's id, or with one made of kind, user, time and content."""
    data = message.fields.required_part("data")
    user_id, actor = user_of(message)
    time_ms = at_ms(message, data)
    own_id = data.identifier("msg_id") or message.made_id(kind, user_id, time_ms, *content)
    return message.event(kind, own_id, time_ms, actor=actor, **fields)


def _mirrored(translate: Translation) -> Translation:
    """The same under an id of its own: the message keeps its id in the room where it was written."""

    def mirrored(message: Message) -> list[Event]:
        room = message.context.room_id
        return [
            msgspec.structs.replace(
                event, event_id=message.context.own_id(f"mirror:{room}:{event.event_id}"), is_mirror=True
            )
            for event in translate(message)
        ]

    return mirrored


def _type(fields: Fields) -> str:
    command = fields.get("cmd")
    if not isinstance(command, str) or not command:
        raise ForeignError("no_type", "no cmd")
    return command.partition(":")[0]


_OPEN = "LIVE_OPEN_PLATFORM_"
_SEEN_HERE: Mapping[str, Translation] = {
    "DANMU_MSG": _danmaku, "SEND_GIFT": gifts.send_gift, "SEND_GIFT_V2": gifts.send_gift_v2,
    "GUARD_BUY": gifts.guard_buy, "USER_TOAST_MSG": gifts.toast, "USER_TOAST_MSG_V2": gifts.toast,
    "SUPER_CHAT_MESSAGE": gifts.super_chat, "SUPER_CHAT_MESSAGE_JPN": gifts.super_chat,
    "SUPER_CHAT_MESSAGE_DELETE": gifts.super_chat_deleted, "INTERACT_WORD_V2": _interaction,
    "INTERACT_WORD": _interaction, "LIKE_INFO_V3_CLICK": _clicked, "LIKE_INFO_V3_UPDATE": _all_likes,
    "ONLINE_RANK_COUNT": _viewers, "LIVE": _started, "PREPARING": _ended, "WARNING": _warned, "CUT_OFF": _cut_off,
    "CUT_OFF_V2": _cut_off, "ROOM_LOCK": _cut_off,
    f"{_OPEN}DM": _danmaku, f"{_OPEN}SEND_GIFT": gifts.open_gift, f"{_OPEN}GUARD": gifts.open_guard,
    f"{_OPEN}SUPER_CHAT": gifts.super_chat, f"{_OPEN}SUPER_CHAT_DEL": gifts.super_chat_deleted,
    f"{_OPEN}LIKE": _likes, f"{_OPEN}LIVE_ROOM_ENTER": _entered, f"{_OPEN}LIVE_START": _started,
    f"{_OPEN}LIVE_END": _ended,
}  # fmt: skip
_TRANSLATIONS: Mapping[str, Translation] = {
    "RECALL_DANMU_MSG": _recalled, **_SEEN_HERE,
    **{f"{name}{MIRROR}": _mirrored(translate) for name, translate in _SEEN_HERE.items()},
}  # fmt: skip
_IGNORED = frozenset({
    "COMBO_SEND", "ENTRY_EFFECT", "ENTRY_EFFECT_MUST_RECEIVE", "NOTICE_MSG", "STOP_LIVE_ROOM_LIST", "WATCHED_CHANGE",
    "ROOM_REAL_TIME_MESSAGE_UPDATE", "ROOM_REAL_TIME_MESSAGE_UPDATE_V2", "ONLINE_RANK_V2", "ONLINE_RANK_V3",
    "ONLINE_RANK_TOP3", "HOT_RANK_CHANGED", "HOT_RANK_CHANGED_V2", "ROOM_CHANGE", "ROOM_SILENT_ON", "ROOM_SILENT_OFF",
    "ROOM_BLOCK_MSG", "ROOM_SKIN_MSG", "WIDGET_BANNER", "COMMON_NOTICE_DANMAKU", "DM_INTERACTION",
    "LIVE_INTERACTIVE_GAME", "PK_INFO", "SUPER_CHAT_ENTRANCE", "LOG_IN_NOTICE", "GUARD_HONOR_THOUSAND",
    "INTERACTIVE_USER", "RANK_CHANGED", "RANK_CHANGED_V2", "POPULAR_RANK_CHANGED", "AREA_RANK_CHANGED",
    "HEARTBEAT", "LIKE_GUIDE_USER", "SHOPPING_CART_SHOW", "SHOPPING_BUBBLES_STYLE", f"{_OPEN}INTERACTION_END",
})  # fmt: skip
"""Known, and nothing that is counted: `COMBO_SEND` sums gifts that were told, `ENTRY_EFFECT` shows an enter again."""

DECODER = Decoder(_type, _TRANSLATIONS, _IGNORED)
decode = DECODER.decode
