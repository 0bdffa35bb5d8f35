"""One reading of a page asks Redis as seldom as it can."""

import pytest

from dashboards import readers
from dashboards.console.pages import room
from dashboards.console.sources import PageSources
from dashboards.console.topic_follower import TopicFollower
from dashboards.readers import Readers
from deploy.local.process import LOOPBACK, free_port
from deploy.local.redis import LocalRedis
from streams.kafka.connection import KafkaConnection
from streams.settings import Settings
from tests.builders.events import TEN_MS, event
from tests.builders.records import room_event, speech
from tests.builders.stored import count, detect, detect_in_rooms
from tests.fakes.counting_redis import CountingRedis


def test_reading_of_a_room_asks_for_the_shards_once(
    redis_server: LocalRedis, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two round trips find the shards and their newest events; each question is one more.

    engagement   which shards know the room · its minutes, before and from when on · its sessions · their counts, people
                 and viewers
    detection    the room · what it sells · its questions now, before, in words · its texts · alerts that run and ran,
                 and what was decided on them
    """
    settings = Settings(redis=redis_server.url, namespace=namespace, kafka=f"127.0.0.1:{free_port()}")
    count(settings, *(event(kind, 0, "a", session_id="s") for kind in ("enter", "comment")), log_ms=TEN_MS + 60_000)
    detect(settings, speech(0, 1, "absolute_claim"))
    detect_in_rooms(settings, room_event(0, "comment"))
    client = CountingRedis(host=LOOPBACK, port=redis_server.port)
    monkeypatch.setattr(readers, "reader_client", lambda _: client)
    with Readers(settings) as reading:
        sources = PageSources(reading, TopicFollower(KafkaConnection(settings.kafka)))
        apart = room.view(sources, "r1")
        asked_apart, client.trips = client.trips, []
        with reading.at_once():
            page = room.view(sources, "r1")
    assert (page.now.sums["comments"], page.now) == (1, apart.now)
    assert sum("SMEMBERS" in trip for trip in client.trips) == 1
    assert len(client.trips) <= 2 + 7 + 8
    assert sum("SMEMBERS" in trip for trip in asked_apart) > 8
