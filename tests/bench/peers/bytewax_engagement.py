"""The same counters with Bytewax: its Kafka source, and a sink that writes a pipeline for each batch it gets."""

import bytewax.operators as op
import msgspec
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main
from redis import Redis

from streams.events.schema import Event
from tests.bench.peers.bare_confluent import CONSUME_MESSAGES
from tests.bench.peers.counters import Counters
from tests.bench.peers.task import Tally, Task, task


class Counted(StatelessSinkPartition):  # type: ignore[misc] # bytewax is not typed
    """Counts a batch's events and writes them in one pipeline."""

    def __init__(self, given: Task) -> None:
        self._given = given
        self._redis = Redis.from_url(given.redis)
        self._counters, self._tally = Counters(), Tally(given)
        self._decode = msgspec.json.Decoder(Event).decode
        self._tally.start()

    def write_batch(self, items: list[KafkaSourceMessage]) -> None:
        for message in items:
            self._counters.add(self._decode(message.value or b""))
        self._counters.flush(self._redis, self._given.namespace)
        self._tally.add(0, len(items), 0)


class Sink(DynamicSink):  # type: ignore[misc] # bytewax is not typed
    """One partition: the peer has one worker."""

    def __init__(self, given: Task) -> None:
        self._given = given

    def build(self, *_: object) -> Counted:
        return Counted(self._given)


def run(given: Task) -> None:
    flow = Dataflow("engagement")
    source = KafkaSource([given.kafka], [given.topic], tail=False, batch_size=CONSUME_MESSAGES)
    op.output("counted", op.input("events", flow, source), Sink(given))
    run_main(flow)


if __name__ == "__main__":
    run(task())
