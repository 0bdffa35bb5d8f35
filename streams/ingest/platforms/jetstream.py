"""Bluesky's Jetstream: one JSON object a commit of any account of the network; deletes are events.

A record's address (`at://did/collection/rkey`) names its author, so a pseudonym replaces both. The time is the server's
(`time_us`): `createdAt` is what the client wrote. A delete names the deleted record by its address alone, so
every delete is a retraction. An edited post takes its former wording back. An account that is deleted, or taken down,
takes all of its texts along. Version 2 tells the same in another form, by the same ids. Sources:
https://docs.bsky.app/blog/jetstream, https://bsky.network/docs/jetstream/.
"""

from typing import Any

from streams.events.schema import Event, Kind
from streams.ingest.context import FeedContext
from streams.ingest.feed import Decoder, Message
from streams.ingest.foreign import Fields, ForeignError, digest

POST, LIKE = "app.bsky.feed.post", "app.bsky.feed.like"
REPOST, FOLLOW = "app.bsky.feed.repost", "app.bsky.graph.follow"
COLLECTIONS = frozenset({POST, LIKE, REPOST, FOLLOW})
GONE = frozenset({"deleted", "takendown"})
"""States of an account that is not coming back; one that is deactivated or suspended may."""
OPERATIONS = frozenset({"create", "update", "delete"})


def _commit(message: Message) -> list[Event]:
    """No event or one. A follow counts where the account is one of the brand's own. Every post is decoded: whether it
    is about the brand is decided by the caller."""
    told, at_ms = _told(message)
    commit = told.part("commit") or told
    collection, operation = commit.required_text("collection"), commit.required_text("operation")
    if operation not in OPERATIONS:
        raise ForeignError("wrong_type", "operation is none of Jetstream's")
    if collection not in COLLECTIONS or (operation == "update" and collection != POST):
        return []
    did, rkey = told.required_text("did"), commit.required_text("rkey")
    event_id = message.context.pseudonymise(f"at://{did}/{collection}/{rkey}")
    if operation == "delete":
        return [message.retraction(event_id, at_ms)]
    record = commit.part("record")
    if not record:
        raise ForeignError("missing_field", "no record")
    kind = _kind(collection, record, message.context)
    if kind is None:
        return []
    lang = next((lang for lang in record.items("langs") if isinstance(lang, str)), "")
    fields: dict[str, Any] = {
        "actor": message.context.actor(did),
        "text": record.text("text") or None,
        "lang": lang[:16] or None,
        "subject_id": _subject(collection, record, message.context),
    }
    if operation == "update":
        version = commit.identifier("rev", "cid") or digest(fields["text"])
        return [message.version(kind, event_id, version, at_ms, **fields)]
    return [message.event(kind, event_id, at_ms, **fields)]


def _account(message: Message) -> list[Event]:
    """One event where the account is gone for good, else none."""
    told, at_ms = _told(message)
    if told.part("account").text("status") not in GONE:
        return []
    did = told.required_text("did")
    event_id = message.context.pseudonymise(f"{did} is gone {at_ms}")
    return [message.event("account_deletion", event_id, at_ms, actor=message.context.actor(did))]


def _kind(collection: str, record: Fields, context: FeedContext) -> Kind | None:
    if collection == POST:
        return "reply" if record.part("reply") else "post"
    if collection == FOLLOW:
        return "follow" if context.is_own(record.text("subject")) else None
    return "like" if collection == LIKE else "repost"


def _subject(collection: str, record: Fields, context: FeedContext) -> str | None:
    """The post that is liked or reposted, by the id that its own event has; the account that is followed, by its
    pseudonym."""
    if collection == FOLLOW:
        return context.pseudonymise(record.text("subject"))
    uri = record.part("subject").text("uri")
    return context.own_id(context.pseudonymise(uri)) if uri else None


def _told(message: Message) -> tuple[Fields, int]:
    """What a message of either version tells, and when the server heard it."""
    payload = message.fields.part("payload")
    if payload:
        return payload, payload.time_ms("witnessedAt", "time") or message.received_ms
    return message.fields, message.at_ms("time_us")


def _type(fields: Fields) -> str:
    kind = fields.get("kind")
    if kind is None and fields.get("$type") == "message":
        kind = fields.part("payload").text("$type").rpartition("#")[2]
    if not isinstance(kind, str) or not kind:
        raise ForeignError("no_type", "no kind")
    return kind


DECODER = Decoder(_type, {"commit": _commit, "account": _account}, frozenset({"identity", "sync", "info"}))
decode = DECODER.decode
