from collections import Counter
from dataclasses import replace

import pytest

from streams.clock import MINUTE_MS
from streams.events.codec import decode_one
from streams.events.schema import Event
from streams.ingest.player import TimedRecord
from streams.simulate.generate import Traffic, generate
from streams.simulate.scenario import Scenario
from streams.simulate.scenarios import BRANDS, COUNTERS, DEMO, ROOMS, names, scenario
from tests.oracle.recount import Record, Recount, recount

ENDED_AT_MS = 1_790_000_012_345
SMALL = replace(
    COUNTERS, name="small", minutes=8, brands=BRANDS[:3], rooms=tuple(replace(r, audience=20) for r in ROOMS[:5])
)


@pytest.fixture(scope="module")
def small() -> Traffic:
    return generate(SMALL, ENDED_AT_MS)


@pytest.fixture(scope="module")
def demo() -> Traffic:
    return generate(DEMO, ENDED_AT_MS)


def recounted(traffic: Traffic) -> Recount:
    """One partition a key: the finest that Kafka could make of it."""
    partitions: dict[tuple[str, bytes], list[Record]] = {}
    for record in traffic.records:
        partition = partitions.setdefault((record.topic, record.key), [])
        partition.append((len(partition), record.value, record.due_ms))
    return recount(partitions.values())


def test_generate_gives_the_same_bytes_for_the_same_seed_and_others_for_another(small: Traffic) -> None:
    assert generate(SMALL, ENDED_AT_MS) == small
    assert generate(replace(SMALL, seed=8), ENDED_AT_MS).records != small.records


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_book_and_a_recount_of_the_bytes_agree(seed: int) -> None:
    traffic = generate(replace(SMALL, seed=seed), ENDED_AT_MS)
    assert_agreement(traffic, recounted(traffic))


def test_the_book_and_a_recount_of_the_demo_agree(demo: Traffic) -> None:
    assert_agreement(demo, recounted(demo))


def assert_agreement(traffic: Traffic, other: Recount) -> None:
    truth = traffic.truth
    for scope, ids in truth.scopes.items():
        for name, page in ids.items():
            for minute, sums in page.minutes.items():
                meant = {key: value for key, value in sums.items() if value}
                assert meant == other.minute(scope, name, minute), (scope, name, minute)
            for group, number in page.people["24h"].items():
                assert len(other.everyone(scope, name, group)) == number, (scope, name, group)
    for session, told in truth.sessions.items():
        assert told.sums == other.session(session)
    assert truth.fates | {"dead_letter": sum(truth.dead_letters.values())} == {
        fate: number for fate, number in other.fates.items() if number
    }


def test_a_recount_notices_one_record_that_is_lost(small: Traffic) -> None:
    lost = next(n for n, record in enumerate(small.records) if b'"kind":"payment"' in (record.value or b""))
    rest = [*small.records[:lost], *small.records[lost + 1 :]]
    with pytest.raises(AssertionError):
        assert_agreement(small, recounted(replace(small, records=rest)))


def test_nothing_arrives_before_it_happens_or_after_the_end(demo: Traffic) -> None:
    arrivals = [record.due_ms for record in demo.records]
    assert arrivals == sorted(arrivals)
    assert arrivals[-1] <= ENDED_AT_MS
    assert all(record.timestamp_ms == record.due_ms for record in demo.records)
    assert all(event.event_time_ms <= record.due_ms for record, event in read(demo))


def test_every_record_that_is_not_malformed_is_an_event_by_the_schema(demo: Traffic) -> None:
    assert len(read(demo)) == sum(demo.truth.fates.values())


def read(traffic: Traffic) -> list[tuple[TimedRecord, Event]]:
    decoded = ((record, decode_one(record.value, 0, record.due_ms)) for record in traffic.records)
    return [(record, event) for record, event in decoded if isinstance(event, Event)]


def test_the_demo_has_the_size_that_a_slow_machine_can_score(demo: Traffic) -> None:
    assert 3_000 <= demo.truth.texts <= 4_500
    assert 20_000 <= len(demo.records) <= 120_000


def test_the_demo_is_calm_for_twelve_minutes(demo: Traffic) -> None:
    calm_until_ms = demo.truth.started_at_ms + 12 * MINUTE_MS
    assert all(alert.onset_to_ms > calm_until_ms for alert in demo.truth.alerts)
    assert min(incident.onset_minute for incident in DEMO.incidents) >= 12


def test_every_fate_and_every_reason_occurs(demo: Traffic) -> None:
    fates = {"applied", "duplicate", "late", "mirror", "retraction", "retraction_unmatched"}
    assert set(demo.truth.fates) == fates
    assert set(demo.truth.dead_letters) >= {
        "empty",
        "bad_json",
        "bad_utf8",
        "too_deep",
        "too_large",
        "time_out_of_range",
    }


def test_some_retractions_overtake_what_they_take_back(small: Traffic) -> None:
    early, seen = 0, set[str]()
    for _, event in read(small):
        early += event.kind == "retraction" and f"{event.retracts}" not in seen and "never" not in f"{event.retracts}"
        seen.add(event.event_id)
    assert 0 < early < small.truth.fates["retraction"]


def test_every_kind_of_incident_is_in_the_demo_and_alone_in_a_scenario_of_its_own() -> None:
    kinds = Counter(incident.kind for incident in DEMO.incidents)
    assert set(kinds) == {
        "crisis",
        "praise",
        "coordinated",
        "false_advertising",
        "room_collapse",
        "silent_feed",
        "fake_traffic",
        "undisclosed",
    }
    alone: list[Scenario] = [scenario(kind.replace("_", "-")) for kind in kinds]
    assert [len(single.incidents) for single in alone] == [1] * 8
    mixes = {"demo", "calm", "counters", "malformed", "duplicates", "late-events", "unkind"}
    assert set(names()) == mixes | {single.name for single in alone}


def test_bought_traffic_is_most_of_its_room_and_none_of_others() -> None:
    truth = generate(scenario("fake-traffic"), ENDED_AT_MS).truth
    [incident] = scenario("fake-traffic").incidents
    first = truth.started_at_ms // MINUTE_MS + int(incident.onset_minute) + 1
    shares = [truth.fake_share("room-113", name, first, first + 4) for name in ("views", "likes", "comments")]
    assert all(0.7 < share < 1 for share in shares)
    assert truth.fake_share("room-113", "views", first - 10, first - 2) == 0
    assert set(truth.fakes) == {"room-113"}
