"""What could not be read is kept raw for a while, within its bounds."""

import json
from typing import Any

import pytest

from streams.clock import DAY_MS
from streams.ingest.feed import UnreadPart
from streams.ingest.foreign import UnreadReason
from streams.ingest.unread_messages import MAX_OF_A_TYPE, MESSAGE_BYTES, UnreadMessage, UnreadMessages, written

NOW_MS = 1_790_000_000_000


def part(type_name: str = "New", reason: UnreadReason = "unknown_type") -> UnreadPart:
    return UnreadPart(type_name, reason, "not known")


class Store:
    """What the ledger has of a feed."""

    def __init__(self) -> None:
        self.days: dict[int, dict[str, bytes]] = {}

    def save(self, unread: UnreadMessages) -> None:
        for day, entries in unread.changes().items():
            for name, entry in entries.items():
                of_day = self.days.setdefault(day, {})
                if entry is None:
                    of_day.pop(name, None)
                else:
                    of_day[name] = entry
        unread.stored()

    def load(self, max_bytes: int) -> UnreadMessages:
        unread = UnreadMessages(max_bytes)
        for day in sorted(self.days):
            unread.load(day, self.days[day])
        return unread

    @property
    def entries(self) -> list[bytes]:
        return [entry for day in sorted(self.days) for _, entry in sorted(self.days[day].items(), key=_number)]


def _number(item: tuple[str, Any]) -> int:
    return int(item[0])


def test_type_that_floods_leaves_room_for_others() -> None:
    unread, store = UnreadMessages(1_000_000), Store()
    unread.add(b'{"rare": 1}', part("Rare"), NOW_MS)
    for number in range(1_000):
        unread.add(b'{"n": %d}' % number, part(), NOW_MS)
        if number % 7 == 0:
            store.save(unread)
    store.save(unread)
    kept = store.entries
    assert len(kept) == 1 + MAX_OF_A_TYPE
    assert b'{"rare": 1}' in kept[0]
    assert b'{"n": 999}' in kept[-1]


@pytest.mark.parametrize("max_bytes", [0, 5_000, 100_000])
def test_bytes_are_bounded_over_restarts(max_bytes: int) -> None:
    store = Store()
    for process in range(4):
        unread = store.load(max_bytes)
        for number in range(60):
            unread.add("x" * (100 * (number % 40)), part(f"type {number % 30}"), NOW_MS + process * DAY_MS)
            store.save(unread)
            assert sum(map(len, store.entries)) <= max_bytes
    assert bool(store.entries) == bool(max_bytes)


def test_long_message_is_cut_and_says_how_long_it_was() -> None:
    unread = UnreadMessages(1_000_000)
    unread.add("é" * MESSAGE_BYTES, part(), NOW_MS)
    store = Store()
    store.save(unread)
    assert len(store.entries[0]) < MESSAGE_BYTES + 100


def test_each_is_written_on_a_line_of_its_own() -> None:
    raws = [b'{\n "a": [1,\r\n 2]}', b"no\njson", b'{"b": 1}', b"\xff\xfe"]
    lines = b"".join(written([UnreadMessage(NOW_MS, "", "not_json", "", raw, len(raw)) for raw in raws])).split(b"\n")
    assert json.loads(lines[0]) == {"a": [1, 2]}
    assert lines[1:] == [b"no json", b'{"b": 1}', b"\xff\xfe", b""]
