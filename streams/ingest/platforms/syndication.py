"""Entries of RSS and Atom feeds, as streams.ingest.protocols.rss takes them apart: news, blogs, release notes.

A title and what it says of itself are one post. An entry whose wording changes takes the former one back.
"""

from streams.events.schema import Event
from streams.ingest.feed import Decoder, Message
from streams.ingest.foreign import Fields, ForeignError, digest
from streams.ingest.plain_text import plain_text

ENTRY = "entry"


def _entry(message: Message) -> list[Event]:
    fields = message.fields
    own_id, text = fields.identifier("id"), _text(fields)
    if not own_id:
        raise ForeignError("missing_field", "no id, link or title")
    at_ms = fields.time_ms("published") or fields.time_ms("updated") or message.received_ms
    author = fields.text("author").strip()
    return [
        message.version(
            "post",
            own_id,
            digest(text, fields.text("updated"))[:16],
            at_ms,
            replaces_plain=False,
            actor=message.context.actor(author) if author else None,
            text=text or None,
            lang=fields.text("lang")[:16] or None,
        )
    ]


def _text(fields: Fields) -> str:
    title, body = plain_text(fields.text("title")), plain_text(fields.text("content") or fields.text("summary"))
    return body if body.startswith(title) else "\n".join(filter(None, (title, body)))


DECODER = Decoder(lambda _fields: ENTRY, {ENTRY: _entry})
