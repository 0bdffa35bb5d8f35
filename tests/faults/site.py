"""Where faults are done: the real topics made anew, a ledger of the test's own, and workers that are processes."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kafka import KafkaConsumer, TopicPartition
from redis import Redis

from deploy.kafka.topics import create_topics
from deploy.local.kafka import LocalKafka
from deploy.local.programs import Worker
from deploy.local.redis import LocalRedis
from streams.ingest.feed import KafkaSink, Played, Record, play
from streams.ledger.redis import key_prefix, partitions_key
from streams.settings import Settings
from streams.topics import LIVE, SOCIAL, TOPICS

PARTITIONS = 4
POLL_SECONDS = 0.01
DEADLINE_SECONDS = 90.0
SOURCES = (SOCIAL, LIVE)


@dataclass
class Site:
    """A broker, a Redis and a folder for workers."""

    kafka: LocalKafka
    redis: LocalRedis
    settings: Settings
    folder: Path

    def worker(self, stage: str, name: str = "one") -> Worker:
        """A worker that is not started; each name has a membership of its own."""
        return NamedWorker(self.folder / f"{stage}-{name}", stage, self.settings, name)

    def progress(self, stage: str) -> dict[tuple[str, int], int]:
        """The ledger's stored offset by topic and partition."""
        with self.ledger() as client:
            found = client.smembers(partitions_key(self.settings.namespace, stage))
            partitions = [name.rpartition(":") for name in sorted(map(str, found))]
            keys = [
                key_prefix(self.settings.namespace, stage, topic, int(at)) + "ledger" for topic, _, at in partitions
            ]
            offsets = [client.hget(key, "next") for key in keys]
        return {(topic, int(at)): int(offset or 0) for (topic, _, at), offset in zip(partitions, offsets, strict=True)}

    def ledger(self) -> "closing[Redis]":
        """The Redis behind the ledger."""
        return closing(Redis.from_url(self.redis.url, socket_timeout=5, decode_responses=True))

    def fields(self, stage: str, topic: str, suffix: str) -> dict[str, str]:
        """A hash of the ledger, over all partitions of a topic."""
        with self.ledger() as client:
            prefixes = [key_prefix(self.settings.namespace, stage, topic, number) for number in range(PARTITIONS)]
            return {
                str(name): str(value) for prefix in prefixes for name, value in client.hgetall(prefix + suffix).items()
            }

    def stored(self, stage: str) -> int:
        """Records that the ledger has, over all partitions."""
        return sum(self.progress(stage).values())

    def ends(self, topics: Iterable[str] = SOURCES) -> dict[tuple[str, int], int]:
        """Where each partition's log ends; the empty ones are left out."""
        partitions = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
        with closing(KafkaConsumer(bootstrap_servers=self.kafka.bootstrap)) as consumer:
            found = consumer.end_offsets(partitions)
        return {(tp.topic, tp.partition): end for tp, end in found.items() if end}

    def caught_up(self, stage: str, ends: dict[tuple[str, int], int]) -> bool:
        progress = self.progress(stage)
        return all(progress.get(partition, 0) >= end for partition, end in ends.items())

    @contextmanager
    def feeding(self, records: Sequence[Record], seconds: float) -> Iterator["Future[Played]"]:
        """Records arrive evenly over so many seconds, beside what the test does; at the end all have arrived."""
        first_ms, last_ms = records[0].due_ms, records[-1].due_ms
        sink = KafkaSink(self.kafka.bootstrap)
        ends_ms = int(time.time() * 1000 + seconds * 1000)
        # Their own time ends with the feed, whatever it was: only the pace matters here.
        moved = [
            Record(r.topic, r.key, r.value, r.due_ms + ends_ms - last_ms, r.timestamp_ms) for r in records
        ]  # fmt: skip
        with ThreadPoolExecutor(1) as thread:
            speed = max(1.0, (last_ms - first_ms) / (seconds * 1000))
            fed = thread.submit(play, moved, sink, speed=speed, ends_ms=ends_ms)
            try:
                yield fed
                fed.result(DEADLINE_SECONDS)
            finally:
                sink.close()

    def feed(self, records: Sequence[Record]) -> None:
        """All records at once."""
        with closing(KafkaSink(self.kafka.bootstrap)) as sink:
            play(records, sink, speed=None, ends_ms=0)


class NamedWorker(Worker):
    """A worker whose static membership is its own: a successor under the same name has its partitions at once."""

    def __init__(self, folder: Path, stage: str, settings: Settings, name: str) -> None:
        super().__init__(folder, stage, settings)
        self._settings = self._settings.model_copy(update={"instance": f"{settings.namespace}-{name}"})


def fresh_topics(kafka: LocalKafka) -> None:
    """The topics, empty and from offset 0: whatever ran before has left nothing in them."""
    names = {topic.name for topic in TOPICS}
    with kafka.admin() as admin:
        there = names & set(admin.list_topics())
        if there:
            admin.delete_topics(sorted(there))
        until(lambda: not names & set(admin.list_topics()), "the old topics are gone")
    create_topics(kafka.bootstrap, PARTITIONS, 1, 14)


def until(condition: Callable[[], bool], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Wait; fails with what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"in vain, for {seconds:.0f} s: {what}"
        time.sleep(POLL_SECONDS)
