from collections.abc import Sequence

import pytest

from streams.detection import partition as partition_module
from streams.detection.brand.brand import Brands
from streams.detection.partition import KEPT_IDLE_KEYS, KeyedDetectors
from streams.detection.room.room import Rooms
from streams.detection.watermark import SourceProgress
from streams.events.schema import ScoredText
from tests.builders.records import CONFIG, at, room_event, speech, text


def play(detectors: KeyedDetectors[ScoredText], texts: Sequence[ScoredText]) -> None:
    for one in texts:
        detectors.process(one, one.log_time_ms)


def test_missing_keys_are_those_not_in_the_process() -> None:
    detectors = KeyedDetectors(Brands(CONFIG), SourceProgress())
    play(detectors, [text(0, 0, brand_id="a")])
    assert detectors.keys_to_load([text(0, 1, brand_id="b"), text(0, 2, brand_id="a"), text(0, 3, brand_id="b")]) == [
        "b"
    ]


def test_drain_returns_what_changed_once() -> None:
    detectors = KeyedDetectors(Brands(CONFIG), SourceProgress())
    play(detectors, [text(0, 0, brand_id="a")])
    assert set(detectors.drain().states) == {"a"}
    assert not detectors.drain().states


def test_keys_for_which_time_matters_are_named_until_it_no_longer_does() -> None:
    detectors = KeyedDetectors(Rooms(CONFIG), SourceProgress())
    detectors.process(room_event(0, "enter"), at(0))
    assert detectors.drain().watched == {"r1": b""}
    detectors.process(room_event(1, "session_end"), at(1))
    assert detectors.drain().watched == {"r1": None}


def test_idle_key_advances_each_minute_of_the_log() -> None:
    detectors = KeyedDetectors(Brands(CONFIG), SourceProgress())
    play(detectors, [speech(0, 0, "absolute_claim", brand_id="a")])
    assert [alert.state for alert in detectors.drain().alerts] == ["firing"]
    # Another brand's records carry the log past the quiet minutes of the first.
    play(detectors, [text(minute, 1 + minute, brand_id="b") for minute in range(9)])
    assert [(alert.brand_id, alert.state) for alert in detectors.drain().alerts] == [("a", "resolved")]


def test_state_that_only_lived_through_minutes_is_not_stored_and_lives_through_them_again() -> None:
    log = SourceProgress()
    detectors = KeyedDetectors(Brands(CONFIG), log)
    play(detectors, [speech(0, 0, "absolute_claim", brand_id="a")])
    stored = detectors.drain().states["a"]
    play(detectors, [text(minute, 1 + minute, brand_id="b") for minute in range(6)])
    assert set(detectors.drain().states) == {"b"}

    successor = KeyedDetectors(Brands(CONFIG), SourceProgress(dict(log.by_source)))
    successor.restore("a", stored, watched=True)
    play(successor, [text(9, 9, brand_id="b")])
    play(detectors, [text(9, 9, brand_id="b")])
    resolved = successor.drain().alerts
    assert [alert.state for alert in resolved] == ["resolved"]
    assert resolved == detectors.drain().alerts


def test_process_keeps_few_keys_without_timers() -> None:
    detectors = KeyedDetectors(Rooms(CONFIG), SourceProgress())
    for number in range(KEPT_IDLE_KEYS + 10):
        detectors.process(room_event(0, "session_end", room_id=f"r{number}"), at(0))
    assert len(detectors.drain().states) == KEPT_IDLE_KEYS + 10
    names = [room_event(1, "enter", room_id=f"r{number}") for number in range(KEPT_IDLE_KEYS + 10)]
    assert detectors.keys_to_load(names) == sorted(f"r{number}" for number in range(10))


def test_late_record_is_reported() -> None:
    detectors = KeyedDetectors(Brands(CONFIG), SourceProgress())
    assert detectors.process(text(10, 0), at(10))
    assert not detectors.process(text(3, 1), at(10))


def test_quietest_keys_lose_their_timer_until_their_next_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition_module, "MAX_WATCHED_KEYS", 2)
    log = SourceProgress()
    detectors = KeyedDetectors(Brands(CONFIG), log)
    play(detectors, [speech(0, 0, "absolute_claim", brand_id="alerting")])
    play(
        detectors, [text(0.1 * number, number, brand_id=brand) for number, brand in enumerate(("old", "middle", "new"))]
    )
    stored = detectors.drain().states
    play(detectors, [text(1, 9, brand_id="new")])
    assert detectors.drain().watched == {"old": None, "middle": None}

    successor = KeyedDetectors(Brands(CONFIG), SourceProgress(dict(log.by_source)))
    successor.restore("old", stored["old"])
    play(successor, [text(2, 10, brand_id="old")])
    assert successor.drain().watched == {"old": b""}
