"""What becomes of dead letters that Kafka does not take."""

from dataclasses import dataclass
from typing import Any, cast

import pytest
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaConnectionError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from streams.errors import Unavailable, UsageError
from streams.events.dead_letters import DeadLetter
from streams.events.schema import Coordinates
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letter_sink import DeadLetterTopicSink

LETTER = DeadLetter(Coordinates("live.events", 3, 17), "bad_json", "", "engagement", b"{")


@dataclass
class RefusingKafka:
    """A connection whose producers fail with one error."""

    error: Exception

    def at_broker(self, topic: str) -> str:
        return topic

    def async_producer(self, **_options: Any) -> "RefusingKafka":
        return self

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def send_and_wait(self, *_arguments: Any, **_options: Any) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "raised", "words"),
    [
        (TopicAuthorizationFailedError("dead.letters"), UsageError, "needs Write on dead.letters"),
        (ClusterAuthorizationFailedError(), UsageError, "needs Write on dead.letters"),
        (UnknownTopicOrPartitionError(), UsageError, "no topic dead.letters"),
        (KafkaConnectionError(), Unavailable, "does not take dead letters"),
        (OSError(), Unavailable, "does not take dead letters"),
    ],
)
async def test_refusal_that_waiting_does_not_mend_is_told_apart(
    error: Exception, raised: type[Exception], words: str
) -> None:
    sink = DeadLetterTopicSink(cast(KafkaConnection, RefusingKafka(error)))
    with pytest.raises(raised, match=words):
        await sink.send([LETTER])
    await sink.send([])
