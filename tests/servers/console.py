"""The console's real web server in a thread, on a real Redis, with a Kafka that is not asked unless a test says so."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn

from dashboards.console.auth import TokenAuth
from dashboards.console.routes import application
from dashboards.console.security import HEADER
from dashboards.console.sources import PageSources
from dashboards.console.topic_follower import TopicFollower
from dashboards.readers import Readers
from deploy.local.process import LOOPBACK, free_port
from streams.catalogue.facts import BrandFacts
from streams.kafka.connection import KafkaConnection
from streams.settings import Settings
from tests.servers.waiting import until

NAME = "console.example"


@dataclass
class Served:
    """A console that answers, and a client of it that keeps cookies."""

    url: str
    client: httpx.Client
    readers: Readers

    def get(self, path: str) -> Any:
        """The JSON of a page's figures."""
        answer = self.client.get(f"/api/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any) -> httpx.Response:
        """As the console's own page sends it."""
        return self.client.post(f"/api/{path}", json=body, headers={HEADER: "1"})


@contextmanager
def served(settings: Settings, auth: TokenAuth | None = None) -> Iterator[Served]:
    """A console until the block ends."""
    kafka = TopicFollower(KafkaConnection(settings.kafka))
    with Readers(settings) as readers:
        port = free_port()
        config = uvicorn.Config(
            application(PageSources(readers, kafka, facts=BrandFacts.of(settings)), auth, (NAME,)),
            LOOPBACK,
            port,
            log_level="warning",
            lifespan="on",
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            until(lambda: server.started or not thread.is_alive(), "the console answers", 30)
            assert thread.is_alive()
            url = f"http://{LOOPBACK}:{port}"
            with httpx.Client(base_url=url, timeout=15, trust_env=False) as client:
                yield Served(url, client, readers)
        finally:
            server.should_exit = True
            thread.join(15)
            assert not thread.is_alive()
