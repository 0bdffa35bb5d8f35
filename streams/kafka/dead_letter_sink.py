"""The dead-letter sink on Kafka."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from streams.errors import Unavailable
from streams.events.dead_letters import DeadLetter
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import LazyProducer
from streams.topology import DEAD_LETTERS, MAX_RECORD_BYTES

TRUNCATED_BYTES = 65_536
"""Bytes kept of a record that is too large to be written again with the headers added."""


class DeadLetterTopicSink:
    """Writes dead letters to Kafka; connects with the first one. One event loop."""

    def __init__(self, kafka: KafkaConnection, topic: str = DEAD_LETTERS, *, max_bytes: int = MAX_RECORD_BYTES) -> None:
        self._topic = topic
        self._connection = LazyProducer(kafka, topic, max_request_size=max_bytes)

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        if not letters:
            return
        try:
            producer = await self._connection.producer()
            await asyncio.gather(*(self._send(producer, letter) for letter in letters))
        except (KafkaError, OSError) as error:
            raise Unavailable(f"Kafka does not take dead letters: {error!r}") from error

    async def close(self) -> None:
        """Let go of the connection."""
        await self._connection.close()

    async def _send(self, producer: AIOKafkaProducer, letter: DeadLetter) -> None:
        try:
            await producer.send_and_wait(self._topic, letter.value, key=letter.key, headers=letter.headers)
        except MessageSizeTooLargeError:
            cut = replace(letter, value=(letter.value or b"")[:TRUNCATED_BYTES], truncated=True)
            await producer.send_and_wait(self._topic, cut.value, key=cut.key, headers=cut.headers)
