"""A bare aiokafka `getmany()` loop, with Pulsewatch's fetch sizes."""

import asyncio
from collections.abc import Iterable

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.structs import TopicPartition

from streams.events.schema import Event
from streams.transport.consumer import FETCH_BYTES
from streams.transport.handler import BATCH_BYTES
from tests.bench.peers.task import Tally, Task, task


class Started(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Starts the clock."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._tally.start()

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Keep nothing."""


async def run(given: Task) -> None:
    tally = Tally(given)
    decode = msgspec.json.Decoder(Event).decode
    consumer = AIOKafkaConsumer(
        bootstrap_servers=given.kafka,
        group_id=given.group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=BATCH_BYTES,
        fetch_max_bytes=FETCH_BYTES,
    )
    consumer.subscribe([given.topic], listener=Started(tally))
    await consumer.start()
    done = False
    while not done:
        for tp, records in (await consumer.getmany(timeout_ms=1000)).items():
            total = 0
            for record in records:
                total += decode(record.value).value
            done = tally.add(tp.partition, len(records), total) or done
    await consumer.stop()


if __name__ == "__main__":
    asyncio.run(run(task()))
