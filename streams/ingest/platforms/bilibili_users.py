"""Who a message of Bilibili is of: a uid, an open id, or a user whom the platform hides.

Who is not signed in sees `uid` 0 and `某***`. A danmaku then still has a hash of 32 bits of the uid, which tells people
apart within a room; other messages have nothing.
"""

from typing import Any

from streams.events.schema import Actor
from streams.ingest.feed import Message
from streams.ingest.foreign import Fields, identifier_of

_MASK = "*"


def user_of(message: Message) -> tuple[str, Actor | None]:
    """What names the user in made-up ids, and the actor."""
    data = message.fields.part("data")
    user_id = user_id_of(data)
    actor = message.context.actor(user_id)
    if actor is None and _MASK in _name(data):
        return _name(data), message.masked("")
    return user_id, actor


def user_id_of(data: Fields) -> str:
    """The open platform's id of the user, or the uid; empty where there is none."""
    holders = data, data.part("user_info"), data.part("sender_uinfo"), data.part("uinfo")
    return next(
        filter(None, (holder.identifier("open_id") or holder.identifier("uid", "user_id") for holder in holders)), ""
    )


def danmaku_user(message: Message, uid: Any, extra: Fields, meta: list[Any]) -> tuple[str, Actor | None]:
    """The same for a danmaku, whose user is in a list."""
    user_id = identifier_of(uid)
    if user_id:
        return user_id, message.context.actor(user_id)
    mark = extra.identifier("user_hash") or _hash_of(meta[7] if len(meta) > 7 else None)
    return f"hash:{mark}", message.masked(mark)


def _hash_of(value: Any) -> str:
    """The hash as decimal digits, as `extra` writes it; empty where it is none."""
    try:
        return str(int(value, 16)) if isinstance(value, str) and len(value) <= 8 else ""
    except ValueError:
        return ""


def _name(data: Fields) -> str:
    holders = data, data.part("user_info"), *(data.part(name).part("base") for name in ("sender_uinfo", "uinfo"))
    names = (holder.get("uname", "username", "name") for holder in holders)
    return next((name for name in names if isinstance(name, str) and name), "")
