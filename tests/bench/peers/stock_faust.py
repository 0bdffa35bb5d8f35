"""A stock Faust agent, one event at a time, with nothing of ours in it."""

import asyncio
import tempfile
from collections.abc import AsyncIterable
from typing import Any

import faust
import msgspec

from streams.events.schema import Event
from tests.bench.peers.task import Tally, Task, task


async def run(given: Task) -> None:
    tally, over = Tally(given), asyncio.Event()
    decode = msgspec.json.Decoder(Event).decode
    app = faust.App(
        given.group,
        broker=f"kafka://{given.kafka}",
        web_enabled=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        datadir=tempfile.mkdtemp(),
    )

    async def count(stream: AsyncIterable[Any]) -> None:
        tally.start()
        async for event in stream.events():  # type: ignore[attr-defined] # Faust's own StreamT lacks it
            if tally.add(event.message.partition, 1, decode(event.value).value):
                over.set()

    app.agent(app.topic(given.topic, key_serializer="raw", value_serializer="raw"))(count)
    await app.start()
    await over.wait()
    await app.stop()


if __name__ == "__main__":
    asyncio.run(run(task()))
