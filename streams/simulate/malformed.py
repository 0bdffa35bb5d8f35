"""Records that cannot be read, one of each kind, with the reason that their dead letter must carry."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from streams.events.codec import Reason
from streams.events.schema import Event
from streams.simulate.scenario import Disorder

YEAR_2100_MS = 4_102_444_800_000
TEN_MEGABYTES = 10_000_000
DEEP_LEVELS = 100_000
MILLION_LEVELS = 1_000_000


@dataclass(frozen=True)
class Malformed:
    """A record's bytes (None: a null value) and the reason why it cannot be read."""

    name: str
    value: bytes | None
    reason: Reason


def malformed(beside: Event, number: int, huge: bool, absurd: bool = False) -> Iterator[Malformed]:
    """One of each kind, made of a good event so that only the named flaw is wrong with it."""
    good: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(beside))
    good["event_id"] = f"x-{number}-{beside.event_id}"
    text = msgspec.json.encode(good)

    def flawed(**changes: Any) -> bytes:
        return msgspec.json.encode(good | changes)

    yield Malformed("null value", None, "empty")
    yield Malformed("empty value", b"", "empty")
    yield Malformed("cut short", text[: len(text) // 2], "bad_json")
    yield Malformed("not JSON at all", b"\x00\x01<html>502 Bad Gateway</html>", "bad_json")
    yield Malformed("not UTF-8", text.replace(b'"event_id":"x-', b'"event_id":"\xff\xfex-', 1), "bad_utf8")
    yield Malformed("NaN", text[:-1] + b',"amount":NaN}', "bad_json")
    yield Malformed("infinite time", _without(good, "event_time")[:-1] + b',"event_time":1e999}', "out_of_range")
    for name in ("event_id", "kind", "brand_id", "event_time", "platform"):
        yield Malformed(f"no {name}", _without(good, name), "missing_field")
    yield Malformed("time as words", flawed(event_time="yesterday"), "wrong_type")
    yield Malformed("person as a list", flawed(actor=["someone"]), "wrong_type")
    yield Malformed("a list of events", b"[" + text + b"]", "wrong_type")
    yield Malformed("negative value", flawed(value=-5), "out_of_range")
    yield Malformed("empty id", flawed(event_id=""), "out_of_range")
    yield Malformed("unknown kind", flawed(kind="teleport"), "unknown_kind")
    yield Malformed("unknown platform", flawed(platform="myspace"), "unknown_value")
    yield Malformed("1970", flawed(event_time=1_000), "time_out_of_range")
    yield Malformed("2100", flawed(event_time=YEAR_2100_MS), "time_out_of_range")
    yield Malformed("many levels", _nested(DEEP_LEVELS), "too_deep")
    if absurd:
        yield Malformed("value of 1e30", flawed(value=10**30), "out_of_range")
        yield Malformed("value beyond what is exact", flawed(value=2**53 + 1), "out_of_range")
        yield Malformed("amount of 64 bits", flawed(amount=2**64), "out_of_range")
        yield Malformed("more followers than people", flawed(actor={"id": "a", "followers": 10**20}), "out_of_range")
        yield Malformed("room of a thousand signs", flawed(room_id="r" * 1_000), "out_of_range")
        yield Malformed("text of a hundred thousand signs", flawed(text="a" * 100_000), "out_of_range")
        yield Malformed("half a person", flawed(value=0.5), "wrong_type")
    if huge:
        yield Malformed("ten megabytes", flawed(text="🌶" * (TEN_MEGABYTES // 4)), "too_large")
        yield Malformed("a million levels", _nested(MILLION_LEVELS), "too_large")


def _nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


def _without(good: dict[str, Any], name: str) -> bytes:
    return msgspec.json.encode({key: value for key, value in good.items() if key != name})


def scattered(
    rng: random.Random, events: list[tuple[Event, int]], disorder: Disorder
) -> Iterator[tuple[Malformed, Event, int]]:
    """`malformed_rounds` times every kind, each beside a good event of a key of its own, at that event's arrival.

    The huge ones come in the first round only: they are as heavy as all other records together.
    """
    for number in range(disorder.malformed_rounds):
        huge = disorder.huge_records and number == 0
        for record in malformed(rng.choice(events)[0], number, huge, disorder.absurd_numbers):
            event, arrives_ms = rng.choice(events)
            yield record, event, arrives_ms
