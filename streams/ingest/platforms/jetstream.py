"""Bluesky's Jetstream: one JSON object a commit of any account of the network; deletes are events.

A record's address (`at://did/collection/rkey`) names its author, so a pseudonym replaces both. The time is the server's
(`time_us`): `createdAt` is what the client wrote. A delete names the deleted record by its address alone, so
every delete is a retraction. An edit (`update`) is not read: no client of Bluesky's own makes one, and what was said
first was said. An account that is deleted, or taken down, takes all of its texts along. Source: https://docs.bsky.app/blog/jetstream.
"""

from streams.events.schema import Event, Kind
from streams.ingest.context import FeedContext
from streams.ingest.feed import Decoder, Message
from streams.ingest.foreign import Fields, ForeignError

POST, LIKE = "app.bsky.feed.post", "app.bsky.feed.like"
REPOST, FOLLOW = "app.bsky.feed.repost", "app.bsky.graph.follow"
COLLECTIONS = frozenset({POST, LIKE, REPOST, FOLLOW})
GONE = frozenset({"deleted", "takendown"})
"""States of an account that is not coming back; one that is deactivated or suspended may."""
OPERATIONS = frozenset({"create", "update", "delete"})


def _commit(message: Message) -> list[Event]:
    """No event or one. A follow counts where the account is one of the brand's own. Every post is decoded: whether it
    is about the brand is decided by the caller."""
    commit = message.fields.part("commit")
    collection, operation = commit.required_text("collection"), commit.required_text("operation")
    if operation not in OPERATIONS:
        raise ForeignError("wrong_type", "operation is none of Jetstream's")
    if collection not in COLLECTIONS or operation == "update":
        return []
    did, rkey = message.fields.required_text("did"), commit.required_text("rkey")
    event_id = message.context.pseudonymise(f"at://{did}/{collection}/{rkey}")
    at_ms = message.at_ms("time_us")
    if operation == "delete":
        return [message.retraction(event_id, at_ms)]
    record = commit.part("record")
    if not record:
        raise ForeignError("missing_field", "no record")
    kind = _kind(collection, record, message.context)
    if kind is None:
        return []
    lang = next((lang for lang in record.items("langs") if isinstance(lang, str)), "")
    return [
        message.event(
            kind,
            event_id,
            at_ms,
            actor=message.context.actor(did),
            text=record.text("text") or None,
            lang=lang[:16] or None,
            subject_id=_subject(record, message.context),
        )
    ]


def _account(message: Message) -> list[Event]:
    """One event where the account is gone for good, else none."""
    account = message.fields.part("account")
    if account.text("status") not in GONE:
        return []
    did, at_ms = message.fields.required_text("did"), message.at_ms("time_us")
    event_id = message.context.pseudonymise(f"{did} is gone {at_ms}")
    return [message.event("account_deletion", event_id, at_ms, actor=message.context.actor(did))]


def _kind(collection: str, record: Fields, context: FeedContext) -> Kind | None:
    if collection == POST:
        return "reply" if record.part("reply") else "post"
    if collection == FOLLOW:
        return "follow" if record.text("subject") in context.own_accounts else None
    return "like" if collection == LIKE else "repost"


def _subject(record: Fields, context: FeedContext) -> str | None:
    """The post that is liked or reposted, by the id that its own event has."""
    uri = record.part("subject").text("uri")
    return context.own_id(context.pseudonymise(uri)) if uri else None


def _type(fields: Fields) -> str:
    kind = fields.get("kind")
    if not isinstance(kind, str) or not kind:
        raise ForeignError("no_type", "no kind")
    return kind


DECODER = Decoder(_type, {"commit": _commit, "account": _account}, frozenset({"identity"}))
decode = DECODER.decode
