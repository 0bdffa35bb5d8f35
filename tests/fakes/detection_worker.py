"""A detection handler with all that outlives it, and an alerts topic in memory that can die."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from streams.alerts.alert import Alert
from streams.detection.config import DetectionConfig
from streams.detection.handler import DetectionHandler
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.ledger.memory import MemoryLedger
from tests.builders.records import CONFIG


class Died(Exception):
    """The worker's end, in the middle of something."""


@dataclass
class MemoryAlerts:
    """The alerts topic; dies instead of the calls that are named, before or after writing."""

    written: list[tuple[str, bytes]] = field(default_factory=list)
    dies_before: int | None = None
    dies_after: int | None = None
    calls: int = 0

    async def publish(self, records: Sequence[tuple[str, bytes]]) -> None:
        self.calls += 1
        if self.calls == self.dies_before:
            raise Died
        self.written += records
        if self.calls == self.dies_after:
            raise Died

    def alerts(self) -> list[Alert]:
        """What consumers of the topic saw, repeats left out."""
        return [msgspec.json.decode(value, type=Alert) for value in dict.fromkeys(value for _, value in self.written)]


@dataclass
class Worker:
    """A handler with all that outlives it."""

    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    publisher: MemoryAlerts = field(default_factory=MemoryAlerts)
    dead_letters: MemoryDeadLetterSink = field(default_factory=MemoryDeadLetterSink)
    config: DetectionConfig = CONFIG

    def start(self) -> DetectionHandler:
        return DetectionHandler(self.ledger, self.publisher, self.dead_letters, self.config)
