"""Mastodon's streaming API: `{"event": "update", "payload": "…"}`, the payload a status as JSON text.

`update` is a new status, a boost (`reblog`) or an answer; `status.update` an edit, which takes the former wording back;
`delete` names one that is gone. A status is HTML; what stands before it (`spoiler_text`) is read too. One with an
`edited_at` is the wording of that time, however it comes. Source: https://docs.joinmastodon.org/methods/streaming/.
"""

from typing import Any

from streams.events.schema import Event, Kind
from streams.ingest.feed import Decoder, Message
from streams.ingest.foreign import Fields, ForeignError
from streams.ingest.plain_text import plain_text


def _update(message: Message) -> list[Event]:
    status = message.fields.part("payload")
    own_id, at_ms = _own_id(status), status.time_ms("created_at") or message.received_ms
    boosted = status.part("reblog")
    if boosted:
        subject = message.context.own_id(_own_id(boosted))
        return [message.event("repost", own_id, at_ms, actor=_author(message, status), subject_id=subject)]
    kind: Kind = "reply" if status.identifier("in_reply_to_id") else "post"
    fields: dict[str, Any] = {
        "actor": _author(message, status),
        "text": _text(status) or None,
        "lang": status.text("language")[:16] or None,
    }
    edited_ms = status.time_ms("edited_at")
    if edited_ms:
        return [message.version(kind, own_id, str(edited_ms), at_ms, **fields)]
    return [message.event(kind, own_id, at_ms, **fields)]


def _delete(message: Message) -> list[Event]:
    own_id = message.fields.identifier("payload")
    if not own_id:
        raise ForeignError("missing_field", "no payload")
    return [message.retraction(own_id, message.received_ms)]


def _own_id(status: Fields) -> str:
    own_id = status.identifier("id")
    if not own_id:
        raise ForeignError("missing_field", "no id")
    return own_id


def _author(message: Message, status: Fields) -> Any:
    account = status.part("account")
    return message.context.actor(account.identifier("id"), account.number_or_none("followers_count") or 0)


def _text(status: Fields) -> str:
    return "\n".join(filter(None, (status.text("spoiler_text").strip(), plain_text(status.text("content")))))


def _type(fields: Fields) -> str:
    event = fields.get("event")
    if not isinstance(event, str) or not event:
        raise ForeignError("no_type", "no event")
    return event


_IGNORED = frozenset({
    "filters_changed", "notification", "notifications_merged", "conversation", "announcement", "announcement.reaction",
    "announcement.delete", "encrypted_message",
})  # fmt: skip
DECODER = Decoder(_type, {"update": _update, "status.update": _update, "delete": _delete}, _IGNORED)
decode = DECODER.decode
