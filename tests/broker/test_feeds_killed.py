"""`pulsewatch feeds run` on a real broker and Redis: killed while messages come, it loses none and tells none anew."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from redis import Redis

from deploy.local.kafka import LocalKafka
from deploy.local.redis import LocalRedis
from streams.ingest.feed_status import FeedStatus, read_statuses
from streams.kafka.admin import create_topics
from streams.kafka.reading import read_topic
from streams.settings import Settings
from streams.topology import SOCIAL
from tests.servers.feed_server import FeedServer
from tests.servers.feeds_process import FeedsProcess
from tests.servers.waiting import until_async

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
EACH = 400


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    with LocalKafka(tmp_path_factory.mktemp("feeds-kafka")) as server:
        create_topics(server.connection, partitions=2, replication=1, retention_days=1)
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
