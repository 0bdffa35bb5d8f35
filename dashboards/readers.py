"""The readers put together, from settings, with connections of their own."""

from types import TracebackType
from typing import Self

from dashboards.snapshot import SnapshotReader
from streams.alerts.reader import AlertReader
from streams.clock import system_clock
from streams.engagement.overview import Overview
from streams.engagement.reader import EngagementReader
from streams.kafka.bounds import LogBounds
from streams.kafka.connection import KafkaConnection
from streams.ledger.connect import reader_client
from streams.ledger.reader import stored_by_stage
from streams.settings import Settings


class Readers:
    """The stack that the settings name. Connects when it is first asked, and again after an outage."""

    def __init__(self, settings: Settings) -> None:
        self._client = reader_client(settings)
        self._log = LogBounds(KafkaConnection.of(settings))
        self.counters = EngagementReader(self._client, settings.namespace)
        """Everything about one id."""
        self.detections = AlertReader(self._client, settings.namespace)
        """Alerts that run and that ran."""
        self.figures = SnapshotReader(
            rooms=Overview(self._client, settings.namespace),
            detections=self.detections,
            offsets=lambda: stored_by_stage(self._client, settings.namespace),
            log=self._log,
            clock=system_clock,
        )
        """What boards show, read at once."""

    def close(self) -> None:
        """Let go of the connections."""
        self._log.close()
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
