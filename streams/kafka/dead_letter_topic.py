"""Listing dead.letters, and sending its records back to their topics once the cause has been mended."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from kafka.errors import KafkaError, KafkaTimeoutError

from streams.errors import Unavailable
from streams.events.dead_letters import REDRIVEN, DeadLetter, dead_letter
from streams.kafka.connection import KafkaConnection
from streams.kafka.reading import read_topic
from streams.topology import DEAD_LETTERS, MAX_RECORD_BYTES

log = logging.getLogger(__name__)

ANSWER_SECONDS = 30

Selection = Callable[[DeadLetter], bool]


def list_dead_letters(kafka: KafkaConnection, topic: str = DEAD_LETTERS) -> Iterator[DeadLetter]:
    """Every dead letter once, in the order of the topic's partitions; redriven ones are left out. A record that is no
    dead letter, which another program wrote, is skipped, and their number logged.

    Raises Unavailable where Kafka does not answer, UsageError where it has no such topic.
    """
    redriven: set[bytes] = set()
    letters: dict[bytes, DeadLetter] = {}
    strange = 0
    for record in read_topic(kafka, topic):
        key, headers = record.key or b"", list(record.headers)
        if REDRIVEN in dict(headers):
            redriven.add(key)
        elif key not in letters:
            try:
                letters[key] = dead_letter(headers, record.value)
            except ValueError:
                strange += 1
    if strange:
        log.warning("%d records of %s are no dead letters; skipped", strange, topic)
    yield from (letter for key, letter in letters.items() if key not in redriven)


def redrive(kafka: KafkaConnection, selected: Selection, topic: str = DEAD_LETTERS) -> dict[str, int]:
    """Send the selected letters' records back to their topics and partitions, and mark the letters as redriven.

    Returns `redriven` and `skipped` (a truncated record cannot be sent back). A crash in between may send a record
    twice; the stages count an event_id once.
    """
    letters = [letter for letter in list_dead_letters(kafka, topic) if selected(letter)]
    counts = Counter(redriven=0, skipped=0)
    try:
        with closing(kafka.producer(max_request_size=MAX_RECORD_BYTES)) as producer:
            for letter in letters:
                counts["skipped" if letter.truncated else "redriven"] += 1
                if not letter.truncated:
                    _send_back(kafka, producer, letter, topic)
    except KafkaTimeoutError as error:
        raise kafka.unavailable() from error
    except KafkaError as error:
        raise Unavailable(f"Kafka at {kafka}: {error}") from error
    return dict(counts)


def _send_back(kafka: KafkaConnection, producer: Any, letter: DeadLetter, topic: str) -> None:
    origin = letter.origin
    sent = producer.send(kafka.at_broker(origin.topic), letter.value, partition=origin.partition)
    sent.get(timeout=ANSWER_SECONDS)
    producer.send(kafka.at_broker(topic), None, key=letter.key, headers=[(REDRIVEN, b"1")]).get(timeout=ANSWER_SECONDS)
