"""Reading dead.letters, and sending its records back to where they came from once what was wrong has been mended."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError

from streams.errors import Unavailable, UsageError, kafka_silent
from streams.events.dead_letters import REDRIVEN, DeadLetter, dead_letter
from streams.topology import DEAD_LETTERS, MAX_RECORD_BYTES

POLL_MS = 500
BOOTSTRAP_MS = 5_000
ANSWER_SECONDS = 30

Selection = Callable[[DeadLetter], bool]


def list_dead_letters(bootstrap: str, topic: str = DEAD_LETTERS) -> Iterator[DeadLetter]:
    """Every dead letter once, in the order of the topic's partitions; those redriven already are left out.

    Raises Unavailable where Kafka does not answer, UsageError where it has no such topic.
    """
    redriven: set[bytes] = set()
    letters: dict[bytes, DeadLetter] = {}
    for key, headers, value in _records(bootstrap, topic):
        if REDRIVEN in dict(headers):
            redriven.add(key)
        elif key not in letters:
            letters[key] = dead_letter(headers, value)
    yield from (letter for key, letter in letters.items() if key not in redriven)


def redrive(bootstrap: str, selected: Selection, topic: str = DEAD_LETTERS) -> dict[str, int]:
    """Send the selected letters' records back to their topics and partitions, and mark the letters as redriven.

    Returns `redriven` and `skipped` (a truncated record cannot be sent back). A crash in between may send a record
    twice; the stages count an event_id once.
    """
    letters = [letter for letter in list_dead_letters(bootstrap, topic) if selected(letter)]
    counts = Counter(redriven=0, skipped=0)
    try:
        with closing(_producer(bootstrap)) as producer:
            for letter in letters:
                counts["skipped" if letter.truncated else "redriven"] += 1
                if not letter.truncated:
                    _send_back(producer, letter, topic)
    except KafkaTimeoutError as error:
        raise kafka_silent(bootstrap) from error
    except KafkaError as error:
        raise Unavailable(f"Kafka at {bootstrap}: {error}") from error
    return dict(counts)


def _send_back(producer: KafkaProducer, letter: DeadLetter, topic: str) -> None:
    origin = letter.origin
    sent = producer.send(origin.topic, letter.value, partition=origin.partition)
    sent.get(timeout=ANSWER_SECONDS)
    producer.send(topic, None, key=letter.key, headers=[(REDRIVEN, b"1")]).get(timeout=ANSWER_SECONDS)


def _producer(bootstrap: str) -> KafkaProducer:
    return KafkaProducer(bootstrap_servers=bootstrap, acks="all", max_request_size=MAX_RECORD_BYTES)


def _records(bootstrap: str, topic: str) -> Iterator[tuple[bytes, list[tuple[str, bytes]], bytes | None]]:
    """From the beginning to what is the end now."""
    try:
        with closing(
            KafkaConsumer(bootstrap_servers=bootstrap, bootstrap_timeout_ms=BOOTSTRAP_MS, group_id=None)
        ) as consumer:
            partitions = [
                TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())
            ]
            if not partitions:
                raise UsageError(f"Kafka at {bootstrap} has no topic {topic}: `pulsewatch topics create` makes it")
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            ends = consumer.end_offsets(partitions)
            while any(consumer.position(partition) < ends[partition] for partition in partitions):
                for partition, records in consumer.poll(POLL_MS).items():
                    before_end = (record for record in records if record.offset < ends[partition])
                    yield from ((record.key or b"", list(record.headers), record.value) for record in before_end)
    except KafkaTimeoutError as error:
        raise kafka_silent(bootstrap) from error
    except KafkaError as error:
        raise Unavailable(f"Kafka at {bootstrap}: {error}") from error
