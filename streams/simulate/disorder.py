"""What happens to good events on their way: they come twice, late, seen from another room, or are taken back."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from streams.clock import HOUR_MS
from streams.simulate.emission import Emission
from streams.simulate.scenario import Disorder, Room

_RETRACTABLE = frozenset({"comment", "post", "reply", "review", "gift"})


def with_disorder(
    emissions: Sequence[Emission], disorder: Disorder, rooms: Sequence[Room], end_ms: int, seed: int
) -> list[Emission]:
    """The emissions and all that disorder adds to them, in order of arrival; nothing arrives after `end_ms`."""
    rng = random.Random(f"{seed}:disorder")
    good = sorted((e for e in emissions if e.arrives_ms <= end_ms), key=lambda e: e.arrives_ms)
    added = [*_mirrors(rng, good, disorder, rooms), *_retractions(rng, good, disorder)]
    added += _unmatched_retractions(rng, good, disorder.unmatched_retractions)
    added += _duplicates(rng, [*good, *added], disorder)
    added += _late(rng, good, disorder.late)
    return sorted([*good, *(e for e in added if e.arrives_ms <= end_ms)], key=lambda e: e.arrives_ms)


def _mirrors(
    rng: random.Random, good: Sequence[Emission], disorder: Disorder, rooms: Sequence[Room]
) -> Iterator[Emission]:
    """A comment as another room of the platform saw it."""
    mirroring = [room for room in rooms if room.platform == "bilibili"]
    for emission in good:
        event = emission.event
        elsewhere = [room for room in mirroring if room.room_id != event.room_id]
        mirrored = event.kind == "comment" and event.platform == "bilibili" and event.room_id is not None
        if mirrored and elsewhere and rng.random() < disorder.mirrors:
            room = rng.choice(elsewhere)
            seen = msgspec.structs.replace(
                event,
                event_id=f"m-{event.event_id}",
                room_id=room.room_id,
                brand_id=room.brand_id,
                session_id=None,
                is_mirror=True,
            )
            yield Emission(seen, emission.arrives_ms + rng.randint(50, 900), {"mirrors": 1}, fate="mirror")


def _retractions(rng: random.Random, good: Sequence[Emission], disorder: Disorder) -> Iterator[Emission]:
    for emission in good:
        event = emission.event
        retractable = event.kind in _RETRACTABLE and (event.kind != "gift" or event.subject_id is None)
        if retractable and rng.random() < disorder.retractions:
            early = rng.random() < disorder.early_retractions and emission.arrives_ms > event.event_time_ms + 1
            yield (
                _early_retraction(rng, emission)
                if early
                else _retraction(emission, event.event_id, rng.randint(5_000, 60_000), emission)
            )


def _unmatched_retractions(rng: random.Random, good: Sequence[Emission], count: int) -> Iterator[Emission]:
    for number, emission in enumerate(rng.sample(good, min(count, len(good)))):
        yield _retraction(emission, f"never-seen-{number}", 1_000, None)


def _retraction(beside: Emission, retracts: str, after_ms: int, takes_back: Emission | None) -> Emission:
    event = msgspec.structs.replace(
        beside.event,
        event_id=f"r-{retracts}",
        kind="retraction",
        retracts=retracts,
        text=None,
        lang=None,
        amount=0,
        value=1,
        value_mode="delta",
        subject_id=None,
        final=True,
        actor=None,
        product_id=None,
        event_time_ms=beside.event.event_time_ms + after_ms,
        ingest_time_ms=beside.arrives_ms + after_ms,
    )
    if takes_back is None:
        return Emission(event, event.ingest_time_ms, fate="retraction_unmatched")
    return Emission(event, event.ingest_time_ms, {"retracted": 1}, fate="retraction", takes_back=takes_back)


def _early_retraction(rng: random.Random, emission: Emission) -> Emission:
    """Taken back at once, on a faster way than its own."""
    taken_back = emission.event
    back = _retraction(emission, taken_back.event_id, 1, emission)
    arrives_ms = rng.randint(taken_back.event_time_ms + 1, emission.arrives_ms - 1)
    event = msgspec.structs.replace(back.event, ingest_time_ms=arrives_ms)
    return replace(back, event=event, arrives_ms=arrives_ms)


def _duplicates(rng: random.Random, emissions: Sequence[Emission], disorder: Disorder) -> Iterator[Emission]:
    """The same bytes again within seconds, as feeds do after they reconnect."""
    for emission in emissions:
        if rng.random() < disorder.duplicates:
            yield Emission(emission.event, emission.arrives_ms + rng.randint(200, 15_000), fate="duplicate")


def _late(rng: random.Random, good: Sequence[Emission], count: int) -> Iterator[Emission]:
    """An event of yesterday, behind an event of today with the same key: too late for every window."""
    likes = [e for e in good if e.event.kind == "like" and e.event.value_mode == "delta"]
    for number, emission in enumerate(rng.sample(likes, min(count, len(likes)))):
        event = msgspec.structs.replace(
            emission.event,
            event_id=f"l-{number}-{emission.event.event_id}",
            event_time_ms=emission.event.event_time_ms - rng.randint(26 * HOUR_MS, 40 * HOUR_MS),
        )
        yield Emission(event, emission.arrives_ms + rng.randint(100, 2_000), {"late": 1}, fate="late")
