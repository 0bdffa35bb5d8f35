"""Redis's clients, made in one place: one that waits for workers, one that gives up at once for screens."""

from typing import Any

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.backoff import NoBackoff
from redis.retry import Retry

from streams.settings import Settings

WORKER_SECONDS = 10.0
"""How long a worker waits for an answer, or a connection, before it makes the call again."""
READER_SECONDS = 2.0


def worker_client(settings: Settings) -> Any:
    """An asynchronous client for a ledger; the ledger makes its calls again."""
    return AsyncRedis.from_url(settings.redis, socket_timeout=WORKER_SECONDS, socket_connect_timeout=WORKER_SECONDS)


def reader_client(settings: Settings) -> Redis:
    """A client that gives up at once: a screen or a scrape must not hang on a server that is away, and asks again."""
    return Redis.from_url(
        settings.redis,
        socket_timeout=READER_SECONDS,
        socket_connect_timeout=READER_SECONDS,
        retry=Retry(NoBackoff(), retries=0),
    )
