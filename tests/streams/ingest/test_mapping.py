"""Somebody else's JSON as events, by a mapping that stands in a file."""

import json
from typing import Any

import msgspec
import pytest

from streams.errors import UsageError
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event
from streams.ingest.context import FeedContext
from streams.ingest.feed import Feed
from streams.ingest.mapping import mapped
from streams.ingest.mapping_fields import MessageMapping

NOW_MS = 1_790_000_000_000
CONTEXT = FeedContext("shop", "other", "acme", Pseudonyms(b"key"))
CHAT = {"kind": "comment", "id": "id", "time": "at", "text": "body", "author": "user.id"}


def feed(**fields: Any) -> Feed:
    return Feed(mapped(msgspec.convert(fields, MessageMapping)), CONTEXT)


def read(fields: dict[str, Any], *messages: Any) -> list[Event]:
    reader = feed(**fields)
    events = [event for message in messages for event in reader.read(json.dumps(message), NOW_MS)]
    assert not reader.unread, list(reader.summary())
    return events


def refused(fields: dict[str, Any], message: Any) -> list[tuple[str, str, str]]:
    """(type, reason, detail) of what was not read."""
    reader = feed(**fields)
    reader.read(json.dumps(message), NOW_MS)
    return [(name, reason, unread.detail) for (name, reason), unread in reader.unread.items()]


def test_constant_kind_reads_each_field_where_it_stands() -> None:
    (event,) = read(
        CHAT | {"followers": "user.fans", "verified": "user.v", "parent": "post", "lang": "lang", "product": "sku"},
        {"id": 12, "at": NOW_MS - 5, "body": "hi", "user": {"id": 7, "fans": "1.2万", "v": "1"}, "post": "p1",
         "lang": "zh", "sku": 5},
    )  # fmt: skip
    assert (event.kind, event.event_id, event.source, event.brand_id) == ("comment", "shop:12", "shop", "acme")
    assert (event.text, event.lang, event.product_id, event.subject_id) == ("hi", "zh", "5", "shop:p1")
    assert (event.event_time_ms, event.ingest_time_ms) == (NOW_MS - 5, NOW_MS)
    assert event.actor is not None
    assert (event.actor.followers, event.actor.verified) == (12_000, True)
    assert event.actor.id == CONTEXT.pseudonymise("7")


def test_kinds_table_says_their_words_in_ours() -> None:
    fields = {"type": "t", "kinds": {"c": "comment", "2": "like", "true": "share", "ping": "ignore"}, "id": "id",
              "text": "x"}  # fmt: skip
    events = read(fields, {"t": "c", "id": 1, "x": "a"}, {"t": 2, "id": 2}, {"t": True, "id": 3}, {"t": "ping"})
    assert [event.kind for event in events] == ["comment", "like", "share"]


def test_unknown_word_is_unread_and_counted_by_it() -> None:
    fields = {"type": "t", "kinds": {"c": "comment"}, "id": "id", "text": "x"}
    assert refused(fields, {"t": "poll", "id": 1}) == [("poll", "unknown_type", "this decoder does not know it")]
    assert refused(fields, {"id": 1}) == [("", "no_type", "no t")]


def test_star_takes_every_other_word() -> None:
    fields = {"type": "t", "kinds": {"c": "comment", "*": "ignore"}, "id": "id", "text": "x"}
    assert [event.kind for event in read(fields, {"t": "c", "id": 1}, {"t": "poll"}, {})] == ["comment"]


def test_each_takes_messages_out_of_an_answer_which_stays_at_hand() -> None:
    answer = {"room": 5, "data": {"items": [{"id": 1, "body": "a"}, {"body": "no id"}, {"id": 2, "body": "b"}]}}
    reader = feed(**CHAT, each="data.items[]", room="_message.room")
    events = reader.read(json.dumps(answer), NOW_MS)
    assert [(event.event_id, event.room_id) for event in events] == [("shop:1", "5"), ("shop:2", "5")]
    assert {key: unread.count for key, unread in reader.unread.items()} == {("comment", "missing_field"): 1}


def test_each_that_finds_nothing_is_no_message() -> None:
    assert read(CHAT | {"each": "items[]"}, {"items": []}, {"nothing": 1}) == []


def test_each_of_bare_values_has_them_as_value() -> None:
    fields = {"kind": "delete", "each": "deleted[]", "id": "value"}
    assert [event.retracts for event in read(fields, {"deleted": [1, "2"]})] == ["shop:1", "shop:2"]


def test_when_passes_others_over_and_counts_them_as_known() -> None:
    fields = CHAT | {"when": "public"}
    assert [event.event_id for event in read(fields, {"id": 1, "public": True}, {"id": 2, "public": "false"})] == [
        "shop:1"
    ]


def test_rules_are_tried_in_order_and_inherit() -> None:
    fields = {
        "author": "uid", "time": "at",
        "rules": [{"when": "cid", "kind": "comment", "id": "cid", "text": "c"},
                  {"when": "pid", "kind": "post", "id": "pid", "text": "p"}],
    }  # fmt: skip
    comment, post = read(fields, {"cid": 1, "pid": 9, "c": "x", "uid": 3}, {"pid": 9, "p": "y", "uid": 3})
    assert (comment.kind, comment.text, post.kind, post.text) == ("comment", "x", "post", "y")
    assert comment.actor == post.actor == CONTEXT.actor("3")


def test_message_that_no_rule_takes_is_unread() -> None:
    fields = {"rules": [{"when": "cid", "kind": "comment", "id": "cid", "text": "c"}]}
    assert [(name, reason) for name, reason, _ in refused(fields, {"other": 1})] == [("(no rule)", "unknown_type")]


def test_id_is_made_of_content_where_there_is_none() -> None:
    fields = {"kind": "comment", "text": "body", "author": "uid", "time": "at"}
    message = {"body": "hi", "uid": "u-77", "at": NOW_MS - 1000}
    again, other = read(fields, message, message | {"body": "ho"})
    (once,) = read(fields, message)
    assert once.event_id == again.event_id != other.event_id
    assert "u-77" not in once.event_id


@pytest.mark.parametrize("given", [0, "0", "", None])
def test_id_that_many_write_for_none_is_told_with_the_way_out(given: Any) -> None:
    ((_, reason, detail),) = refused(CHAT, {"id": given, "at": NOW_MS, "body": "hi"})
    assert (reason, detail) == ("missing_field", "no id (0 is none, too)")


def test_time_that_is_unknown_says_how_to_name_its_form() -> None:
    ((_, _, detail),) = refused(CHAT, {"id": 1, "at": "21/09/2026 22:13", "body": "hi"})
    assert "`time_form`" in detail


def test_personal_id_is_a_pseudonym() -> None:
    fields = CHAT | {"personal_id": True, "parent": "post"}
    (event,) = read(fields, {"id": "at://did:plc:anna/1", "body": "x", "post": "at://did:plc:bert/2"})
    assert "anna" not in event.event_id
    assert event.subject_id == CONTEXT.own_id(CONTEXT.pseudonymise("at://did:plc:bert/2"))


@pytest.mark.parametrize(
    ("fields", "value", "at_ms"),
    [
        ({}, 1_789_999_980, 1_789_999_980_000),
        ({}, "1789999980000", 1_789_999_980_000),
        ({}, "2026-09-21T22:13:00+08:00", 1_789_999_980_000),
        ({"zone": "Asia/Shanghai"}, "2026-09-21 22:13:00", 1_789_999_980_000),
        ({}, "2026-09-21 14:13:00", 1_789_999_980_000),
        ({}, "Mon Sep 21 22:13:00 +0800 2026", 1_789_999_980_000),
        ({"zone": "Asia/Shanghai"}, "20260921221300", 1_789_999_980_000),
        ({"zone": "Asia/Shanghai"}, 20260921221300, 1_789_999_980_000),
        ({"zone": "Asia/Shanghai"}, "20260921221300123", 1_789_999_980_000),
        ({"zone": "Asia/Shanghai"}, "20260921", 1_789_920_000_000),
        ({"zone": "Asia/Shanghai"}, "2026-09-20 24:00:00", 1_789_920_000_000),
        ({"zone": "Asia/Shanghai"}, "2026-09-20 23:59:60", 1_789_920_000_000),
        ({"zone": "Asia/Shanghai"}, "2026-09-21 14:13:00 UTC", 1_789_999_980_000),
        ({}, 1789999980000.5, 1_789_999_980_000),
        ({"time_unit": "us"}, "1789999980000000", 1_789_999_980_000),
        ({"time_unit": "s"}, "1789999980.5", 1_789_999_980_500),
        ({"time_form": "%d/%m/%Y %H.%M", "zone": "Asia/Shanghai"}, "21/09/2026 22.13", 1_789_999_980_000),
        ({}, None, NOW_MS),
        ({}, "", NOW_MS),
        ({}, 0, NOW_MS),
    ],
)
def test_time_is_read_in_any_unit_and_zone(fields: dict[str, Any], value: Any, at_ms: int) -> None:
    (event,) = read(CHAT | fields, {"id": 1, "body": "x", "at": value})
    assert event.event_time_ms == at_ms


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("yesterday", "wrong_type"),
        (NOW_MS + 27 * 3_600_000, "out_of_range"),
        ("1999-01-01", "out_of_range"),
        ([], "wrong_type"),
    ],
)
def test_time_that_cannot_be_is_told(value: Any, reason: str) -> None:
    ((name, told, detail),) = refused(CHAT, {"id": 1, "body": "x", "at": value})
    assert (name, told) == ("comment", reason)
    assert detail.startswith("time")


def test_money_is_in_minor_units_whatever_it_was() -> None:
    fields = {"kind": "payment", "id": "id", "amount": "price", "amount_in": "major", "currency": "cur",
              "reports_in": "CNY", "value": "pieces", "subject": "order"}  # fmt: skip
    reader = feed(**fields)
    yuan = reader.read(json.dumps({"id": 1, "price": "199.50", "cur": "cny", "pieces": "2", "order": "o-1"}), NOW_MS)
    yen = reader.read(json.dumps({"id": 2, "price": 1500, "cur": "JPY", "order": "o-2"}), NOW_MS)
    assert [(event.amount, event.value, event.subject_id) for event in [*yuan, *yen]] == [
        (19950, 2, "o-1"),
        (0, 1, "o-2"),
    ]
    assert [reason for _, reason in reader.unread] == ["other_currency"]


ORDER = {"type": "status", "kinds": {"paid": "payment", "refund": "refund"}, "id": "id", "subject": "order",
         "amount": "price", "amount_in": "major", "currency": "cur", "value": "pieces"}  # fmt: skip


@pytest.mark.parametrize("price", ["-19.90", -19.9, "(19.90)", "19.90-"])
def test_refund_may_be_written_as_a_negative_amount_and_a_payment_not(price: Any) -> None:
    (refund,) = read(ORDER, {"status": "refund", "id": 1, "order": 7, "price": price, "pieces": -2})
    assert (refund.amount, refund.value, refund.subject_id) == (1990, 2, "7")
    assert refused(ORDER, {"status": "paid", "id": 1, "price": price})[0][1] == "out_of_range"
    assert refused(ORDER, {"status": "paid", "id": 1, "price": 5, "pieces": -2})[0][1] == "wrong_type"


@pytest.mark.parametrize("price", [None, "", "NaN", float("nan"), "-"])
def test_order_without_an_amount_counts_and_says_so(price: Any) -> None:
    reader = feed(**ORDER)
    (paid,) = reader.read(json.dumps({"status": "paid", "id": 1, "price": price}), NOW_MS)
    assert (paid.kind, paid.amount) == ("payment", 0)
    assert [reason for _, reason in reader.unread] == ["unknown_price"]


def test_currency_is_known_by_the_codes_in_use() -> None:
    (paid,) = read(ORDER | {"reports_in": "CNY"}, {"status": "paid", "id": 1, "price": 5, "cur": "RMB"})
    assert paid.amount == 500


def test_row_of_which_no_field_is_there_is_unread() -> None:
    fields = {"kind": "comment", "text": "text", "author": "user", "time": "at"}
    assert refused(fields, {"1": "2", "hello": "there"}) == [
        ("comment", "missing_field", "none of the mapping's fields is there")
    ]


@pytest.mark.parametrize("followers", [10**12, "1e12", -1])
def test_followers_that_nobody_can_have_are_unknown(followers: Any) -> None:
    (event,) = read(CHAT | {"followers": "fans"}, {"id": 1, "body": "hi", "user": {"id": 7}, "fans": followers})
    assert event.actor is not None
    assert event.actor.followers == 0


@pytest.mark.parametrize(
    "zero",
    ["0000-00-00 00:00:00", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00.000+00:00", "1970-01-01", "0", 0, 0.0, "null",
     float("nan"), "-"],
)  # fmt: skip
def test_time_that_is_a_zero_is_none(zero: Any) -> None:
    (event,) = read(CHAT, {"id": 1, "body": "x", "at": zero})
    assert event.event_time_ms == NOW_MS


def test_counts_are_running_totals_of_the_post() -> None:
    fields = {"kind": "post", "id": "id", "text": "t", "time": "at", "counts": {"like": "likes", "share": "shares"},
              "counts_time": "seen"}  # fmt: skip
    message = {"id": 1, "t": "x", "at": NOW_MS - 60_000, "likes": "1.2万", "shares": "", "seen": NOW_MS - 1000}
    post, likes = read(fields, message)
    assert (likes.kind, likes.value, likes.value_mode, likes.subject_id) == ("like", 12_000, "snapshot", post.event_id)
    assert (likes.event_time_ms, likes.actor, likes.text) == (NOW_MS - 1000, None, None)
    (_, again), (_, grown) = read(fields, message), read(fields, message | {"likes": "1.3万"})
    assert again.event_id == likes.event_id != grown.event_id


def test_count_that_is_no_number_costs_itself_alone() -> None:
    reader = feed(kind="post", id="id", text="t", counts={"like": "likes", "share": "shares"})
    events = reader.read(json.dumps({"id": 1, "t": "x", "likes": "many", "shares": 3}), NOW_MS)
    assert [event.kind for event in events] == ["post", "share"]
    assert [reason for _, reason in reader.unread] == ["unknown_count"]


def test_value_that_is_a_total_is_a_snapshot_of_its_subject() -> None:
    fields = {"kind": "like", "id": "id", "parent": "post", "value": "n", "value_is": "total"}
    first, second = read(fields, {"id": 1, "post": 5, "n": 10}, {"id": 1, "post": 5, "n": "12"})
    assert (first.value_mode, first.subject_id, second.value) == ("snapshot", "shop:5", 12)
    assert first.event_id != second.event_id


def test_delete_takes_back_what_it_names() -> None:
    fields = {"type": "op", "kinds": {"new": "comment", "del": "delete"}, "id": "id || ids", "text": "x"}
    comment, *gone = read(fields, {"op": "new", "id": 1, "x": "a"}, {"op": "del", "ids": [1, 2]})
    assert [event.retracts for event in gone] == [comment.event_id, "shop:2"]


def test_edit_takes_back_the_last_wording_and_tells_this_one() -> None:
    fields = {"type": "op", "kinds": {"new": "comment", "edit": "edit"}, "id": "id", "text": "x"}
    first, gone, second, again, gone_again, third = read(
        fields, {"op": "new", "id": 1, "x": "a"}, {"op": "edit", "id": 1, "x": "b"}, {"op": "edit", "id": 1, "x": "b"},
        {"op": "edit", "id": 1, "x": "c"},
    )  # fmt: skip
    assert (gone.retracts, second.text, second.kind) == (first.event_id, "b", "comment")
    assert again == second
    assert (gone_again.retracts, third.text) == (second.event_id, "c")


def test_delete_takes_back_the_last_wording_and_a_place_that_its_message_says() -> None:
    fields = {"type": "op", "kinds": {"new": "comment", "edit": "edit", "del": "delete"}, "id": "id", "text": "x",
              "room": "r"}  # fmt: skip
    *_, edited, gone = read(
        fields, {"op": "new", "id": 1, "x": "a", "r": "105"}, {"op": "edit", "id": 1, "x": "b", "r": "105"},
        {"op": "del", "id": 1, "r": "105"},
    )  # fmt: skip
    assert (gone.retracts, gone.room_id, edited.room_id) == (edited.event_id, "105", "105")


def test_account_deletion_names_the_account() -> None:
    fields = {
        "type": "op",
        "kinds": {"new": "comment", "bye": "account_deletion"},
        "id": "id",
        "text": "x",
        "author": "u",
    }
    (gone,) = read(fields, {"op": "bye", "u": 7})
    assert (gone.kind, gone.actor) == ("account_deletion", CONTEXT.actor("7"))
    assert refused(fields, {"op": "bye"})[0][1] == "missing_field"


def test_room_session_and_brand_may_be_told_by_the_message() -> None:
    fields = CHAT | {"room": "r", "session": "s", "brand": "b"}
    placed, plain = read(fields, {"id": 1, "r": 105, "s": "s-1", "b": "other"}, {"id": 2})
    assert (placed.room_id, placed.session_id, placed.brand_id) == ("105", "s-1", "other")
    assert (plain.room_id, plain.session_id, plain.brand_id) == (None, None, "acme")


def test_viewers_without_a_room_are_unread() -> None:
    fields = {"kind": "viewers", "id": "id", "value": "n", "room": "r"}
    (event,) = read(fields, {"id": 1, "n": 5, "r": "105"})
    assert (event.value_mode, event.value) == ("snapshot", 5)
    assert [reason for _, reason, _ in refused(fields, {"id": 1, "n": 5})] == ["missing_field"]


def test_gift_that_may_still_grow_needs_its_streak() -> None:
    fields = {"kind": "gift", "id": "id", "value": "n", "amount": "coins", "subject": "streak", "final": "end"}
    (event,) = read(fields, {"id": 1, "n": 2, "coins": 10, "streak": "s", "end": 0})
    assert (event.final, event.subject_id, event.amount) == (False, "s", 10)
    assert [reason for _, reason, _ in refused(fields, {"id": 1, "n": 2, "end": 0})] == ["missing_field"]


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"text": "a[?b"}, r"^text: character 5"),
        ({"counts": {"like": "a..b"}}, r"^counts\.like: character 3"),
        ({"each": "["}, "^each: "),
        ({"rules": [{"when": "a."}]}, "^when: "),
        ({"kind": "chat"}, "^kind: chat is no kind of event"),
        ({"kind": None}, "^kind: say either"),
        ({"type": "t"}, "^kind: say either"),
        ({"kind": None, "type": "t"}, "^kinds: `type` and `kinds`"),
        ({"kind": None, "type": "t", "kinds": {"x": "retraction"}}, r"^kinds\.x: retraction is no kind"),
        ({"text": None}, "^text: a message of kind comment needs it"),
        ({"kind": "delete", "id": None}, "^id: a message of kind delete"),
        ({"counts": {"payment": "x"}}, r"^counts\.payment: no kind that has running totals"),
        ({"counts": {"like": "x"}, "id": None}, "^id: `counts` need it"),
        ({"kind": "payment", "value_is": "total"}, "^value_is: payment has no running total"),
        ({"zone": "Mars"}, "^zone: Mars"),
        ({"reports_in": "CNY"}, "^currency: "),
        ({"time_form": "%Y", "time_unit": "s"}, "^time_form: "),
        ({"rules": []}, "^rules: there are none"),
        ({"kind": "ignore", "counts": {"like": "x"}}, "^counts: what is ignored has none"),
        ({"rules": [{"each": "a"}]}, "^rules, 1: "),
    ],
)
def test_mapping_that_cannot_work_names_the_field(changed: dict[str, Any], names: str) -> None:
    fields = {name: value for name, value in (CHAT | changed).items() if value is not None}
    with pytest.raises(UsageError, match=names):
        feed(**fields)


def test_place_is_told_of_the_first_message_that_could_not_be_read() -> None:
    reader = feed(**CHAT)
    for number in (7, 8):
        reader.read(json.dumps({"body": "x"}), NOW_MS, f"a.csv, line {number}")
    ((unread,),) = [reader.unread.values()]
    assert (unread.count, unread.detail) == (2, "a.csv, line 7: no id (0 is none, too)")


def test_unknown_field_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="txt"):
        feed(**CHAT, txt="x")


@pytest.mark.parametrize(
    "message", [[], "text", 5, None, [[]], {"id": {}}, {"id": []}, {"id": 1, "at": {}}, {"id": True}]
)
def test_hostile_message_costs_itself_alone(message: Any) -> None:
    reader = feed(**CHAT, followers="f", counts={"like": "l"})
    reader.read(json.dumps(message), NOW_MS)
    assert len(reader.read(json.dumps({"id": 2, "body": "x"}), NOW_MS)) == 1
