"""The demo's records go where they belong: running totals by HTTP and by polls, all else to Kafka."""

import json
import urllib.request
from typing import Any

import msgspec
import pytest

from deploy.demo.ways_in import PolledTotals, WaysIn
from deploy.local.process import free_port
from streams.errors import Unavailable
from streams.events.schema import Actor, Event
from streams.ingest.player import TimedRecord
from streams.topology import LIVE, SOCIAL
from tests.fakes.playing import ListSink, Wall


class ClosingSink(ListSink):
    def close(self) -> None:
        """It holds nothing."""


def record(platform: Any, topic: str = SOCIAL, **changed: Any) -> TimedRecord:
    event = Event("e1", "s", platform, "like", "acme", 5, 6, subject_id="p", value=7, value_mode="snapshot")
    return TimedRecord(topic, b"acme", msgspec.json.encode(msgspec.structs.replace(event, **changed)), 5)


def test_totals_are_polled_page_by_page_and_all_else_goes_to_kafka() -> None:
    kafka, totals = ClosingSink(Wall()), PolledTotals()
    sink = WaysIn(kafka, f"http://127.0.0.1:{free_port()}/v1/events", totals)
    try:
        sink.send(record("xiaohongshu"))
        others = [record("bluesky"), record("weibo", text="x"), record("weibo", actor=Actor("a")),
                  record("weibo", LIVE),
                  TimedRecord(SOCIAL, b"acme", b'{"value_mode":"snapshot"', 5)]  # fmt: skip
        for one in others:
            sink.send(one)
        assert [sent for _, sent in kafka.sent] == others
        with urllib.request.urlopen(totals.url) as answer:
            page = json.load(answer)
        assert page["items"] == [{"id": "e1", "kind": "like", "brand": "acme", "post": "p", "total": "7", "at": 5}]
        urllib.request.urlopen(f"{totals.url}?after={page['last']}").close()
        totals.wait()
        sink.send(record("weibo"))
        with pytest.raises(Unavailable, match="ingest at"):
            sink.flush()
    finally:
        totals.close()
