"""Whatever a platform sends: a decoder gives events that the schema takes, or says msgspec.DecodeError; a feed only the
first."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.events.codec import decode_one
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event, Platform
from streams.ingest.context import FeedContext
from streams.ingest.feed import Decoder, Feed
from streams.ingest.platforms import bilibili, douyin, jetstream, tiktok

RECEIVED_MS = 1_790_000_000_400
FEEDS: dict[Platform, Decoder] = {
    "bilibili": bilibili.DECODER,
    "douyin": douyin.DECODER,
    "bluesky": jetstream.DECODER,
    "tiktok": tiktok.DECODER,
}
TYPE_FIELDS = {"bilibili": "cmd", "douyin": "method", "bluesky": "kind", "tiktok": "type"}
NAMES = (
    "data",
    "info",
    "common",
    "user",
    "commit",
    "record",
    "id",
    "uid",
    "open_id",
    "msg_id",
    "create_time",
    "time_us",
    "timestamp",
    "content",
    "text",
    "msg",
    "count",
    "total",
    "online_count",
    "num",
    "price",
    "total_coin",
    "coin_type",
    "blind_gift",
    "original_gift_price",
    "paid",
    "r_price",
    "pb",
    "guard_info",
    "pay_info",
    "msg_type",
    "action",
    "status",
    "repeat_count",
    "repeat_end",
    "group_id",
    "delete_msg_ids",
    "ids",
    "did",
    "rkey",
    "operation",
    "collection",
    "subject",
    "langs",
    "reply",
    "follower_count",
    "sentence_id",
    "definite",
    "pop_product",
    "product_id",
    "rmb",
    "message",
    "like_count",
    "click_count",
    "display_long",
    "uname",
)
numbers = st.one_of(st.integers(-5, 2**70), st.floats(), st.booleans(), st.none())
texts = st.one_of(
    st.text(max_size=6),
    st.sampled_from(["0", "7", "silver", "create", "delete", "app.bsky.feed.post", "CAESBAgBEAE=", "{}"]),
)
values = st.recursive(
    st.one_of(numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=17), st.dictionaries(st.sampled_from(NAMES), inner, max_size=8)),
    max_leaves=25,
)


@st.composite
def messages(draw: st.DrawFn) -> tuple[Platform, Any]:
    platform: Platform = draw(st.sampled_from(sorted(FEEDS)))
    fields = draw(st.dictionaries(st.sampled_from(NAMES), values, max_size=10))
    types = sorted(FEEDS[platform].translations)
    return platform, {TYPE_FIELDS[platform]: draw(st.sampled_from(types)), **fields}


def context(platform: Platform) -> FeedContext:
    room = None if platform == "bluesky" else "room-9" * 20
    return FeedContext(f"{platform}-live", platform, "lumo", Pseudonyms(b"key"), room_id=room, host="5")


def assert_valid(event: Event) -> None:
    """By the schema, but for a time that no log can hold, which the codec refuses with a reason of its own."""
    read = decode_one(msgspec.json.encode(event), 0, RECEIVED_MS)
    assert isinstance(read, Event) or read.reason == "time_out_of_range", read


@settings(max_examples=400, deadline=None)
@given(messages())
def test_a_feed_never_raises_and_its_events_are_valid(given_message: tuple[Platform, Any]) -> None:
    platform, message = given_message
    feed = Feed(FEEDS[platform], context(platform))
    events = feed.read(json.dumps(message), RECEIVED_MS)
    for event in events:
        assert_valid(event)


@settings(max_examples=200, deadline=None)
@given(messages())
def test_a_decoder_raises_a_decode_error_or_nothing(given_message: tuple[Platform, Any]) -> None:
    platform, message = given_message
    try:
        FEEDS[platform].decode(json.dumps(message), context(platform), RECEIVED_MS)
    except msgspec.DecodeError:
        return


@pytest.mark.parametrize("platform", sorted(FEEDS))
def test_every_type_without_any_field_is_read_or_counted(platform: Platform) -> None:
    for name in FEEDS[platform].translations:
        feed = Feed(FEEDS[platform], context(platform))
        for event in feed.read(json.dumps({TYPE_FIELDS[platform]: name}), RECEIVED_MS):
            assert_valid(event)
