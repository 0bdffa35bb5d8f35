"""Mastodon's messages as events."""

import json
from typing import Any

import msgspec
import pytest

from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event
from streams.ingest.context import FeedContext
from streams.ingest.feed import Feed
from streams.ingest.platforms.mastodon import DECODER, decode

RECEIVED_MS = 1_783_175_889_000
CONTEXT = FeedContext("mastodon-social", "mastodon", "tidewear", Pseudonyms(b"key"))


def raw(event: str, payload: Any) -> bytes:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return json.dumps({"event": event, "payload": text}).encode()


def decoded(event: str, payload: Any) -> list[Event]:
    return decode(raw(event, payload), CONTEXT, RECEIVED_MS)


def status(**fields: Any) -> dict[str, Any]:
    return {"id": "7", "created_at": "2026-07-04T14:38:08.085Z", "account": {"id": "23"}, **fields}


def test_update_is_a_post_without_markup() -> None:
    html = '<p>Warm &amp; dry<br />twice</p><p>see <a href="https://x.test/a"><span class="invisible">https://</span>x.test/a</a></p>'
    (event,) = decoded("update", status(content=html, language="en", spoiler_text="Boots"))
    assert (event.kind, event.text, event.lang) == ("post", "Boots\nWarm & dry\ntwice\nsee https://x.test/a", "en")
    assert event.event_time_ms == 1_783_175_888_085


def test_author_is_a_pseudonym() -> None:
    (event,) = decoded("update", status())
    assert event.actor == CONTEXT.actor("23")
    assert event.actor is not None
    assert event.actor.id != "23"


def test_answer_is_a_reply_and_a_boost_a_repost_of_its_post() -> None:
    assert decoded("update", status(in_reply_to_id="6"))[0].kind == "reply"
    (boost,) = decoded("update", status(id="8", reblog=status(content="<p>hi</p>")))
    assert (boost.kind, boost.text) == ("repost", None)
    assert boost.subject_id == decoded("update", status())[0].event_id


def test_delete_retracts_its_status() -> None:
    (post,), (gone,) = decoded("update", status()), decoded("delete", "7")
    assert (gone.kind, gone.retracts) == ("retraction", post.event_id)


def test_edit_takes_the_former_wording_back_once_and_a_deletion_the_last() -> None:
    feed = Feed(DECODER, CONTEXT)
    edits = [status(content=f"<p>{minute}</p>", edited_at=f"2026-07-04T15:0{minute}:00Z") for minute in (1, 2)]
    told = [
        event
        for message in (
            raw("update", status()),
            *(raw("status.update", edit) for edit in [*edits, edits[1]]),
            raw("delete", "7"),
        )
        for event in feed.read(message, RECEIVED_MS)
    ]
    first, second = dict.fromkeys(event.event_id for event in told if event.text)
    assert [event.retracts for event in told if event.kind == "retraction"] == ["mastodon-social:7", first, second]
    assert len({event.event_id for event in told if event.kind == "retraction"}) == 3
    assert {event.event_time_ms for event in told if event.text} == {1_783_175_888_085}


@pytest.mark.parametrize("message", [status(id=None), {"content": "?"}, "no JSON"])
def test_status_without_an_id_is_a_decode_error(message: Any) -> None:
    with pytest.raises(msgspec.DecodeError):
        decoded("update", message)
