"""Dead letters on a real broker: written, listed and redriven."""

import asyncio
from collections import Counter

import pytest
from kafka import KafkaConsumer, TopicPartition

from deploy.local.kafka import LocalKafka
from streams.errors import UsageError
from streams.events.dead_letters import DeadLetter
from streams.events.schema import Coordinates
from streams.kafka.dead_letter_sink import TRUNCATED_BYTES, DeadLetterTopicSink
from streams.kafka.dead_letter_topic import list_dead_letters, redrive
from tests.conftest import TopicFactory
from tests.servers.workers import produce

LETTER = DeadLetter(Coordinates("live.events", 3, 17), "bad_json", "JSON is malformed: 好", "engagement", b"\xff{")


async def test_letters_sent_twice_are_listed_once(kafka: LocalKafka, topic: TopicFactory) -> None:
    letters_topic = topic(2)
    sink = DeadLetterTopicSink(kafka.connection, letters_topic)
    null = DeadLetter(Coordinates("live.events", 0, 1), "empty", "a null value", "engagement", None)
    for _ in range(2):
        await sink.send([LETTER, null])
    await sink.close()
    listed = sorted(list_dead_letters(kafka.connection, letters_topic), key=lambda letter: letter.origin)
    assert listed == [null, LETTER]


async def test_a_record_that_is_no_dead_letter_hides_no_letter(
    kafka: LocalKafka, topic: TopicFactory, caplog: pytest.LogCaptureFixture
) -> None:
    letters_topic = topic()
    await produce(kafka.bootstrap, letters_topic, [b"{"])
    sink = DeadLetterTopicSink(kafka.connection, letters_topic)
    await sink.send([LETTER])
    await sink.close()
    assert list(list_dead_letters(kafka.connection, letters_topic)) == [LETTER]
    assert f"1 records of {letters_topic} are no dead letters; skipped" in caplog.messages


async def test_record_too_large_to_be_written_again_is_cut(kafka: LocalKafka, topic: TopicFactory) -> None:
    letters_topic = topic()
    sink = DeadLetterTopicSink(kafka.connection, letters_topic, max_bytes=200_000)
    huge = DeadLetter(Coordinates("live.events", 0, 5), "too_large", "", "engagement", b"x" * 200_000)
    await sink.send([huge])
    await sink.close()
    [listed] = list_dead_letters(kafka.connection, letters_topic)
    assert listed.truncated
    assert (listed.value, listed.size_bytes) == (b"x" * TRUNCATED_BYTES, 200_000)
    assert redrive(kafka.connection, lambda _: True, letters_topic) == {"redriven": 0, "skipped": 1}


async def test_redriven_record_is_back_where_it_came_from_and_no_longer_listed(
    kafka: LocalKafka, topic: TopicFactory
) -> None:
    source, letters_topic = topic(2), topic()
    mended = DeadLetter(Coordinates(source, 1, 0), "bad_json", "", "engagement", b"mended")
    other = DeadLetter(Coordinates(source, 0, 0), "bad_utf8", "", "engagement", b"other")
    sink = DeadLetterTopicSink(kafka.connection, letters_topic)
    await sink.send([mended, other])
    await sink.close()
    counts = redrive(kafka.connection, lambda letter: letter.reason == "bad_json", letters_topic)
    assert counts == {"redriven": 1, "skipped": 0}
    assert list(list_dead_letters(kafka.connection, letters_topic)) == [other]
    assert redrive(kafka.connection, lambda letter: letter.reason == "bad_json", letters_topic)["redriven"] == 0
    with KafkaConsumer(bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(source, 1)])
        [record] = next(iter(consumer.poll(10_000).values()))
    assert record.value == b"mended"


def test_listing_a_topic_that_is_not_there_says_what_to_do(kafka: LocalKafka) -> None:
    with pytest.raises(UsageError, match="topics create"):
        list(list_dead_letters(kafka.connection, "no-such-topic"))


async def test_letters_that_a_broker_refuses_for_their_size_delay_no_other(
    kafka: LocalKafka, topic: TopicFactory
) -> None:
    letters_topic = topic(max_message_bytes="2000")
    sink = DeadLetterTopicSink(kafka.connection, letters_topic)
    letters = [
        DeadLetter(Coordinates("live.events", 0, offset), "bad_json", "", "engagement", b"x" * size)
        for offset, size in enumerate((10, 50_000, 200_000, 20, 3_000, 30))
    ]
    async with asyncio.timeout(30):
        await sink.send(letters)
        await sink.send(letters[:1])
    await sink.close()
    listed = sorted(list_dead_letters(kafka.connection, letters_topic), key=lambda letter: letter.origin)
    assert [letter.origin.offset for letter in listed] == [0, 1, 2, 3, 4, 5]
    assert [len(letter.value or b"") for letter in listed] == [10, 0, 0, 20, 0, 30]
    assert [letter.size_bytes for letter in listed if letter.truncated] == [50_000, 200_000, 3_000]


async def test_letters_that_a_broker_takes_in_no_form_are_dropped_with_one_line_and_a_count(
    kafka: LocalKafka, topic: TopicFactory, caplog: pytest.LogCaptureFixture
) -> None:
    dropped = Counter[str]()
    sink = DeadLetterTopicSink(
        kafka.connection, topic(max_message_bytes="100"), on_dropped=lambda: dropped.update(["letters"])
    )
    async with asyncio.timeout(30):
        await sink.send([LETTER, LETTER])
        await sink.send([LETTER])
    await sink.close()
    assert dropped["letters"] == 3
    assert sum("max.message.bytes" in message for message in caplog.messages) == 1
