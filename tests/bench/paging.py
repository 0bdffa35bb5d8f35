"""From an event to the page: a host breaks a rule, and on-call staff are told, by the whole stack as it is shipped.

    event ── Kafka ── scoring ── detection ── Redis ── exporter ◄─ scrape ── rules ── Alertmanager ── relay ── receiver
    sent_at                          alerted                                                                  paged_at

Every breach is in a room of its own. What is critical pages on-call at once, and a desk beside it; a warning waits for
a desk's minute, in which it might be joined by others of its room (deploy/alertmanager/alertmanager.yml).
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from deploy.demo.outcome import timed_alerts
from deploy.local.http import get_json
from deploy.local.process import signals_unwind
from deploy.local.stack import Stack
from streams.clock import system_clock
from streams.errors import Unavailable
from streams.events.schema import Actor, Event
from streams.ingest.player import ReplayProducer, TimedRecord
from streams.kafka.connection import KafkaConnection
from streams.settings import Settings
from streams.topology import LIVE

CLAIMS = (
    ("用三天就能根治湿疹，不用再吃药了", True),
    ("这是全网第一，史上最低价，没有之一", False),
    ("收货人李先生，手机15012345678，地址改好了", True),
)
"""A medical claim and a telephone number, which page on-call staff; between them a superlative, which warns a desk."""
BRANDS = 12
MAX_GAP_SECONDS = 2.0
PATIENCE_SECONDS = 150.0
ON_CALL = "on-call"
GOAL_SECONDS = 10.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Paged:
    """One breach's way, in seconds since it was sent."""

    alerted: float
    """Until the alert stood in the topic `alerts`."""
    paged: float
    """Until it was told whom it is for: on-call staff what is critical, a desk what is not."""
    urgent: bool


def run_paging(pages: int, seed: int, say: Say) -> dict[str, Any]:
    """Measure so many pages. Raises Unavailable where one does not arrive."""
    with (
        tempfile.TemporaryDirectory(prefix="pulsewatch-paging-") as folder,
        signals_unwind(),
        Stack(Path(folder), Settings(), on_progress=say) as stack,
    ):
        sent = _breach(stack, pages, random.Random(seed), say)
        received = _received(stack, {room: urgent for room, (_, urgent) in sent.items()}, say)
        # From the last to the first, so that the first of a room is what stays.
        alerted = {
            str(alert.room_id): at_ms / 1000
            for alert, at_ms in reversed(timed_alerts(KafkaConnection(stack.settings.kafka)))
        }
    ways = [Paged(alerted[room] - at, received[room] - at, urgent) for room, (at, urgent) in sent.items()]
    urgent = [way for way in ways if way.urgent]
    return {
        "pages": len(ways),
        "on_call": len(urgent),
        "event_to_alert_seconds": _spread([way.alerted for way in ways]),
        "alert_to_on_call_seconds": _spread([way.paged - way.alerted for way in urgent]),
        "event_to_on_call_seconds": _spread([way.paged for way in urgent]),
        "event_to_desk_seconds": _spread([way.paged for way in ways if not way.urgent]),
        "goal_p95_seconds": GOAL_SECONDS,
    }


def _breach(stack: Stack, pages: int, dice: random.Random, say: Say) -> Mapping[str, tuple[float, bool]]:
    """When each room's breach was sent, in seconds since the epoch, and whether it pages on-call."""
    sent: dict[str, tuple[float, bool]] = {}
    with closing(ReplayProducer(KafkaConnection(stack.settings.kafka))) as sink:
        for number in range(pages):
            time.sleep(dice.uniform(0.05, MAX_GAP_SECONDS))
            stack.restart_dead()
            text, urgent = CLAIMS[number % len(CLAIMS)]
            event = _speech(number, text, dice)
            sent[str(event.room_id)] = event.event_time_ms / 1000, urgent
            key = str(event.room_id).encode()
            sink.send(TimedRecord(LIVE, key, msgspec.json.encode(event), event.event_time_ms))
            sink.flush()
            if (number + 1) % 10 == 0:
                say(f"{number + 1} of {pages} breaches sent")
    return sent


def _speech(number: int, text: str, dice: random.Random) -> Event:
    now_ms = system_clock()
    return Event(
        event_id=f"paging-{number}", source="paging", platform="douyin", kind="speech",
        brand_id=f"brand-{dice.randrange(BRANDS)}", event_time_ms=now_ms, ingest_time_ms=now_ms,
        actor=Actor("host", official=True), room_id=f"room-{number}", session_id=f"session-{number}",
        subject_id=f"caption-{number}", text=text, lang="zh",
    )  # fmt: skip


def _received(stack: Stack, urgent: Mapping[str, bool], say: Say) -> Mapping[str, float]:
    """When each room's page arrived where it is meant to."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = first_pages(get_json(stack.addresses.pages), urgent)
        if found.keys() == urgent.keys():
            return found
        if time.monotonic() > deadline:
            raise Unavailable(f"{len(urgent.keys() - found.keys())} of {len(urgent)} pages did not arrive")
        say(f"{len(found)} of {len(urgent)} pages arrived")
        time.sleep(1)


def first_pages(pages: Iterable[Mapping[str, Any]], urgent: Mapping[str, bool]) -> Mapping[str, float]:
    """When each room's first page arrived, in seconds since the epoch: of what is urgent at on-call."""
    found: dict[str, float] = {}
    for page in pages:
        room = page["labels"].get("room")
        if page["status"] == "firing" and room in urgent and (page["receiver"] == ON_CALL) == urgent[room]:
            found.setdefault(room, datetime.fromisoformat(page["received_at"]).timestamp())
    return found


def _spread(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=20, method="inclusive")
    return {"p50": round(statistics.median(seconds), 2), "p95": round(cuts[-1], 2), "max": round(max(seconds), 2)}


def shown(outcome: Mapping[str, Any]) -> Iterator[str]:
    """As lines."""
    title = f"{outcome['pages']} pages, in seconds"
    yield f"{title:24} {'p50':>6} {'p95':>6} {'max':>6}   ({outcome['on_call']} to on-call)"
    for name in ("event_to_alert", "alert_to_on_call", "event_to_on_call", "event_to_desk"):
        spread = outcome[f"{name}_seconds"]
        yield f"{name.replace('_', ' '):24} {spread['p50']:6.2f} {spread['p95']:6.2f} {spread['max']:6.2f}"
