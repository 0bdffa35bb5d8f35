"""The topic scored.texts: an idempotent producer that waits for all replicas, keyed by brand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.errors import Unavailable
from streams.topics import SCORED


class TextPublisher(Protocol):
    """The topic of scored texts."""

    async def publish(self, records: Sequence[tuple[str, bytes]]) -> None:
        """Write (key, value) records in order; returns when Kafka has acknowledged all. Raises Unavailable.

        May be called again with records that were written before: readers know a text by its origin.
        """


class KafkaTexts:
    """Connects with the first text. One event loop."""

    def __init__(self, bootstrap: str, topic: str = SCORED) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def publish(self, records: Sequence[tuple[str, bytes]]) -> None:
        try:
            producer = await self._started()
            sent = [await producer.send(self._topic, value, key=key.encode()) for key, value in records]
            await asyncio.gather(*sent)
        except (KafkaError, OSError) as error:
            raise Unavailable(f"Kafka does not take scored texts: {error!r}") from error

    async def close(self) -> None:
        """Let go of the connection."""
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    client_id="pulsewatch-scored-texts",
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=5,
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer
