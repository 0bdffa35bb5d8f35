"""What Redis knows of the alerts that messages are about, read when a message is written, and whom it was told.

    <namespace>:told   sorted set: fingerprint → when somebody was told of the alert last, in milliseconds;
                       `over:` and fingerprint → when somebody was told that it is over

A message does not wait for a Redis that hangs: then it is written from what Alertmanager has.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from streams.alerts.alert import Alert
from streams.alerts.reader import AlertReader
from streams.control.decisions import Decisions, Silence
from streams.errors import Unavailable
from streams.ledger.reader import answers
from streams.notification.sentences import KnownAlert

LOG = logging.getLogger(__name__)
WAIT_SECONDS = 1.0
TOLD_MS = 7 * 86_400_000
OVER = "over:"
BEGINNINGS = ("", OVER)
"""Since when it is recorded who is told of alerts, and of their ends: that never grows old."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class Told:
    """Fingerprints of which somebody was told that the alert fires, and that it is over."""

    of: frozenset[str] = frozenset()
    over: frozenset[str] = frozenset()


class AlertRecords:
    """Over a synchronous Redis client that returns bytes, asked from threads of the event loop."""

    def __init__(self, client: Any, namespace: str) -> None:
        self._client = client
        self._alerts = AlertReader(client, namespace)
        self._decisions = Decisions(client, namespace)
        self._told = f"{namespace}:told"

    async def known(self, fingerprints: Sequence[str]) -> Mapping[str, KnownAlert]:
        """Those of these alerts that are kept, with the decision in force; none where Redis does not answer."""
        try:
            return await _in_time(lambda: self._known(fingerprints))
        except (Unavailable, TimeoutError) as error:
            LOG.warning("messages have the words of Alertmanager alone: %s", error or "Redis does not answer in time")
            return {}

    async def mark_told(self, fingerprints: Sequence[str], over: Sequence[str], now_ms: int) -> None:
        """Remember that somebody has a message about these alerts, and which of them it says are over. A Redis that
        does not answer is no error: then it is told once more."""
        if fingerprints:
            try:
                await _in_time(lambda: self._mark_told([*fingerprints, *(OVER + name for name in over)], now_ms))
            except (Unavailable, TimeoutError):
                LOG.warning("Redis does not take that %d alerts were told", len(fingerprints))

    def firing(self) -> list[Alert]:
        """The alerts that people are told of. Blocks; raises Unavailable."""
        return self._decisions.alarming(self._alerts.active())

    def resolved(self) -> list[Alert]:
        """The last that resolved. Blocks; raises Unavailable."""
        return self._alerts.resolved()

    def silences(self, fingerprints: Sequence[str], now_ms: int) -> Mapping[str, Silence]:
        """The silences that acknowledgements asked for. Blocks; raises Unavailable."""
        return self._decisions.silences(fingerprints, now_ms)

    def ended(self, fingerprints: Sequence[str]) -> set[str]:
        """Those of these alerts that were called false alarms. Blocks; raises Unavailable."""
        standing = self._decisions.standing(fingerprints)
        return {name for name, decision in standing.items() if decision.verdict == "false_alarm"}

    def told(self, fingerprints: Sequence[str]) -> Told | None:
        """Which of these alerts somebody was told of; None where this was never recorded before."""
        names = ["", *fingerprints]
        scores = answers(self._client, [("ZSCORE", self._told, kind + name) for kind in BEGINNINGS for name in names])
        begun, *told = scores[: len(names)]
        ends_begun, *over = scores[len(names) :]
        if begun is None or ends_begun is None:
            return None
        return Told(
            frozenset(name for name, score in zip(fingerprints, told, strict=True) if score is not None),
            frozenset(name for name, score in zip(fingerprints, over, strict=True) if score is not None),
        )

    def begin_telling(self, fingerprints: Sequence[str], now_ms: int) -> None:
        """Record that these need not be told: they were over before anybody kept count."""
        names = ["", *fingerprints]
        self._mark_told([kind + name for kind in BEGINNINGS for name in names], now_ms)

    def _known(self, fingerprints: Sequence[str]) -> dict[str, KnownAlert]:
        alerts = self._alerts.find(fingerprints)
        standing = self._decisions.standing(list(alerts))
        return {name: KnownAlert(alert, standing.get(name)) for name, alert in alerts.items()}

    def _mark_told(self, fingerprints: Sequence[str], now_ms: int) -> None:
        scored = [part for name in fingerprints for part in ("+inf" if name in BEGINNINGS else now_ms, name)]
        answers(
            self._client,
            [
                ("ZADD", self._told, *scored),
                ("ZREMRANGEBYSCORE", self._told, "-inf", now_ms - TOLD_MS),
            ],
        )


async def _in_time(ask: Callable[[], Result]) -> Result:
    async with asyncio.timeout(WAIT_SECONDS):
        return await asyncio.to_thread(ask)
