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

CARRIED_BYTES = 131_072
"""A record up to this size is carried whole, to be redriven: more than the longest text that the schema allows."""
TRUNCATED_BYTES = 4_096
"""Bytes kept of a larger one: a thousand records of a megabyte must not become a gigabyte of dead letters."""
SENT_AT_ONCE = 500


class DeadLetterTopicSink:
    """Writes dead letters to Kafka; connects with the first one. One event loop."""

    def __init__(self, kafka: KafkaConnection, topic: str = DEAD_LETTERS, *, max_bytes: int = MAX_RECORD_BYTES) -> None:
        self._connection = LazyProducer(kafka, topic, max_request_size=max_bytes)

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        if not letters:
            return
        try:
            producer = await self._connection.producer()
            for start in range(0, len(letters), SENT_AT_ONCE):
                await asyncio.gather(*(self._send(producer, one) for one in letters[start : start + SENT_AT_ONCE]))
        except (KafkaError, OSError) as error:
            raise Unavailable(f"Kafka does not take dead letters: {error!r}") from error

    async def close(self) -> None:
        """Let go of the connection."""
        await self._connection.close()

    async def _send(self, producer: AIOKafkaProducer, letter: DeadLetter) -> None:
        whole = letter.value is None or len(letter.value) <= CARRIED_BYTES
        if whole:
            try:
                await _write(producer, self._connection.topic, letter)
            except MessageSizeTooLargeError:
                whole = False
        if not whole:
            await _write(producer, self._connection.topic, _cut(letter))


async def _write(producer: AIOKafkaProducer, topic: str, letter: DeadLetter) -> None:
    await producer.send_and_wait(topic, letter.value, key=letter.key, headers=letter.headers)


def _cut(letter: DeadLetter) -> DeadLetter:
    value = letter.value or b""
    return replace(letter, value=value[:TRUNCATED_BYTES], truncated=True, size_bytes=len(value))
