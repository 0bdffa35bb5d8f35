"""The same counters with Quix Streams: a batching sink, written at each of its checkpoints."""

import os
import tempfile

import msgspec
from quixstreams import Application
from quixstreams.sinks import BatchingSink, SinkBatch
from redis import Redis

from streams.events.schema import Event
from tests.bench.peers.bare_confluent import CONSUME_MESSAGES
from tests.bench.peers.counters import Counters
from tests.bench.peers.task import Tally, Task, task


class Counted(BatchingSink):  # type: ignore[misc] # quixstreams is not typed
    """Counts a checkpoint's events and writes them in one pipeline."""

    def __init__(self, given: Task) -> None:
        super().__init__()
        self._given = given
        self._redis = Redis.from_url(given.redis)
        self._counters, self._tally = Counters(), Tally(given)
        self._decode = msgspec.json.Decoder(Event).decode

    def setup(self) -> None:
        self._tally.start()

    def write(self, batch: SinkBatch) -> None:
        for item in batch:
            self._counters.add(self._decode(item.value))
        self._counters.flush(self._redis, self._given.namespace)
        if self._tally.add(batch.partition, batch.size, 0):
            # Its own end would wait for a timeout; what is measured is stored.
            os._exit(0)


def run(given: Task) -> None:
    app = Application(
        given.kafka,
        consumer_group=given.group,
        auto_offset_reset="earliest",
        commit_every=CONSUME_MESSAGES,
        state_dir=tempfile.mkdtemp(),
        loglevel="ERROR",
    )
    topic = app.topic(given.topic, key_deserializer="bytes", value_deserializer="bytes")
    app.dataframe(topic).sink(Counted(given))
    app.run()


if __name__ == "__main__":
    run(task())
