import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event
from streams.ingest.context import FeedContext
from streams.ingest.feed import Feed
from streams.ingest.platforms.jetstream import DECODER, decode

AT_US, RECEIVED_MS = 1_783_175_888_085_434, 1_783_175_889_000
BRAND_DID = "did:plc:brand"
CONTEXT = FeedContext(
    "bluesky-jetstream", "bluesky", "tidewear", Pseudonyms(b"key"), own_accounts=frozenset({BRAND_DID})
)


def decoded(
    operation: str, collection: str, record: dict[str, Any] | None = None, did: str = "did:plc:someone"
) -> list[Event]:
    commit = {"rev": "3m", "operation": operation, "collection": collection, "rkey": "3abc"}
    if record is not None:
        commit["record"] = {"$type": collection, "createdAt": "1999-01-01T00:00:00Z", **record}  # type: ignore[assignment]  # a JSON object
    message = {"did": did, "time_us": AT_US, "kind": "commit", "commit": commit}
    return decode(json.dumps(message).encode(), CONTEXT, RECEIVED_MS)


def test_post_has_the_servers_time_and_no_trace_of_its_author() -> None:
    (event,) = decoded("create", "app.bsky.feed.post", {"text": "love my new runners", "langs": ["en"]})
    assert (event.kind, event.text, event.lang) == ("post", "love my new runners", "en")
    assert event.event_time_ms == AT_US // 1000
    assert b"did:plc" not in msgspec.json.encode(event)


def test_reply_is_told_from_a_post() -> None:
    parent = {"uri": "at://did:plc:x/app.bsky.feed.post/1", "cid": "c"}
    (event,) = decoded("create", "app.bsky.feed.post", {"text": "same", "reply": {"root": parent, "parent": parent}})
    assert event.kind == "reply"


@pytest.mark.parametrize(("name", "kind"), [("like", "like"), ("repost", "repost")])
def test_like_and_repost_name_their_post(name: str, kind: str) -> None:
    (post,) = decoded("create", "app.bsky.feed.post", {"text": "new colours"}, did=BRAND_DID)
    subject = {"uri": f"at://{BRAND_DID}/app.bsky.feed.post/3abc", "cid": "c"}
    (event,) = decoded("create", f"app.bsky.feed.{name}", {"subject": subject})
    assert (event.kind, event.subject_id) == (kind, post.event_id)
    assert post.actor is not None
    assert post.actor.official


def test_follow_counts_for_the_brands_own_accounts_alone() -> None:
    assert decoded("create", "app.bsky.graph.follow", {"subject": BRAND_DID})[0].kind == "follow"
    assert decoded("create", "app.bsky.graph.follow", {"subject": "did:plc:other"}) == []


@pytest.mark.parametrize("collection", ["app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.graph.follow"])
def test_delete_takes_back_what_was_created_at_its_address(collection: str) -> None:
    subject: Any = BRAND_DID if collection.endswith("follow") else {"uri": "at://x", "cid": "c"}
    record = {"text": "a"} if collection.endswith("post") else {"subject": subject}
    (created,) = decoded("create", collection, record)
    (deleted,) = decoded("delete", collection)
    assert (deleted.kind, deleted.retracts) == ("retraction", created.event_id)


@pytest.mark.parametrize("collection", ["app.bsky.graph.block", "fm.teal.alpha.actor.status"])
def test_other_collections_mean_nothing(collection: str) -> None:
    assert decoded("create", collection, {"subject": 5}) == []


def account(status: str | None, did: str = "did:plc:someone") -> list[Event]:
    facts = {"active": status is None, "did": did, "seq": 9, **({} if status is None else {"status": status})}
    message = {"did": did, "time_us": AT_US, "kind": "account", "account": facts}
    return decode(json.dumps(message).encode(), CONTEXT, RECEIVED_MS)


@pytest.mark.parametrize("status", ["deleted", "takendown"])
def test_account_that_is_gone_takes_its_texts_along(status: str) -> None:
    [post] = decoded("create", "app.bsky.feed.post", {"text": "hello"})
    [gone] = account(status)
    assert (gone.kind, gone.actor, gone.event_time_ms) == ("account_deletion", post.actor, AT_US // 1000)
    assert account(status) == [gone]


@pytest.mark.parametrize("status", [None, "deactivated", "suspended", "throttled"])
def test_account_that_may_come_back_keeps_its_texts(status: str | None) -> None:
    assert account(status) == []


def test_identity_messages_mean_nothing() -> None:
    message = {"did": "did:plc:a", "time_us": AT_US, "kind": "identity", "identity": {"handle": "a.bsky.social"}}
    assert decode(json.dumps(message).encode(), CONTEXT, RECEIVED_MS) == []


def test_what_is_no_message_is_a_decode_error() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(b'{"did":"x","time_us":"soon","kind":"commit"}', CONTEXT, RECEIVED_MS)


def test_recorded_messages_are_all_understood() -> None:
    folder = Path(os.environ.get("PULSEWATCH_DATA", "../shared/data"))
    recorded = folder / "feeds" / "jetstream_v1.jsonl"
    if not recorded.exists():
        pytest.skip(f"no recorded messages at {recorded}: set PULSEWATCH_DATA to the folder of the data sets")
    events = [event for line in recorded.read_bytes().splitlines() for event in decode(line, CONTEXT, RECEIVED_MS)]
    assert Counter(event.kind for event in events) == {"like": 54, "post": 4, "reply": 4, "repost": 8, "retraction": 1}


def commit(operation: str, rev: int, text: str = "") -> bytes:
    said: dict[str, Any] = {
        "rev": f"3m{rev}", "operation": operation, "collection": "app.bsky.feed.post", "rkey": "3abc",
    }  # fmt: skip
    if text:
        said |= {"cid": f"of {text}", "record": {"$type": "app.bsky.feed.post", "text": text}}
    return json.dumps({"did": "did:plc:someone", "time_us": AT_US + rev, "kind": "commit", "commit": said}).encode()


def standing(events: list[Event]) -> list[str | None]:
    """The texts that are told and not taken back, an id counted once."""
    told = {event.event_id: event for event in events}
    gone = {event.retracts for event in events}
    return [event.text for event_id, event in told.items() if event.text and event_id not in gone]


def test_edit_that_is_undone_leaves_the_first_wording() -> None:
    feed = Feed(DECODER, CONTEXT)
    said = [commit("create", 1, "a"), commit("update", 2, "b"), commit("update", 3, "a"), commit("update", 4, "b")]
    events = [event for raw in said for event in feed.read(raw, RECEIVED_MS)]
    assert standing(events) == ["b"]
    assert standing(events + feed.read(commit("delete", 5), RECEIVED_MS)) == []


@pytest.mark.parametrize("again", [slice(0, 3), slice(1, 3), slice(0, 2)])
def test_edits_that_are_told_again_leave_the_post_standing_once(again: slice) -> None:
    """As another host does, which is asked for the last seconds once more."""
    feed = Feed(DECODER, CONTEXT)
    said = [commit("create", 1, "a"), commit("update", 2, "b"), commit("update", 3, "c")]
    events = [event for raw in said + said[again] for event in feed.read(raw, RECEIVED_MS)]
    assert len(standing(events)) == 1
