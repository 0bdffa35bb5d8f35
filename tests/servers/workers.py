"""Workers in this process on the real broker, and producers for them."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer

from streams.settings import Settings
from streams.topology import MAX_RECORD_BYTES
from streams.transport.worker import Worker
from tests.fakes.transport import Recorder
from tests.servers.waiting import DEADLINE_SECONDS


@asynccontextmanager
async def running(handler: Recorder, kafka: str, instance: str | None = None) -> AsyncIterator["asyncio.Task[int]"]:
    """A worker that is told to stop at the end; the task's result is its exit code."""
    async with running_with(handler, Settings(kafka=kafka, instance=instance)) as task:
        yield task


@asynccontextmanager
async def running_with(handler: Recorder, settings: Settings) -> AsyncIterator["asyncio.Task[int]"]:
    """The same, with settings of one's own."""
    worker = Worker(handler, settings)
    task = asyncio.create_task(worker.run())
    try:
        yield task
    finally:
        worker.stop()
        await asyncio.wait_for(task, DEADLINE_SECONDS)


@asynccontextmanager
async def producing(kafka: str, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, max_request_size=MAX_RECORD_BYTES, **options)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def produce(kafka: str, topic: str, values: Iterable[bytes], partition: int = 0, **options: Any) -> None:
    """Write values to one partition and wait until the broker has them."""
    async with producing(kafka, **options) as producer:
        sent = [await producer.send(topic, value, partition=partition) for value in values]
        await asyncio.gather(*sent)
