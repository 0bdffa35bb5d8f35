"""A feed by a mapping over restarts: what edits and deletions take back, and where."""

import json
from functools import partial
from typing import Any

import msgspec

from streams.catalogue.brand import Brand
from streams.events.schema import Event
from streams.ingest.mapping_fields import MessageMapping
from streams.ingest.protocols.websocket import WebSocketFeed
from streams.ledger.memory import MemoryLedger
from tests.builders.feeds import Topics, running
from tests.fakes.way_in import ListedWayIn

KINDS = {"new": "comment", "edit": "edit", "del": "delete", "bye": "account_deletion"}
MAPPING = {"type": "op", "kinds": KINDS, "id": "id", "text": "x", "author": "by"}


async def told(said: dict[str, Any], *messages: dict[str, Any], brand: str | None = "acme") -> list[Event]:
    """Each message by a process of its own; the events in the messages' order, though clocks may tell none apart."""
    mapping = msgspec.convert(MAPPING | said, MessageMapping)
    entry = WebSocketFeed(name="desk", url="ws://127.0.0.1:1/", brand=brand, mapping=mapping)
    topics, ledger = Topics(), MemoryLedger()
    events: dict[str, Event] = {}
    sent = [json.dumps(message) for message in messages]
    for number in range(1, len(sent) + 1):
        way_in = partial(ListedWayIn, sent[:number])
        one = running(entry, way_in, topics, ledger, brands=[Brand(id="acme", names=("Acme",))])
        assert await one.run() == "finished"
        for event in topics.events():
            events.setdefault(event.event_id, event)
    return list(events.values())


async def test_edit_takes_back_the_wording_that_a_former_process_told() -> None:
    events = await told(
        {}, {"op": "new", "id": 1, "x": "a"}, {"op": "edit", "id": 1, "x": "b"}, {"op": "edit", "id": 1, "x": "c"},
        {"op": "del", "id": 1},
    )  # fmt: skip
    texts = {event.event_id: event.text for event in events if event.text}
    assert [texts[event.retracts] for event in events if event.retracts] == ["a", "b", "c"]


async def test_deletion_that_says_no_place_goes_where_the_text_is() -> None:
    """Its partition is that of the brand or room, and no other has counted the text."""
    events = await told(
        {"room": "r", "brand": "b"}, {"op": "new", "id": 1, "x": "a", "r": "105", "b": "acme"},
        {"op": "new", "id": 2, "x": "b", "b": "acme"}, {"op": "del", "id": 1}, {"op": "del", "id": 2}, brand=None,
    )  # fmt: skip
    places = {event.event_id: (event.brand_id, event.room_id) for event in events}
    gone = [event for event in events if event.retracts]
    assert [places[event.retracts or ""] for event in gone] == [("acme", "105"), ("acme", None)]
    assert [(event.brand_id, event.room_id) for event in gone] == [("acme", "105"), ("acme", None)]


async def test_account_that_is_gone_takes_its_texts_along_where_messages_say_their_brands() -> None:
    said = [{"op": "new", "id": 1, "x": "a", "by": 7, "b": "acme"}, {"op": "bye", "by": 7}]
    *_, gone = await told({"brand": "b"}, *said, brand=None)
    assert (gone.kind, gone.brand_id) == ("account_deletion", "acme")


async def test_record_without_a_value_tells_nothing_and_one_of_avro_is_told_as_such() -> None:
    """A deletion in a compacted topic; bytes that a schema registry marks."""
    mapping = msgspec.convert(MAPPING, MessageMapping)
    entry = WebSocketFeed(name="desk", url="ws://127.0.0.1:1/", brand="acme", mapping=mapping)
    sent: list[Any] = [b"null", b"\0\0\0\0\x07\x02\x08abcd", b'{"op": "new", "id": 1, "x": "a"}']
    one = running(entry, partial(ListedWayIn, sent), topics := Topics(), MemoryLedger())
    assert await one.run() == "finished"
    assert topics.ids() == ["desk:1"]
    assert [(part.reason, part.count, part.detail) for part in one.status.unread] == [
        ("not_json", 1, "no JSON, but what a schema registry marks: Avro or Protobuf")
    ]
