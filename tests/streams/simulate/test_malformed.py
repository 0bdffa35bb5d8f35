import random

import msgspec
import pytest

from streams.events.codec import Unreadable, decode_one
from streams.events.schema import Event
from streams.simulate.malformed import Malformed, malformed, scattered
from streams.simulate.scenario import Disorder
from tests.oracle.recount import readable

AT_MS = 1_790_000_000_000
COMMENT = Event("c-1", "weibo-search", "weibo", "comment", "lumo", AT_MS, AT_MS, text="好", room_id="room-1")
FLAWED = list(malformed(COMMENT, 0, huge=True, absurd=True))


@pytest.mark.parametrize("record", FLAWED, ids=lambda record: record.name)
def test_malformed_is_unreadable_for_the_reason_that_it_names(record: Malformed) -> None:
    read = decode_one(record.value, 7, AT_MS)
    assert isinstance(read, Unreadable)
    assert read.reason == record.reason
    assert readable(record.value, AT_MS) is None


def test_malformed_is_made_of_an_event_that_is_sound_without_the_flaw() -> None:
    sound = msgspec.json.encode(COMMENT)
    assert isinstance(decode_one(sound, 7, AT_MS), Event)
    assert readable(sound, AT_MS) is not None


def test_malformed_has_every_kind_that_feeds_are_known_for() -> None:
    sizes = {record.name: len(record.value or b"") for record in FLAWED}
    assert sizes["ten megabytes"] > 10_000_000
    assert sizes["a million levels"] > 2_000_000
    assert sizes["null value"] == 0


def test_scattered_sends_the_huge_ones_once() -> None:
    records = [
        flaw.name for flaw, _, _ in scattered(random.Random(3), [(COMMENT, AT_MS)], Disorder(malformed_rounds=3))
    ]
    assert records.count("ten megabytes") == records.count("a million levels") == 1
    assert records.count("1970") == 3
