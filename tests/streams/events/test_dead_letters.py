"""Dead letters: their headers, the sinks, listing and redriving on a real broker."""

import pytest

from deploy.local.process import free_port
from streams.errors import Unavailable
from streams.events.codec import Unreadable
from streams.events.dead_letters import DeadLetter, MemoryDeadLetterSink, dead_letter, dead_letters_for
from streams.events.schema import Coordinates
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letter_sink import DeadLetterTopicSink

LETTER = DeadLetter(Coordinates("live.events", 3, 17), "bad_json", "JSON is malformed: 好", "engagement", b"\xff{")


def test_letter_survives_its_headers() -> None:
    assert dead_letter(LETTER.headers, LETTER.value) == LETTER
    assert LETTER.key == b"live.events:3:17"


def test_record_without_a_letters_headers_is_refused() -> None:
    with pytest.raises(ValueError, match="no header stage"):
        dead_letter([header for header in LETTER.headers if header[0] != "stage"], b"")
    with pytest.raises(ValueError, match="unknown reason"):
        dead_letter([*LETTER.headers, ("reason", b"boredom")], b"")


def test_letters_of_a_batch_know_their_origin() -> None:
    letters = dead_letters_for("t", 2, "engagement", [Unreadable(7, None, "empty", "a null value")])
    assert letters == [DeadLetter(Coordinates("t", 2, 7), "empty", "a null value", "engagement", None)]


async def test_memory_sink_keeps_a_record_once() -> None:
    sink = MemoryDeadLetterSink()
    await sink.send([LETTER])
    await sink.send([LETTER])
    assert list(sink.letters.values()) == [LETTER]


async def test_sink_without_a_broker_is_unavailable() -> None:
    sink = DeadLetterTopicSink(KafkaConnection(f"127.0.0.1:{free_port()}"))
    with pytest.raises(Unavailable, match="does not take dead letters"):
        await sink.send([LETTER])
    await sink.send([])
