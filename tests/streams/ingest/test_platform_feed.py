"""A connection's messages, and what of them could not be read."""

import json
from typing import Any

import pytest
from prometheus_client import REGISTRY

from streams.events.pseudonyms import Pseudonyms
from streams.ingest.context import FeedContext
from streams.ingest.feed import MAX_TYPES, Feed
from streams.ingest.platforms import bilibili, jetstream, tiktok

RECEIVED_MS = 1_790_000_000_400


def feed(source: str = "tiktok-live") -> Feed:
    return Feed(tiktok.DECODER, FeedContext(source, "tiktok", "lumo", Pseudonyms(b"key"), room_id="room-1"))


def message(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "common": {"msg_id": 1, "create_time": RECEIVED_MS}, "user": {"id": 5}, **fields}


def raw(*messages: Any) -> bytes:
    return json.dumps(messages[0] if len(messages) == 1 else messages).encode()


def reasons(one: Feed) -> dict[tuple[str, str], int]:
    return {key: unread.count for key, unread in one.unread.items()}


def test_feed_counts_what_it_cannot_read_by_type_and_reason_and_keeps_an_example() -> None:
    one = feed()
    events = [
        *one.read(raw(message("Comment", content="hi")), RECEIVED_MS),
        *one.read(raw(message("Like", count="many")), RECEIVED_MS),
        *one.read(raw(message("Comment")), RECEIVED_MS),
        *one.read(raw(message("BrandNewThing")), RECEIVED_MS),
        *one.read(raw(message("RoomPin")), RECEIVED_MS),
        *one.read(b"{", RECEIVED_MS),
        *one.read(b'{"a":' * 200_000 + b"1" + b"}" * 200_000, RECEIVED_MS),
        *one.read(raw({"no": "type"}), RECEIVED_MS),
    ]
    assert [event.kind for event in events] == ["comment"]
    assert reasons(one) == {
        ("Like", "wrong_type"): 1, ("Comment", "missing_field"): 1, ("BrandNewThing", "unknown_type"): 1,
        ("", "not_json"): 1, ("", "too_deep"): 1, ("", "no_type"): 1,
    }  # fmt: skip
    assert json.loads(one.unread["Like", "wrong_type"].example)["count"] == "many"
    assert "1 × Like: wrong_type (count is no whole number)" in list(one.summary())


def test_feed_reads_a_batch_and_one_bad_message_costs_itself_alone() -> None:
    one = feed()
    batch = raw(message("Comment", content="a"), 5, None, message("Gift", repeat_count=-1), message("Join"))
    assert [event.kind for event in one.read(batch, RECEIVED_MS)] == ["comment", "enter"]
    assert reasons(one) == {("", "not_json"): 2, ("Gift", "out_of_range"): 1}


def test_feed_counts_in_prometheus_by_types_that_it_knows_alone() -> None:
    one = feed("tiktok-live-metric")
    for _ in range(2):
        one.read(raw(message("Like", count="many")), RECEIVED_MS)
    one.read(raw(message("<script>")), RECEIVED_MS)

    def counted(kind: str, reason: str) -> float | None:
        labels = {"source": "tiktok-live-metric", "type": kind, "reason": reason}
        return REGISTRY.get_sample_value("pulsewatch_ingest_unread_total", labels)

    assert (counted("Like", "wrong_type"), counted("other", "unknown_type")) == (2, 1)
    assert counted("<script>", "unknown_type") is None


def test_feed_keeps_so_many_types_apart_and_counts_the_rest_together() -> None:
    one = feed()
    for number in range(MAX_TYPES + 50):
        one.read(raw(message(f"T{number}")), RECEIVED_MS)
    assert len(one.unread) == MAX_TYPES + 1
    assert one.unread["other", "unknown_type"].count == 50


def test_feed_tells_what_is_not_known_of_a_message_that_it_read() -> None:
    one = feed()
    (gift,) = one.read(raw(message("Gift", gift_id=9, repeat_count=1)), RECEIVED_MS)
    assert (gift.kind, gift.amount) == ("gift", 0)
    (long,) = one.read(raw(message("Comment", content="a" * 30_000)), RECEIVED_MS)
    assert len(long.text or "") == 20_000
    assert reasons(one) == {("Gift", "unknown_price"): 1, ("Comment", "text_cut"): 1}


def test_feed_of_signed_out_viewers_says_that_they_are_masked() -> None:
    context = FeedContext("bilibili-live", "bilibili", "lumo", Pseudonyms(b"key"), room_id="room-3")
    one = Feed(bilibili.DECODER, context)
    data = {"uid": 0, "uname": "某***", "msg_type": 1, "timestamp": RECEIVED_MS // 1000}
    (event,) = one.read(raw({"cmd": "INTERACT_WORD", "data": data}), RECEIVED_MS)
    assert event.actor is None
    assert reasons(one) == {("INTERACT_WORD", "masked_user"): 1}


GUARD = {"uid": 5, "guard_level": 3, "num": 1, "unit": "月", "start_time": RECEIVED_MS // 1000}


def test_feed_keeps_a_guards_list_price_where_what_was_paid_is_not_told() -> None:
    context = FeedContext("bilibili-live", "bilibili", "lumo", Pseudonyms(b"key"), room_id="room-3")
    one = Feed(bilibili.DECODER, context)
    (bought,) = one.read(raw({"cmd": "GUARD_BUY", "data": {**GUARD, "price": 198_000}}), RECEIVED_MS)
    (again,) = one.read(raw({"cmd": "USER_TOAST_MSG", "data": GUARD}), RECEIVED_MS)
    assert (bought.amount, again.event_id) == (19_800, bought.event_id)  # told once: the first counts
    assert reasons(one)["USER_TOAST_MSG", "unknown_price"] == 1


@pytest.mark.parametrize("order", [("GUARD_BUY", "USER_TOAST_MSG"), ("USER_TOAST_MSG", "GUARD_BUY")])
@pytest.mark.parametrize("paid", [138_000, 198_000])
def test_feed_tells_a_guard_once_at_what_was_paid(order: tuple[str, str], paid: int) -> None:
    context = FeedContext("bilibili-live", "bilibili", "lumo", Pseudonyms(b"key"), room_id="room-3")
    one = Feed(bilibili.DECODER, context)
    prices = {"GUARD_BUY": 198_000, "USER_TOAST_MSG": paid}
    told: dict[str, int] = {}
    for command in [*order, *order]:
        for event in one.read(raw({"cmd": command, "data": {**GUARD, "price": prices[command]}}), RECEIVED_MS):
            if event.kind == "retraction":
                told[event.retracts or ""] = 0  # what comes again by this id is a duplicate
            else:
                told.setdefault(event.event_id, event.value * event.amount)
    assert sum(told.values()) == paid // 10


@pytest.mark.parametrize("levels", [10, 900, 1_100, 200_000])
def test_feed_survives_any_depth(levels: int) -> None:
    nested = "[" * levels + "]" * levels
    commit = (
        '{"did":"did:plc:a","time_us":1790000000000000,"kind":"commit","commit":{"operation":"create","rkey":"3a",'
        f'"collection":"app.bsky.feed.post","record":{{"text":"hi","embed":{nested}}}}}}}'
    )
    one = Feed(jetstream.DECODER, FeedContext("bluesky-jetstream", "bluesky", "lumo", Pseudonyms(b"key")))
    events = one.read(commit, RECEIVED_MS)
    assert [event.text for event in events] == ["hi"] or reasons(one) == {("", "too_deep"): 1}
