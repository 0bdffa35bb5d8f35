"""Somebody else's topic: where it begins, goes on, and what is told of what is no longer there."""

import json
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from streams.errors import UsageError
from streams.ingest.feed_list import read_feeds
from streams.ingest.protocols.kafka_topic import KafkaTopic, of_the_entry
from streams.ingest.protocols.received import Gap, Received
from streams.ingest.secret import Secrets
from tests.fakes.topic import FakeTopic


def filled(count: int, **options: Any) -> FakeTopic:
    topic = FakeTopic(**options)
    for number in range(count):
        topic.add(json.dumps({"id": number}).encode(), number % len(topic.logs), b"k%d" % number)
    return topic


async def read(topic: FakeTopic, count: int, cursor: str | None = None, **options: Any) -> list[Any]:
    """The next so many messages and gaps."""
    way_in = KafkaTopic(lambda: topic, "orders", look_seconds=0.0, **({"start": "earliest"} | options))
    found: list[Any] = []
    async with aclosing(cast(Any, way_in.messages(cursor))) as items:
        while len(found) < count:
            item = await anext(items)
            found += [item] if isinstance(item, Received | Gap) else []
    return found


def ids(items: list[Any]) -> list[int]:
    return [json.loads(item.message)["id"] for item in items if isinstance(item, Received)]


async def test_topic_cut_at_every_record_goes_on_at_the_cursor() -> None:
    topic = filled(20, partitions=3)
    everything = sorted(ids(await read(topic, 20)))
    assert everything == list(range(20))
    for cut in range(1, 20):
        before = await read(topic, cut)
        after = await read(topic, 20 - cut, before[-1].cursor)
        assert sorted(ids(before) + ids(after)) == everything, cut


async def test_place_says_where_a_record_stands() -> None:
    assert [one.place for one in await read(filled(2), 2)] == ["orders:0:0", "orders:0:1"]


@pytest.mark.parametrize(("start", "first"), [("earliest", 0), (1_000_003, 3), (2_000_000, 6), ("latest", 6)])
async def test_without_a_cursor_it_begins_where_it_is_told_to(start: Any, first: int) -> None:
    topic = filled(6)
    way_in = KafkaTopic(lambda: topic, "orders", start, look_seconds=0.0)
    async with aclosing(cast(Any, way_in.messages(None))) as items:
        await anext(items)
        topic.add(b'{"id": 6}')
        assert ids([await anext(items)]) == [first]


async def test_partition_that_was_added_is_read_from_its_beginning() -> None:
    topic = filled(3)
    way_in = KafkaTopic(lambda: topic, "orders", "latest", look_seconds=0.0)
    async with aclosing(cast(Any, way_in.messages(None))) as items:
        await anext(items)
        topic.add(b'{"id": 9}', partition=1)
        assert ids([await anext(items)]) == [9]
    before = await read(topic, 1)
    topic.add(b'{"id": 10}', partition=2)
    assert sorted(ids(await read(topic, 4, before[-1].cursor))) == [1, 2, 9, 10]


async def test_expired_records_are_a_gap_of_so_many() -> None:
    topic = filled(10)
    before = await read(topic, 2)
    topic.expire(below=7)
    gap, *after = await read(topic, 4, before[-1].cursor)
    assert (gap.missed, gap.reason) == (5, "cursor_too_old")
    assert ids(after) == [7, 8, 9]


async def test_records_that_expire_while_it_reads_are_a_gap() -> None:
    topic = filled(10)
    way_in = KafkaTopic(lambda: topic, "orders", "earliest", look_seconds=1e9)
    async with aclosing(cast(Any, way_in.messages(None))) as items:
        await anext(items)
        assert ids([await anext(items) for _ in range(3)]) == [0, 1, 2]
        topic.expire(below=8)
        gap, eight = await anext(items), await anext(items)
    assert (gap.missed, gap.reason, gap.from_ms) == (5, "cursor_too_old", 1_000_002)
    assert ids([eight]) == [8]


async def test_compacted_records_are_a_gap_behind_where_we_had_been() -> None:
    topic = filled(6, compacted=True)
    topic.drop(1)
    before = await read(topic, 2)
    assert ids(before) == [0, 2], "what was compacted before we came is history"
    for number in range(6, 10):
        topic.add(json.dumps({"id": number}).encode())
    for offset in (6, 7):
        topic.drop(offset)
    found = await read(topic, 6, before[-1].cursor)
    assert ids(found) == [3, 4, 5, 8, 9]
    assert [(gap.missed, gap.reason) for gap in found if isinstance(gap, Gap)] == [(2, "lost")]


async def test_marks_of_transactions_are_no_gap() -> None:
    topic = filled(6)
    topic.drop(2)
    assert [type(item) for item in await read(topic, 5)] == [Received] * 5


async def test_topic_made_anew_is_read_from_its_beginning_after_a_gap() -> None:
    before = await read(filled(5), 5)
    anew = filled(8)
    anew.id = "second"
    gap, *after = await read(anew, 9, before[-1].cursor)
    assert (gap.reason, gap.missed) == ("lost", None)
    assert ids(after) == list(range(8))


async def test_log_that_was_cut_goes_on_at_its_end() -> None:
    before = await read(filled(5), 5)
    shorter = filled(3)
    way_in = KafkaTopic(lambda: shorter, "orders", "earliest", look_seconds=0.0)
    async with aclosing(cast(Any, way_in.messages(before[-1].cursor))) as items:
        gap = await anext(items)
        shorter.add(b'{"id": 30}')
        await anext(items)
        assert ids([await anext(items)]) == [30]
    assert (gap.reason, gap.missed) == ("lost", None)


async def test_record_has_key_headers_and_place_where_they_are_asked_for() -> None:
    topic = FakeTopic()
    topic.add(b'{"id": 1}', key=b"k")
    topic.add(None, key=b"gone")
    topic.add(b"\xff", key=b"odd")
    whole = [json.loads(one.message) for one in await read(topic, 3, record=True)]
    assert whole[0] == {
        "key": "k", "value": {"id": 1}, "headers": {"of": "shop"}, "partition": 0, "offset": 0, "timestamp": 1_000_000,
    }  # fmt: skip
    assert (whole[1]["key"], whole[1]["value"], whole[2]["value"]) == ("gone", None, "\ufffd")


async def test_deletion_without_the_record_is_null_and_a_registrys_mark_is_taken_off() -> None:
    topic = FakeTopic()
    topic.add(None)
    topic.add(b"\0\0\0\0\x07" + b'{"id": 1}')
    assert [one.message for one in await read(topic, 2)] == [b"null", b'{"id": 1}']


ENTRY = "feeds:\n  - {name: o, kind: kafka, topic: t, brand: acme, mapping: {kind: share, id: id}"


def entry(tmp_path: Path, **fields: str) -> Any:
    path = tmp_path / "feeds.yaml"
    path.write_text(ENTRY + "".join(f", {name}: {value}" for name, value in fields.items()) + "}\n")
    return read_feeds(path)[0]


def test_entry_has_servers_and_credentials_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("p@ss\n")
    feed = entry(
        tmp_path,
        servers="'k1:9092,k2:9092'",
        security="SASL_PLAINTEXT",
        user="u",
        password="{file: pw}",
        start="earliest",
    )
    assert feed.address == "k1:9092,k2:9092/t"
    assert feed.way_in(Secrets(tmp_path)).start == "earliest"
    assert [str(secret) for secret in feed.secrets()] == ["the file pw"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"start": "yesterday"}, "`start`: earliest, latest, or a time"),
        ({"start": "'2026-09-21T22:00:00'"}, "with an offset"),
        ({"security": "SASL_SSL"}, "`servers` is missing"),
        ({"servers": "nohost"}, "servers"),
    ],
)
def test_entry_that_cannot_be_is_told(tmp_path: Path, fields: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        entry(tmp_path, **fields)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"security": "SASL_SSL"}, "^`security` is SASL_SSL: set `user` and `password`"),
        ({"user": "u", "password": "{file: pw}"}, "^`user` or `password` is set, but `security` is PLAINTEXT"),
        ({"security": "SSL", "ca": "pw"}, "^`ca`: .* holds no certificates"),
    ],
)
def test_credentials_that_contradict_each_other_are_told_by_the_entrys_fields(
    tmp_path: Path, fields: dict[str, str], says: str
) -> None:
    (tmp_path / "pw").write_text("p")
    with pytest.raises(UsageError, match=says):
        entry(tmp_path, servers="'k1:9092'", **fields).way_in(Secrets(tmp_path))


def test_sentence_about_our_settings_names_the_entrys() -> None:
    assert (
        of_the_entry("look at PULSEWATCH_KAFKA_USER and PULSEWATCH_KAFKA_PASSWORD") == "look at `user` and `password`"
    )
    assert of_the_entry("start it or set PULSEWATCH_KAFKA") == "start it or set `servers`"
