"""The alerts topic on Kafka: an idempotent producer that waits for all replicas, keyed by fingerprint."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.errors import Unavailable
from streams.topics import ALERTS


class KafkaAlerts:
    """Connects with the first alert. One event loop."""

    def __init__(self, bootstrap: str, topic: str = ALERTS) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def publish(self, records: Sequence[tuple[str, bytes]]) -> None:
        try:
            producer = await self._started()
            # A key's records go into one partition's batches in the order of these calls.
            sent = [await producer.send(self._topic, value, key=key.encode()) for key, value in records]
            await asyncio.gather(*sent)
        except (KafkaError, OSError) as error:
            raise Unavailable(f"Kafka does not take alerts: {error!r}") from error

    async def close(self) -> None:
        """Let go of the connection."""
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:  # partitions call at once; a second producer's sends would never be answered
            if self._producer is None:
                self._producer = await self._connected()
            return self._producer

    async def _connected(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap, client_id="pulsewatch-alerts", acks="all", enable_idempotence=True
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer
