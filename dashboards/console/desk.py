"""All that views read, behind one connection to Redis; not for two threads at once."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from dashboards.console.keeper import CampaignRecorder
from dashboards.console.throughput import Throughput
from dashboards.console.topic_follower import TopicFollower
from dashboards.snapshot import EventPresent
from streams.alerts.reader import AlertReader
from streams.clock import Clock, system_clock
from streams.control.campaigns import Campaigns
from streams.control.decisions import Decisions
from streams.detection.views.reader import ViewReader
from streams.engagement.overview import Overview
from streams.engagement.reader import EngagementReader
from streams.kafka.bounds import Offsets
from streams.ledger.connect import reader_client
from streams.ledger.reader import stored_by_stage
from streams.settings import Settings


class Desk:
    """The readers of the stack that the settings name. Every read may raise Unavailable."""

    def __init__(self, settings: Settings, kafka: TopicFollower, clock: Clock = system_clock) -> None:
        self._client = reader_client(settings)
        self._namespace = settings.namespace
        self._events = EventPresent()
        self._quiet_since_ms: int | None = None
        self.clock = clock
        self.kafka = kafka
        self.rates = Throughput()
        self.engagement = EngagementReader(self._client, settings.namespace)
        self.overview = Overview(self._client, settings.namespace)
        self.detection = AlertReader(self._client, settings.namespace)
        self.talk = ViewReader(self._client, settings.namespace)
        self.decisions = Decisions(self._client, settings.namespace)
        self.campaigns = Campaigns(self._client, settings.namespace)
        self.keeper = CampaignRecorder(self.campaigns, self.engagement, self.talk)

    def present_ms(self) -> int:
        """The events' present (dashboards.snapshot.EventClock); 0 where no event was ever counted."""
        newest_ms = max(self.overview.newest_event_ms().values(), default=0)
        if not newest_ms:
            return 0
        if self._events.newest_ms and newest_ms > self._events.newest_ms:
            self._quiet_since_ms = self.clock()
        return self._events.present_ms(newest_ms, self.clock())

    def quiet_ms(self) -> int:
        """How long no newer event was counted: since this process saw one, or else since the newest happened. So a
        replay of last year's stream is not quiet while it comes, and a feed that was cut is, whoever looks first."""
        newest_ms = max(self.overview.newest_event_ms().values(), default=0)
        return max(0, self.clock() - (self._quiet_since_ms or newest_ms)) if newest_ms else 0

    def offsets(self) -> Mapping[str, Offsets]:
        """streams.ledger.reader.stored_by_stage of this stack."""
        return stored_by_stage(self._client, self._namespace)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
