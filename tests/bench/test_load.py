"""The benches' traffic."""

from collections import Counter

import msgspec

from streams.events.schema import Event
from tests.bench.load import SHARES, Load, Written, generate


def test_load_is_a_function_of_its_seed() -> None:
    first, again, other = (list(generate(Load(500, seed=seed))) for seed in (1, 1, 2))
    assert first == again != other


def test_load_has_the_shares_of_an_evening_and_events_that_decode() -> None:
    events = list(generate(Load(20_000)))
    kinds = Counter(event.kind for event in events)
    assert sum(SHARES.values()) == 1000
    assert kinds.keys() <= SHARES.keys()
    assert abs(kinds["like"] / len(events) - SHARES["like"] / 1000) < 0.02
    sizes = [len(msgspec.json.encode(event)) for event in events]
    assert 270 < sum(sizes) / len(sizes) < 310
    assert [msgspec.json.decode(msgspec.json.encode(event), type=Event) for event in events[:200]] == events[:200]


def test_load_runs_in_event_time() -> None:
    times_ms = [event.event_time_ms for event in generate(Load(4_001, start_ms=1_000, events_per_second=2_000))]
    assert times_ms == sorted(times_ms)
    assert (times_ms[0], times_ms[-1]) == (1_000, 3_000)


def test_written_sums_the_first_events_of_each_partition() -> None:
    written = Written()
    written.values[0].extend([5, 6, 7])
    written.values[1].extend([1])
    assert written.events == 4
    assert written.total({0: 2, 1: 1}) == 12
