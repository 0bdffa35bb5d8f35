"""`pulsewatch feeds run` on a real broker and Redis: killed while messages come, it loses none and tells none anew."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaProducer
from kafka.admin import NewTopic
from redis import Redis

from deploy.local.kafka import LocalKafka
from deploy.local.programs import WorkerProcess
from deploy.local.redis import LocalRedis
from streams.engagement.reader import EngagementReader
from streams.ingest.feed_status import FeedStatus, read_statuses
from streams.kafka.admin import create_topics
from streams.kafka.reading import read_topic
from streams.ledger.redis import key_prefix
from streams.settings import Settings
from streams.topology import ENGAGEMENT, SOCIAL
from tests.servers.feed_server import FeedServer
from tests.servers.feeds_process import FeedsProcess
from tests.servers.waiting import until, until_async

FILE = """
feeds:
  - {{name: posts, kind: sse, url: "{address}/sse", brand: acme, numbered: true,
     mapping: {{kind: post, id: id, time: at, text: text}}}}
  - {{name: socket, kind: websocket, url: "ws://127.0.0.1:{port}/ws", brand: acme,
     cursor: {{field: place, parameter: after}}, mapping: {{kind: post, id: id, time: at, text: text}}}}
  - {{name: polled, kind: poll, url: "{address}/poll", brand: acme, every_seconds: 0.05, items: "items[]", id: id,
     next: next, mapping: {{kind: post, id: id, time: at, text: text}}}}
  - {{name: gone, kind: sse, url: "{address}/nothing-here", brand: acme, mapping: {{kind: post, id: id, text: text}}}}
"""
NAMES = ("polled", "posts", "socket")
KILLS = 3
PARTITIONS = 2
EACH = 400


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    with LocalKafka(tmp_path_factory.mktemp("feeds-kafka")) as server:
        create_topics(server.connection, partitions=PARTITIONS, replication=1, retention_days=1)
        yield server


def posted(broker: LocalKafka) -> Counter[str]:
    return Counter(msgspec.json.decode(record.value)["event_id"] for record in read_topic(broker.connection, SOCIAL))


def message(number: int) -> str:
    return json.dumps({"id": f"p{number}", "place": number, "at": int(time.time() * 1000), "text": f"post {number}"})


async def test_feeds_that_are_killed_lose_nothing_and_go_on_at_their_cursors(
    broker: LocalKafka, redis_server: LocalRedis, tmp_path: Path
) -> None:
    settings = Settings(kafka=broker.bootstrap, redis=redis_server.url, namespace="feeds-killed")
    server = FeedServer(page_size=200)
    file = tmp_path / "feeds.yaml"
    file.write_text(FILE.format(address=server.address, port=server.port))
    statuses: dict[str, FeedStatus] = {}

    def look() -> bool:
        with Redis.from_url(redis_server.url) as client:
            statuses.update({one.name: one for one in read_statuses(client, settings.namespace)})
        return True

    def told() -> int:
        look()
        return min((statuses[name].messages if name in statuses else 0) for name in NAMES)

    async with server.serving():
        process = FeedsProcess(tmp_path, settings, file)
        for kill in range(KILLS + 1):
            await asyncio.to_thread(process.start)
            for start in range(kill * EACH, (kill + 1) * EACH, 10):
                server.tell(*(message(number) for number in range(start, start + 10)))
                await asyncio.sleep(0.005)
            if kill < KILLS:
                await until_async(lambda: told() > 0)
                process.kill()
        await until_async(lambda: told() >= (KILLS + 1) * EACH)
        await asyncio.to_thread(process.stop)
    assert process.exit_code == 0
    found = posted(broker)
    assert set(found) == {f"{name}:p{number}" for name in NAMES for number in range((KILLS + 1) * EACH)}
    # Told again by a kill is at most what was on its way: the batch between Kafka's acknowledgement and the cursor.
    assert sum(found.values()) - len(found) < KILLS * len(NAMES) * 500
    look()
    assert {statuses[name].state for name in NAMES} == {"stopped"}
    assert [statuses[name].gaps for name in NAMES] == [0, 0, 0]
    assert "answers 404: look at `url`" in tail_of(process)


def tail_of(process: FeedsProcess) -> str:
    return process.log.read_text()


COLLECTED = """
feeds:
  - {name: folder, kind: folder, path: data, brand: collected, poll_seconds: 0.05,
     mapping: {kind: post, id: id, time: at, zone: UTC, time_unit: ms, text: text}}
  - {name: topic, kind: kafka, topic: strangers, start: earliest, brand: collected,
     mapping: {kind: post, id: id, time: at, text: text}}
"""


class Collector:
    """Writes JSON lines into a file that is renamed when it is long enough, and CSV beside it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._renamed = 0

    def write(self, numbers: range) -> None:
        """Whole lines, even numbers as JSON, odd ones as CSV."""
        with (self._folder / "posts.jsonl").open("a") as lines, (self._folder / "posts.csv").open("a") as rows:
            if not rows.tell():
                rows.write("id,at,text\n")
            for number in numbers:
                said = json.loads(message(number))
                if number % 2:
                    rows.write(f'{said["id"]},{said["at"]},"two\nlines of {said["text"]}"\n')
                else:
                    lines.write(json.dumps(said) + "\n")

    def write_in_two(self, number: int, meanwhile: Callable[[], None]) -> None:
        """A line of which the second half comes later."""
        line = message(number) + "\n"
        with (self._folder / "posts.jsonl").open("a") as lines:
            lines.write(line[:20])
            lines.flush()
            meanwhile()
            lines.write(line[20:])

    def rename(self) -> None:
        self._renamed += 1
        (self._folder / "posts.jsonl").rename(self._folder / f"posts-{self._renamed}.jsonl")


def test_folder_and_topic_are_counted_once_whenever_feeds_die(
    broker: LocalKafka, redis_server: LocalRedis, tmp_path: Path
) -> None:
    settings = Settings(kafka=broker.bootstrap, redis=redis_server.url, namespace="feeds-collected")
    file = tmp_path / "feeds.yaml"
    file.write_text(COLLECTED)
    with broker.admin() as admin:
        admin.create_topics([NewTopic("strangers", 3, 1)])
    collector, producer = Collector(tmp_path / "data"), KafkaProducer(bootstrap_servers=broker.bootstrap)
    process = FeedsProcess(tmp_path, settings, file)

    def told(name: str) -> int:
        with Redis.from_url(redis_server.url) as client:
            return next((one.messages for one in read_statuses(client, settings.namespace) if one.name == name), 0)

    def beyond(before: tuple[int, int]) -> bool:
        return told("folder") > before[0] and told("topic") > before[1]

    def tell(numbers: range) -> None:
        for number in numbers:
            producer.send("strangers", message(number).encode(), partition=number % 3)
        producer.flush()
        collector.write(numbers)

    for kill, moment in enumerate(("half a line", "a renamed file", "the first batch", None)):
        first, end = kill * EACH, (kill + 1) * EACH
        before = told("folder"), told("topic")
        tell(range(first, end - 2))
        process.start()
        until(partial(beyond, before), "feeds read on")
        collector.write_in_two(end - 2, process.kill if moment == "half a line" else lambda: None)
        if moment == "a renamed file":
            collector.rename()
        if moment is not None:
            process.kill()
        collector.write(range(end - 1, end))
        for number in (end - 2, end - 1):
            producer.send("strangers", message(number).encode(), partition=number % 3)
        producer.flush()
    producer.close()
    until(lambda: told("folder") >= 4 * EACH and told("topic") >= 4 * EACH, "all is told")
    process.stop()

    everything = {f"{name}:p{number}" for name in ("folder", "topic") for number in range(4 * EACH)}
    assert set(posted(broker)) >= everything
    with Redis.from_url(redis_server.url) as client:
        assert [one.gaps for one in read_statuses(client, settings.namespace)] == [0, 0]
    records = sum(posted(broker).values())
    with WorkerProcess(tmp_path / "engagement", "engagement", settings), Redis.from_url(redis_server.url) as client:
        until(lambda: stored(client, settings.namespace) >= records, "all is counted")
        reader = EngagementReader(client, settings.namespace)
        assert reader.sums("brand", "collected", "24h")["posts"] == len(everything)


def stored(client: Redis, namespace: str) -> int:
    """Records that engagement has counted."""
    keys = (key_prefix(namespace, ENGAGEMENT, SOCIAL, partition) + "ledger" for partition in range(PARTITIONS))
    return sum(int(client.hget(key, "next") or 0) for key in keys)
