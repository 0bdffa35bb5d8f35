"""What TikTok LIVE's and Douyin's webcast messages have in common: one protocol, in the spelling of many collectors.

    {"type": "WebcastGiftMessage", "common": {"msg_id", "create_time"}, "user": {"id"}, "gift_id", "repeat_count", …}
    {"method": "WebcastGiftMessage", "common": {"msgId", "createTime"}, "user": {"id"}, "giftId", "repeatCount", …}
    {"type": "gift", "msgId", "createTime", "userId", "giftId", "repeatCount", …}
    {"event": "gift", "data": {"msgId", …}}        `payload` or `parsed`, from a relay

A gift in a streak is sent again with a growing `repeat_count` under one `group_id` until `repeat_end`. `Like.count` is
what one viewer added; in a large room not every like is sent, and `Like.total` is the room's own sum.
`RoomUserSeq.total` counts the viewers of now, `total_user` all that ever came.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from streams.events.schema import Actor, Event, Kind
from streams.ingest.feed import Message, Translation
from streams.ingest.foreign import MAX_COUNT, Fields, ForeignError, is_nothing

FOLLOWED, SHARED = 1, 3
ENDED, SUSPENDED = 3, 4
"""Control's number for a stream that is over, and for one that the platform stopped."""
_PRESENT = ("total", "viewer_count", "m_total")
_MASKED_IDS = frozenset({"111111"})
"""What Douyin's web gives as the id of each user whom it hides."""


def type_reader(names: Iterable[str]) -> Callable[[Fields], str]:
    """Reads a message's type: `WebcastGiftMessage`, `GiftEvent` and `gift` are all `Gift`."""
    known = {name.lower(): name for name in names}

    def type_of(fields: Fields) -> str:
        given = fields.get("method", "type", "event")
        if not isinstance(given, str) or not given:
            raise ForeignError("no_type", "no type")
        name = given.removeprefix("Webcast")
        for suffix in ("Message", "Event"):
            name = name.removesuffix(suffix) or name
        return known.get(name.lower(), name)

    return type_of


_INNER = "payload", "data", "parsed"


def taken_out(given: dict[str, Any]) -> dict[str, Any]:
    """A message without the envelope that a relay put around it; as it is, where it has none."""
    fields = Fields(given)
    method, inner = fields.get("method", "type", "event"), fields.part(*_INNER)
    if isinstance(method, str) and inner and fields.get("common", "user", "content") is None:
        return {**inner.given, "method": method}
    return given


def by_user(message: Message, kind: Kind, *content: object, **fields: Any) -> list[Event]:
    """An event of the message's user. `content` tells it from others where it has no id."""
    user_id, actor = _user(message)
    return _told(message, kind, (user_id, *content), actor=actor, **fields)


def by_room(message: Message, kind: Kind, *content: object, **fields: Any) -> list[Event]:
    return _told(message, kind, content, **fields)


def at_ms(message: Message) -> int:
    """When it was sent, as the platform has it; else when it came."""
    return _common(message).time_ms("create_time") or message.at_ms("create_time", "event_time", "timestamp")


def own_id(message: Message, *content: object) -> str:
    """The platform's id of the message; one made of room, type, time and content where a collector leaves it out."""
    given = _common(message).identifier("msg_id", "message_id") or message.fields.identifier("msg_id", "message_id")
    return given or message.made_id(at_ms(message), *content)


def chat(message: Message) -> list[Event]:
    if message.fields.get("content", "comment", "text") is None:
        raise ForeignError("missing_field", "no content")
    text = message.fields.text("content", "comment", "text")
    lang = message.fields.text("content_language", "comment_language")[:16] or None
    return by_user(message, "comment", text, text=text or None, lang=lang)


def emote(message: Message) -> list[Event]:
    """A comment of pictures alone."""
    return by_user(message, "comment")


def gift(message: Message) -> list[Event]:
    fields = message.fields
    items = max(1, fields.number("repeat_count") or fields.number("combo_count"))
    gift_id = fields.identifier("gift_id") or _gift_details(fields).identifier("id", "gift_id")
    group_id = fields.identifier("group_id")
    user_id, _ = _user(message)
    subject = message.context.streak(user_id, group_id)
    return by_user(
        message,
        "gift",
        gift_id,
        group_id,
        items,
        fields.flag("repeat_end"),
        value=items,
        subject_id=subject,
        amount=_price(message, gift_id),
        final=subject is None or fields.flag("repeat_end"),
    )


def like(message: Message) -> list[Event]:
    total = message.fields.number_or_none("total", "total_like_count")
    if total is None:
        count = message.fields.required_number("count", "like_count")
    else:
        told = message.fields.get("count", "like_count")
        count = 0 if is_nothing(told) else message.fields.number("count", "like_count")
        total = total if total >= count else None  # none was told: protobuf has no number that is missing
    return by_user(message, "like", count, total, value=count, total=total, sampled=True)


def member(message: Message) -> list[Event]:
    return by_user(message, "enter")


def follow(message: Message) -> list[Event]:
    return by_user(message, "follow")


def share(message: Message) -> list[Event]:
    return by_user(message, "share")


def social(message: Message) -> list[Event]:
    """Follows and shares are one type: a number tells them apart, or the name of the line that is shown."""
    shown = _common(message).part("display_text").text("key") or message.fields.text("display_type")
    action = message.fields.number_or_none("action")
    if action is None:
        shown = shown or message.fields.text("action").lower()
        if not shown:
            raise ForeignError("missing_field", "no action")
    if action == FOLLOWED or "follow" in shown:
        return follow(message)
    if action == SHARED or "share" in shown:
        return share(message)
    message.notes.append("unknown_type")
    return []


def viewers(message: Message) -> list[Event]:
    present = message.fields.shown_number(*_PRESENT)
    if present is None and message.fields.get(*_PRESENT) is None:
        present = message.fields.shown_number("online_user_for_anchor")
    if present is None:
        present = message.fields.required_number(*_PRESENT)
    came = message.fields.shown_number("total_user", "total_user_count")
    return by_room(message, "viewers", present, came, value=present, value_mode="snapshot", total=came)


def ended(message: Message, *names: str) -> bool:
    """Whether a control message says that the stream is over; protobuf's JSON may have the number's name."""
    value = message.fields.get(*names)
    if isinstance(value, str) and not value.strip().isdigit():
        return value.endswith(("ENDED", "SUSPENDED", "FINISH", "FINISHED"))
    return message.fields.number_or_none(*names) in (ENDED, SUSPENDED)


def session_end(message: Message) -> list[Event]:
    return by_room(message, "session_end")


COMMON: Mapping[str, Translation] = {
    "Chat": chat, "EmojiChat": emote, "EmoteChat": emote, "Gift": gift, "Like": like, "Member": member,
    "Social": social, "RoomUserSeq": viewers,
}  # fmt: skip
"""The types that both platforms have."""


def _told(message: Message, kind: Kind, content: tuple[object, ...], **fields: Any) -> list[Event]:
    return [message.event(kind, own_id(message, *content), at_ms(message), **fields)]


def _common(message: Message) -> Fields:
    return message.fields.part("common", "base_message")


def _user(message: Message) -> tuple[str, Actor | None]:
    """The id that is found, and the actor: a hidden one where the platform masks its users."""
    user = message.fields.part("user")
    if not user:
        user_id = message.fields.identifier("user_id")
        return user_id, message.context.actor(user_id, _reach(message.fields), message.fields.flag("verified"))
    user_id = user.identifier("id_str", "user_id", "id")
    if user_id in _MASKED_IDS and "*" in user.text("nick_name", "nickname"):
        mark = user.identifier("sec_uid", "webcast_uid")
        return mark, message.masked(mark)
    user_id = user_id or user.identifier("sec_uid")
    return user_id, message.context.actor(user_id, _reach(user), user.flag("verified", "is_verified"))


def _reach(user: Fields) -> int:
    reach = user.number_or_none("follower_count")
    return reach if reach is not None else user.part("follow_info").number_or_none("follower_count") or 0


def _gift_details(fields: Fields) -> Fields:
    return fields.part("gift") or fields.part("gift_details", "extended_gift_info", "gift_info")


def _price(message: Message, gift_id: str) -> int:
    """Minor units of money for one piece; 0, and a note, where neither its price nor what a coin costs is known."""
    price = message.context.gift_prices.get(gift_id)
    if price is not None:
        return price
    fields, coin_price = message.fields, message.context.coin_price
    coins = fields.number_or_none("diamond_count") or _gift_details(fields).number_or_none("diamond_count")
    if coins is None or coin_price is None:
        message.notes.append("unknown_price")
        return 0
    worth = round(coins * coin_price)
    if worth > MAX_COUNT:
        message.notes.append("unknown_price")
        return 0
    return worth
