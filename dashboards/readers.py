"""All that screens read, behind one connection to Redis: the exporter, the terminal, the console and the command line
each hold one `Readers`."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from dashboards.event_present import EventPresent
from dashboards.snapshot import SnapshotReader
from streams.alerts.alert import Alert
from streams.alerts.reader import AlertReader
from streams.clock import Clock, system_clock
from streams.control.brands import BrandChanges
from streams.control.campaigns import Campaigns
from streams.control.decisions import Decisions
from streams.control.recorder import CampaignRecorder
from streams.detection.views.reader import ViewReader
from streams.engagement.reader import EngagementReader
from streams.ingest.feed_status import FeedStatus, read_statuses
from streams.kafka.bounds import LogBounds, Offsets
from streams.kafka.connection import KafkaConnection
from streams.ledger.connect import reader_client
from streams.ledger.reader import ShardDirectory, stored_by_stage
from streams.settings import Settings
from streams.topology import ENGAGEMENT


class Readers:
    """The readers of the stack that the settings name; not for two threads at once.

    Connects when it is first asked, and again after an outage. Every read may raise Unavailable, except
    `snapshots.read`, which reports a server that does not answer in what it returns.
    """

    def __init__(self, settings: Settings, clock: Clock = system_clock) -> None:
        self._client = reader_client(settings)
        self._namespace = settings.namespace
        self._log = LogBounds(KafkaConnection.of(settings))
        self._present = EventPresent()
        self._quiet_since_ms: int | None = None
        self._counted: int | None = None
        self.clock = clock
        self._directory = ShardDirectory(self._client, settings.namespace)
        self.engagement = EngagementReader(self._client, settings.namespace, self._directory)
        """The counters of one id, or of all ids at once."""
        self.alerts = AlertReader(self._client, settings.namespace, self._directory)
        """Alerts that fire and those that resolved lately."""
        self.views = ViewReader(self._client, settings.namespace, self._directory)
        """What detection writes for screens: conversations, questions, feeds, rooms."""
        self.decisions = Decisions(self._client, settings.namespace)
        self.brand_changes = BrandChanges(self._client, settings.namespace)
        self.campaigns = Campaigns(self._client, settings.namespace)
        self.recorder = CampaignRecorder(self.campaigns, self.engagement, self.views)
        self.snapshots = SnapshotReader(
            self.engagement,
            self.alerts,
            self.views,
            self.offsets,
            self._log,
            clock,
            self.at_once,
            self.decisions.standing,
        )
        """Everything that exporter and terminal show, at once."""

    def feed_statuses(self) -> list[FeedStatus]:
        """How the feeds stand that `feeds run` runs, or ran. Raises Unavailable."""
        return read_statuses(self._client, self._namespace)

    def at_once(self) -> AbstractContextManager[None]:
        """One reading: what is read within it by this thread asks for the shards once."""
        return self._directory.at_once()

    def alarming(self) -> list[Alert]:
        """The alerts that people are told of: those that fire, but for false alarms."""
        return self.decisions.alarming(self.alerts.active())

    def present_ms(self) -> int:
        """The events' present (dashboards.event_present); 0 where no event was ever counted."""
        newest_ms = self.newest_ms()
        if not newest_ms:
            return 0
        return self._present.present_ms(newest_ms, self.clock())

    def quiet_ms(self) -> int:
        """Time without another record: since this process saw the last one, or since the newest event if it saw none.
        A running replay is not quiet, whatever one of its events says of the time; a cut feed is."""
        newest_ms, counted = self.newest_ms(), sum(self.offsets().get(ENGAGEMENT, {}).values())
        if self._counted is not None and counted != self._counted:
            self._quiet_since_ms = self.clock()
        self._counted = counted
        return max(0, self.clock() - (self._quiet_since_ms or newest_ms)) if newest_ms else 0

    def offsets(self) -> Mapping[str, Offsets]:
        """The next offset that each stage's ledger expects, by stage, topic and partition."""
        return stored_by_stage(self._client, self._namespace)

    def close(self) -> None:
        """Close the connections to Redis and Kafka."""
        self._log.close()
        self._client.close()

    def newest_ms(self) -> int:
        """Event time of the newest event of all topics; 0 where there never was one."""
        return max(self.engagement.newest_event_ms().values(), default=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
