"""The same counters with a confluent-kafka `consume()` loop and a Redis pipeline a poll."""

import msgspec
from confluent_kafka import Consumer
from redis import Redis

from streams.events.schema import Event
from tests.bench.peers.bare_confluent import CONSUME_MESSAGES, configuration
from tests.bench.peers.counters import Counters
from tests.bench.peers.task import Tally, Task, task


def run(given: Task) -> None:
    tally, counters, redis = Tally(given), Counters(), Redis.from_url(given.redis)
    decode = msgspec.json.Decoder(Event).decode
    consumer = Consumer(configuration(given))
    consumer.subscribe([given.topic], on_assign=lambda *_: tally.start())
    done = False
    while not done:
        messages = [one for one in consumer.consume(CONSUME_MESSAGES, timeout=1.0) if one.error() is None]
        for message in messages:
            counters.add(decode(message.value() or b""))
        counters.flush(redis, given.namespace)
        done = tally.add(0, len(messages), 0)
    consumer.close()


if __name__ == "__main__":
    run(task())
