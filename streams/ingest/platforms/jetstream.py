"""Bluesky's Jetstream: one JSON object a commit of any account of the network; deletes are events.

A record's address (`at://did/collection/rkey`) names its author, so a pseudonym replaces both. The time is the server's
(`time_us`): `createdAt` is what the client wrote. A delete names the deleted record by its address alone, so
every delete is a retraction. Source: https://docs.bsky.app/blog/jetstream.
"""

from typing import Any, Literal

import msgspec

from streams.events.schema import Event, Kind
from streams.ingest.context import FeedContext

POST, LIKE = "app.bsky.feed.post", "app.bsky.feed.like"
REPOST, FOLLOW = "app.bsky.feed.repost", "app.bsky.graph.follow"
COLLECTIONS = frozenset({POST, LIKE, REPOST, FOLLOW})


class Subject(msgspec.Struct, frozen=True):
    """A post that is liked or reposted."""

    uri: str


class Record(msgspec.Struct, frozen=True):
    """What a commit creates; the subject of a follow is an account, of likes and reposts a post."""

    text: str = ""
    langs: list[str] = []
    subject: Subject | str | None = None
    reply: dict[str, Any] | None = None


class Commit(msgspec.Struct, frozen=True):
    operation: Literal["create", "update", "delete"]
    collection: str
    rkey: str
    record: msgspec.Raw = msgspec.Raw()
    """Read only where the collection is one of ours: others have shapes of their own."""


class Message(msgspec.Struct, frozen=True):
    did: str
    time_us: int
    kind: str
    commit: Commit | None = None


_message = msgspec.json.Decoder(Message)
_record = msgspec.json.Decoder(Record)


def decode(raw: bytes, context: FeedContext, received_ms: int) -> list[Event]:
    """No event or one. Raises msgspec.DecodeError where the bytes are not a Jetstream message.

    A follow counts where the account is one of the brand's own. Every post is decoded: whether it is about the brand is
    decided by the caller.
    """
    message = _message.decode(raw)
    commit = message.commit
    if commit is None or commit.collection not in COLLECTIONS:
        return []
    event_id = context.pseudonymise(f"at://{message.did}/{commit.collection}/{commit.rkey}")
    at_ms = message.time_us // 1000
    if commit.operation == "delete":
        return [context.retraction(event_id, at_ms, received_ms)]
    if commit.operation == "update" or not bytes(commit.record):
        return []
    record = _record.decode(commit.record)
    kind = _kind(commit.collection, record, context)
    if kind is None:
        return []
    return [
        context.event(
            kind,
            event_id,
            at_ms,
            received_ms,
            actor=context.actor(message.did),
            text=record.text or None,
            lang=record.langs[0][:16] if record.langs else None,
            subject_id=_subject(record, context),
        )
    ]


def _kind(collection: str, record: Record, context: FeedContext) -> Kind | None:
    if collection == POST:
        return "post" if record.reply is None else "reply"
    if collection == FOLLOW:
        return "follow" if record.subject in context.own_accounts else None
    return "like" if collection == LIKE else "repost"


def _subject(record: Record, context: FeedContext) -> str | None:
    return (
        f"{context.source}:{context.pseudonymise(record.subject.uri)}" if isinstance(record.subject, Subject) else None
    )
