import os
import subprocess
import sys
from contextlib import closing

from kafka import KafkaConsumer, TopicPartition

from deploy.local.kafka import LocalKafka
from deploy.local.process import free_port
from streams.ingest.player import ReplayProducer, TimedRecord, play
from tests.conftest import TopicFactory

AT_MS = 1_790_000_000_000


def test_sink_writes_each_record_once_with_its_key_and_its_own_time(kafka: LocalKafka, topic: TopicFactory) -> None:
    name = topic()
    records = [TimedRecord(name, b"room-1", b"%d" % n, AT_MS + n, AT_MS + n) for n in range(500)]
    records.append(TimedRecord(name, b"room-1", None, AT_MS + 500, AT_MS + 500))
    with closing(ReplayProducer(kafka.connection)) as sink:
        play(records, sink, speed=None, ends_ms=AT_MS)
    with closing(KafkaConsumer(bootstrap_servers=kafka.bootstrap)) as consumer:
        partition = TopicPartition(name, 0)
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        read = [record for _ in range(20) for batch in consumer.poll(500).values() for record in batch]
    assert [(record.value, record.timestamp) for record in read] == [(r.value, r.timestamp_ms) for r in records]
    assert {record.key for record in read} == {b"room-1"}


def test_sink_says_where_no_kafka_is() -> None:
    address = f"127.0.0.1:{free_port()}"
    # In a process of its own: kafka-python's producer leaves sockets open when it finds no broker.
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.cli", "simulate", "calm"],
        env={**os.environ, "PULSEWATCH_KAFKA": address},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert f"pulsewatch: Kafka at {address} does not answer" in ended.stderr
    assert "Traceback" not in ended.stderr
