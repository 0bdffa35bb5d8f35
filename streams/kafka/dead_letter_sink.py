"""The dead-letter sink on Kafka."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from aiokafka.errors import KafkaError, OutOfOrderSequenceNumber, UnknownTopicOrPartitionError

from streams.errors import PulsewatchError, Unavailable, UsageError
from streams.events.dead_letters import DeadLetter
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import FORBIDDEN, TOO_LARGE, LazyProducer
from streams.topology import DEAD_LETTERS, MAX_RECORD_BYTES

CARRIED_BYTES = 131_072
"""A record up to this size is carried whole, to be redriven: more than the longest text that the schema allows."""
TRUNCATED_BYTES = 4_096
"""Bytes kept of a larger one: a thousand records of a megabyte must not become a gigabyte of dead letters."""
SENT_AT_ONCE = 500

log = logging.getLogger(__name__)


class DeadLetterTopicSink:
    """Writes dead letters to Kafka; connects with the first one. One event loop.

    A letter that Kafka does not take for its size goes out with less and less of its record, and at last not at all,
    with a line and a call of `on_dropped`: the record itself is still where it came from. `send` raises Unavailable
    where waiting may help, and UsageError where the topic is missing or forbidden.
    """

    def __init__(
        self,
        kafka: KafkaConnection,
        topic: str = DEAD_LETTERS,
        *,
        on_dropped: Callable[[], None] = lambda: None,
        max_bytes: int = MAX_RECORD_BYTES,
    ) -> None:
        self._connection = LazyProducer(kafka, topic, max_request_size=max_bytes)
        self._on_dropped = on_dropped
        self._told_of_dropped = False

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        try:
            for start in range(0, len(letters), SENT_AT_ONCE):
                together = letters[start : start + SENT_AT_ONCE]
                if not await self._take_together(together):
                    for letter in together:
                        await self._send_or_cut(letter)
        except (KafkaError, OSError) as error:
            if isinstance(error, OutOfOrderSequenceNumber):  # behind a batch that the broker refused
                await self._connection.close()
            raise self._failure(error) from error

    async def close(self) -> None:
        """Let go of the connection."""
        await self._connection.close()

    async def _take_together(self, letters: Sequence[DeadLetter]) -> bool:
        """Whether Kafka takes all of them, sent side by side. Readers keep the first of those that come twice."""
        producer, topic = await self._connection.producer(), self._connection.topic
        firsts = [next(_forms(letter)) for letter in letters]
        sends = (producer.send_and_wait(topic, one.value, key=one.key, headers=one.headers) for one in firsts)
        answers = await asyncio.gather(*sends, return_exceptions=True)
        errors = [answer for answer in answers if isinstance(answer, BaseException)]
        if any(isinstance(error, TOO_LARGE) for error in errors):
            await self._connection.close()
            return False
        for error in errors:
            raise error
        return True

    async def _send_or_cut(self, letter: DeadLetter) -> None:
        for form in _forms(letter):
            if await self._takes(form):
                return
        self._on_dropped()
        if not self._told_of_dropped:
            self._told_of_dropped = True
            log.error(
                "%s: Kafka does not even take a dead letter without its record (that of %s, %s); such are dropped and"
                " counted from now on. Raise the topic's max.message.bytes",
                self._connection.topic,
                letter.origin,
                letter.reason,
            )

    async def _takes(self, letter: DeadLetter) -> bool:
        """Whether Kafka takes a letter; after a refusal the producer is made anew (`TopicPublisher`)."""
        producer = await self._connection.producer()
        try:
            await producer.send_and_wait(self._connection.topic, letter.value, key=letter.key, headers=letter.headers)
        except TOO_LARGE:
            await self._connection.close()
            return False
        return True

    def _failure(self, error: Exception) -> PulsewatchError:
        topic = self._connection.topic
        if isinstance(error, FORBIDDEN):
            return UsageError(f"Kafka does not let this process write dead letters: it needs Write on {topic}")
        if isinstance(error, UnknownTopicOrPartitionError):
            return UsageError(f"Kafka has no topic {topic}, where dead letters go")
        return Unavailable(f"Kafka does not take dead letters: {error!r}")


def _forms(letter: DeadLetter) -> Iterator[DeadLetter]:
    """The letter, then with less of its record, then with none of it."""
    value = letter.value or b""
    if len(value) <= CARRIED_BYTES:
        yield letter
    for kept in (TRUNCATED_BYTES, 0):
        if len(value) > kept:
            yield replace(letter, value=value[:kept], truncated=True, size_bytes=len(value))
