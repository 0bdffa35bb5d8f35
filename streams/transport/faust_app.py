"""The Faust app of a stage: one agent over its topics, whose messages are batches, handed on to the lanes."""

from collections.abc import Callable
from typing import Any

import faust
from faust.tables import TableManager

from streams.kafka.connection import KafkaConnection
from streams.settings import Settings
from streams.transport.consumer import BatchTransport
from streams.transport.handler import BatchHandler
from streams.transport.lanes import Lanes
from streams.transport.outage import Outage


class NoTables(TableManager):
    """Faust waits a second for tables to be declared, at every start; there are none."""

    async def on_start(self) -> None:
        """Called at the app's start."""
        await self._update_channels()
        await self.recovery.start()


class FaustApp(faust.App):
    """Faust with the batch transport: no web server, no tables, no producer, no leader."""

    def __init__(
        self,
        handler: BatchHandler[Any],
        settings: Settings,
        lanes: Lanes,
        outage: Outage,
        failed: Callable[[Exception], None],
    ) -> None:
        self.handler = handler
        self.lanes = lanes
        self.outage = outage
        self.failed = failed
        """Called with the reason when nothing can be fetched any more."""
        self.kafka = KafkaConnection.of(settings)
        broker = self.kafka.brokers()
        super().__init__(
            self.kafka.at_broker(f"pulsewatch-{handler.stage}"),  # the consumer group
            broker=broker,
            web_enabled=False,
            TableManager=NoTables,
            topic_disable_leader=True,
            topic_allow_declare=False,
            stream_wait_empty=False,
            consumer_group_instance_id=settings.instance,
            # The lanes bound what is on its way; this queue must never be what waits.
            stream_buffer_maxsize=1_000_000,
        )
        self.boot_strategy.enable_kafka_producer = False
        self.transport = BatchTransport(broker, self, loop=None)
        topics = self.topic(*map(self.kafka.at_broker, handler.topics), key_serializer="raw", value_serializer="raw")
        self.agent(topics, name=handler.stage)(self._deliver)

    async def _deliver(self, stream: Any) -> None:
        async for event in stream.noack().events():
            self.lanes.deliver(event.value)

    async def on_first_start(self) -> None:
        """Faust makes a folder for its tables here; there are none."""
