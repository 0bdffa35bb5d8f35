"""From a scenario to records and their truth. Pure: the same scenario and end give the same bytes.

A record's Kafka timestamp is its simulated arrival, so no event is newer than its record, and a stage that
keeps time by the log sees the same gaps as the room did.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from streams.clock import MINUTE_MS
from streams.events.schema import TEXT_KINDS, Event, Platform
from streams.ingest.player import TimedRecord
from streams.ingest.routing import route
from streams.simulate.disorder import with_disorder
from streams.simulate.emission import Emission
from streams.simulate.expected_alerts import expected_alerts
from streams.simulate.expected_counts import ExpectedCounts
from streams.simulate.malformed import scattered
from streams.simulate.people import Population
from streams.simulate.rooms import RoomPlay
from streams.simulate.scenario import Scenario
from streams.simulate.social import FeedPlay
from streams.simulate.spans import Span
from streams.simulate.truth import Truth
from streams.simulate.unkind import told

POPULATION_SIZE = 20_000


@dataclass(frozen=True)
class Traffic:
    """Records in order of arrival, and the right counts and alerts for them."""

    records: Sequence[TimedRecord]
    truth: Truth


def generate(scenario: Scenario, ended_at_ms: int) -> Traffic:
    """The scenario as it would have been, had it ended at `ended_at_ms`; nothing arrives, or happens, later."""
    started_at_ms = ended_at_ms - scenario.minutes * MINUTE_MS
    span = Span(started_at_ms, ended_at_ms)
    played, unknowable = told(scenario, _played(scenario, span))
    emissions = with_disorder(played, scenario.disorder, scenario.rooms, ended_at_ms, scenario.seed)
    expected = ExpectedCounts()
    expected.add(emissions)
    good = [_record(emission) for emission in emissions]
    bad, reasons = _unreadable(scenario, emissions)
    records = sorted([*good, *bad], key=lambda record: record.due_ms)
    truth = Truth(
        scenario=scenario.name,
        seed=scenario.seed,
        started_at_ms=started_at_ms,
        ended_at_ms=ended_at_ms,
        records=dict(Counter(record.topic for record in records)),
        texts=sum(emission.event.kind in TEXT_KINDS for emission in emissions),
        fates=dict(Counter(emission.fate for emission in emissions)),
        dead_letters=dict(reasons),
        scopes=expected.scope_truths(ended_at_ms),
        sessions=expected.session_truths(),
        fakes=expected.fake_truths(),
        alerts=expected_alerts(scenario, started_at_ms),
        unknowable=unknowable,
    )
    return Traffic(records, truth)


def _played(scenario: Scenario, span: Span) -> list[Emission]:
    populations: dict[Platform, Population] = {}
    emissions: list[Emission] = []

    def population(platform: Platform) -> Population:
        if platform not in populations:
            rng = random.Random(f"{scenario.seed}:{platform}")
            populations[platform] = Population(rng, platform, POPULATION_SIZE, scenario.seed)
        return populations[platform]

    for brand in scenario.brands:
        incidents = [incident for incident in scenario.incidents if incident.brand_id == brand.brand_id]
        for feed in brand.feeds:
            emissions += FeedPlay(brand, feed, population(feed.platform), incidents, span, scenario.seed).play()
        for room in scenario.rooms:
            if room.brand_id == brand.brand_id:
                concerned = [i for i in incidents if i.room_id in (None, room.room_id)]
                play = RoomPlay(
                    room, brand, population(room.platform), concerned, span.from_ms, span.to_ms, scenario.seed
                )
                emissions += play.play()
    return emissions


def _record(emission: Emission) -> TimedRecord:
    event = emission.event
    return _sent(event, msgspec.json.encode(event), emission.arrives_ms)


def _sent(event: Event, value: bytes | None, arrives_ms: int) -> TimedRecord:
    """A record with the key, and so in the partition, of the event."""
    return TimedRecord(topic_of(event), key_of(event), value, arrives_ms, arrives_ms)


def _unreadable(scenario: Scenario, emissions: Sequence[Emission]) -> tuple[list[TimedRecord], Counter[str]]:
    disorder = scenario.disorder
    beside = [(e.event, e.arrives_ms) for e in emissions if e.fate == "applied"]
    records, reasons = [], Counter[str]()
    rng = random.Random(f"{scenario.seed}:malformed")
    for flaw, event, arrives_ms in scattered(rng, beside, disorder):
        records.append(_sent(event, flaw.value, arrives_ms))
        reasons[flaw.reason] += 1
    return records, reasons


def topic_of(event: Event) -> str:
    return route(event)[0]


def key_of(event: Event) -> bytes:
    return (event.room_id or event.brand_id).encode()
