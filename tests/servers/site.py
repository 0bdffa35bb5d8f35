"""Where faults are done: the real topics made anew, a ledger of the test's own, and workers that are processes."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from kafka import KafkaConsumer, TopicPartition
from redis import Redis
from redis.exceptions import RedisError

from deploy.local.kafka import LocalKafka
from deploy.local.programs import WorkerProcess
from deploy.local.redis import LocalRedis
from streams.ingest.player import ReplayProducer, TimedRecord, play
from streams.kafka.admin import create_topics
from streams.ledger.redis import key_prefix, partitions_key
from streams.settings import Settings
from streams.topology import LIVE, SOCIAL, TOPICS
from tests.servers.waiting import DEADLINE_SECONDS, until

ROOT = Path(__file__).parents[2]
PARTITIONS = 4
AHEAD_RECORDS = 4_000
SOURCES = (SOCIAL, LIVE)


@dataclass
class Site:
    """A broker, a Redis and a folder for workers."""

    kafka: LocalKafka
    redis: LocalRedis
    settings: Settings
    folder: Path
    workers: list["NamedWorker"] = field(default_factory=list)

    def worker(self, stage: str, name: str = "one", module: str = "deploy.cli") -> "NamedWorker":
        """A worker that is not started, and that is killed when the test ends; each name is a member of its own."""
        worker = NamedWorker(self.folder / f"{stage}-{name}", stage, self.settings, name, module)
        self.workers.append(worker)
        return worker

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
    def feeding(self, stage: str, records: Sequence[TimedRecord], ahead: int = AHEAD_RECORDS) -> Iterator[None]:
        """Records arrive beside what the test does, a little ahead of the stage: it always has work, and never all.

        The pace is the ledger's, not the clock's, so a slow machine dies in mid-run as a fast one does. At the end all
        have arrived.
        """
        with ThreadPoolExecutor(1) as thread:
            fed = thread.submit(self._feed_ahead, stage, records, ahead)
            yield
            fed.result(DEADLINE_SECONDS)

    def _feed_ahead(self, stage: str, records: Sequence[TimedRecord], ahead: int) -> None:
        step = ahead // 8
        with closing(ReplayProducer(self.kafka.connection)) as sink:
            for start in range(0, len(records), step):
                until(partial(self._within, stage, start, ahead), "the stage counts on")
                for record in records[start : start + step]:
                    sink.send(record)
                sink.flush()

    def _within(self, stage: str, sent: int, ahead: int) -> bool:
        return sent - self._stored_or_none(stage) < ahead

    def _stored_or_none(self, stage: str) -> int:
        """As `stored`; nothing while Redis is the one that fails."""
        try:
            return self.stored(stage)
        except RedisError:
            return 0

    def feed(self, records: Sequence[TimedRecord]) -> None:
        """All records at once."""
        with closing(ReplayProducer(self.kafka.connection)) as sink:
            play(records, sink, speed=None, ends_ms=0)


class NamedWorker(WorkerProcess):
    """A worker whose static membership is its own: a successor under the same name has its partitions at once."""

    def __init__(self, folder: Path, stage: str, settings: Settings, name: str, module: str) -> None:
        super().__init__(folder, stage, settings)
        self._settings = self._settings.model_copy(update={"instance": f"{settings.namespace}-{name}"})
        self._module = module

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", self._module, "worker", self.name]

    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), "PYTHONPATH": str(ROOT)}


def fresh_topics(kafka: LocalKafka) -> None:
    """The topics, empty and from offset 0: whatever ran before has left nothing in them."""
    names = {topic.name for topic in TOPICS}
    with kafka.admin() as admin:
        there = names & set(admin.list_topics())
        if there:
            admin.delete_topics(sorted(there))
        until(lambda: not names & set(admin.list_topics()), "the old topics are gone")
        create_topics(kafka.connection, PARTITIONS, 1, 14)
        # A topic is listed some time after it was made; the next test must see all of them.
        until(lambda: names <= set(admin.list_topics()), "the new topics are there")
