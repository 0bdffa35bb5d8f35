"""A site for each test, on the run's broker and Redis."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.kafka import LocalKafka
from deploy.local.redis import LocalRedis
from streams.settings import Settings
from tests.servers.site import Site, fresh_topics


@pytest.fixture
def site(kafka: LocalKafka, redis_server: LocalRedis, namespace: str, tmp_path: Path) -> Iterator[Site]:
    fresh_topics(kafka)
    settings = Settings(kafka=kafka.bootstrap, redis=redis_server.url, namespace=namespace)
    site = Site(kafka, redis_server, settings, tmp_path)
    yield site
    for worker in site.workers:
        worker.kill()
