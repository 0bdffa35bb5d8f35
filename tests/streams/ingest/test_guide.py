"""The lists of feeds in the guide: each can be read, and reads what it says."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.errors import UsageError
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event
from streams.ingest.feed import Feed
from streams.ingest.feed_list import AnyFeed, read_feeds
from streams.ingest.mapping import mapped
from streams.ingest.mapping_fields import MessageMapping
from streams.ingest.protocols.poll import PollFeed
from streams.ingest.secret import Secrets

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "connect.md"
LISTS = [one for one in re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL) if one.startswith("feeds:")]
NOW_MS = 1_790_000_000_000


@pytest.fixture
def entries(tmp_path: Path) -> dict[str, AnyFeed]:
    found: dict[str, AnyFeed] = {}
    for number, text in enumerate(LISTS):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text)
        found |= {entry.name: entry for entry in read_feeds(path)}
    return found


def told(entry: AnyFeed, message: Any) -> list[Event]:
    feed = Feed(entry.decoder(), entry.context(Pseudonyms(b"key")))
    events = feed.read(json.dumps(message), NOW_MS)
    assert not feed.unread, list(feed.summary())
    return events


def test_every_list_of_the_guide_can_be_read(entries: dict[str, AnyFeed], tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/shop-kafka").write_text("secret")
    assert {"shop-chat", "weibo-crawl", "shop-orders", "reviews-2026"} <= set(entries)
    for name in ("shop-chat", "weibo-crawl", "shop-orders", "reviews-2026"):
        entries[name].decoder()
        entries[name].way_in(Secrets(tmp_path))


def test_several_texts_of_the_guide_their_deletion_and_totals(entries: dict[str, AnyFeed]) -> None:
    at = "2026-09-21 22:13:00"
    texts = told(entries["desk"], {"uid": "m1", "code": 7, "at": at, "texts": [{"n": 0, "t": "a"}, {"n": 1, "t": "b"}]})
    assert [(event.kind, event.event_id, event.text) for event in texts] == [
        ("comment", "desk:m1/0", "a"), ("comment", "desk:m1/1", "b"),
    ]  # fmt: skip
    gone = told(entries["desk"], {"uid": "m1", "code": -1, "at": at, "gone": ["m1/0", "m1/1"]})
    assert [(event.kind, event.retracts) for event in gone] == [("retraction", event.event_id) for event in texts]
    totals = told(entries["desk"], {"uid": "m1", "code": 12, "at": at, "stats": {"up": "1.2万", "fwd": 7}})
    assert [(event.kind, event.value, event.value_mode, event.subject_id) for event in totals] == [
        ("like", 12_000, "snapshot", "desk:m1"), ("share", 7, "snapshot", "desk:m1"),
    ]  # fmt: skip
    assert told(entries["desk"], {"uid": "m1", "code": 0, "at": at}) == []


def test_chat_of_the_guide(entries: dict[str, AnyFeed]) -> None:
    said = {"event": "said", "id": 1, "public": True, "created": "2026-09-21 22:13:00", "body": "<b>hi</b>",
            "user": {"id": 7, "fans": "1.2万"}, "post_id": 5, "stats": {"likes": 3}}  # fmt: skip
    comment, likes = told(entries["shop-chat"], {"data": {"items": [said, said | {"public": False}]}})
    assert (comment.kind, comment.text, comment.event_time_ms) == ("comment", "hi", NOW_MS - 20_000)
    assert (likes.kind, likes.value_mode) == ("like", "snapshot")


def test_orders_of_the_guide(entries: dict[str, AnyFeed]) -> None:
    order = {"order_no": "o1", "status": "PAID", "updated_at": "2026-09-21 22:13:00", "live_room": "105", "sku": "p1",
             "qty": 2, "total_fee": "199.00", "currency": "CNY"}  # fmt: skip
    (paid,) = told(entries["shop-orders"], order)
    assert (paid.kind, paid.subject_id, paid.amount, paid.value, paid.room_id) == ("payment", "o1", 19900, 2, "105")
    assert told(entries["shop-orders"], order | {"status": "CREATED"}) == []


def test_history_of_the_guide(entries: dict[str, AnyFeed]) -> None:
    export = "评价编号,评价时间,评价内容,买家,商品\n1,2026-09-21 22:13:00,发热严重,u1,p1\n".encode("gb18030")
    (row,) = entries["reviews-2026"].recorded(export)
    (review,) = told(entries["reviews-2026"], json.loads(row.message))
    assert (review.kind, review.text, review.product_id) == ("review", "发热严重", "p1")


@pytest.mark.parametrize(
    ("fields", "message", "found"),
    [
        ({"when": "!is_true(deleted)"}, {"deleted": "false", "parts": [{"text": "a"}, {"text": "b"}]}, "ab"),
        ({"when": "deleted"}, {"deleted": "false", "parts": [{"text": "a"}]}, None),
        ({"when": "deleted"}, {"deleted": "true", "parts": [{"text": "a"}]}, "a"),
    ],
)
def test_flags_as_texts_and_texts_in_pieces(fields: dict[str, str], message: Any, found: str | None) -> None:
    mapping = MessageMapping(kind="comment", id="'m1'", text="join('', parts[].text)", **fields)  # type: ignore[arg-type]  # a case names its fields
    told_texts = [
        event.text for event in told(PollFeed(name="p", url="http://x.test/", brand="b", mapping=mapping), message)
    ]
    assert told_texts == ([] if found is None else [found])


def test_constant_currency_and_amounts_as_texts() -> None:
    constant = MessageMapping(
        kind="payment", id="id", amount="fee", amount_in="major", currency="'CNY'", reports_in="CNY"
    )
    (paid,) = told(PollFeed(name="p", url="http://x.test/", brand="b", mapping=constant), {"id": 1, "fee": "199.00"})
    minor = MessageMapping(kind="payment", id="id", amount="fee")
    (same,) = told(PollFeed(name="p", url="http://x.test/", brand="b", mapping=minor), {"id": 1, "fee": "19900"})
    assert (paid.amount, same.amount) == (19900, 19900)
    with pytest.raises(UsageError, match="the constant is \"'CNY'\""):
        mapped(msgspec.structs.replace(constant, currency="CNY"))
