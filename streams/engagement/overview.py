"""All rooms, products, brands or platforms of a window at once, for boards: two round trips, however many there are.

`EngagementReader` answers for one id with everything; here everything of a minute is read, whoever it belongs to.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from streams.clock import MINUTE_MS
from streams.engagement.buckets import decode_totals
from streams.engagement.deltas import SlotSums
from streams.engagement.dictionary import LAST_AT_SLOT, LAST_SLOT, SLOTS, SUMS, Scope, SumMetric
from streams.engagement.partition import CLOCK, WATERMARK
from streams.engagement.scopes import SCOPE_CODES, minute_bucket
from streams.ledger.reader import answers, partitions
from streams.ledger.redis import key_prefix
from streams.topology import ENGAGEMENT


@dataclass(frozen=True, slots=True)
class ScopeTotals:
    """One id's sums over the window, and the latest number of concurrent viewers, None where no feed told it."""

    sums: Mapping[SumMetric, int]
    viewers_now: int | None


class Overview:
    """Over a synchronous Redis client that returns bytes. Every call raises Unavailable where Redis does not answer."""

    def __init__(self, client: Any, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    def newest_event_ms(self) -> dict[str, int]:
        """Event time of the newest event of each topic that was read from."""
        held = partitions(self._client, self._namespace, ENGAGEMENT)
        marks = answers(self._client, (("HGET", self._prefix(*where) + CLOCK, WATERMARK) for where in held))
        newest: dict[str, int] = {}
        for (topic, _), mark in zip(held, marks, strict=True):
            if mark is not None:
                newest[topic] = max(newest.get(topic, 0), int(mark))
        return newest

    def lines(self, scope: Scope, minutes: int, at_ms: int) -> dict[str, ScopeTotals]:
        """Every id with an event in the last `minutes` minutes of event time, the one of `at_ms` included."""
        held = partitions(self._client, self._namespace, ENGAGEMENT)
        last = at_ms // MINUTE_MS
        buckets = [minute_bucket(minute) for minute in range(last - minutes + 1, last + 1)]
        keys = [self._prefix(*where) + bucket for where in held for bucket in buckets]
        letter = f"{SCOPE_CODES[scope]}:".encode()
        found: dict[str, list[SlotSums]] = defaultdict(list)
        for fields in answers(self._client, (("HGETALL", key) for key in keys)):
            for field, totals in fields.items():
                if field.startswith(letter):
                    found[field[len(letter) :].decode()].append(decode_totals(totals))
        return {scope_id: _line(totals) for scope_id, totals in found.items()}

    def _prefix(self, topic: str, partition: int) -> str:
        return key_prefix(self._namespace, ENGAGEMENT, topic, partition)


def _line(totals: list[SlotSums]) -> ScopeTotals:
    gauged = [slots for slots in totals if LAST_AT_SLOT in slots]
    latest = max(gauged, key=lambda slots: slots[LAST_AT_SLOT], default=None)
    sums = {name: sum(slots.get(SLOTS[name], 0) for slots in totals) for name in SUMS}
    return ScopeTotals(sums, latest[LAST_SLOT] if latest else None)
