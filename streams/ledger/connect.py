"""Redis's clients, made in one place: one that waits for workers, one that gives up at once for screens.

Behind the URL may be a server, three sentinels that know the master, or a cluster: the callers need not know which.
"""

import threading
from typing import Any

from redis import Redis, Sentinel
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.cluster import ClusterNode as AsyncClusterNode
from redis.asyncio.cluster import RedisCluster as AsyncRedisCluster
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException
from redis.retry import Retry

from streams.redis_address import RedisAddress, parse_address
from streams.settings import Settings

WORKER_SECONDS = 10.0
"""How long a worker waits for an answer, or a connection, before it makes the call again."""
READER_SECONDS = 2.0

# redis-py's own annotations end here.
UntypedSentinel: Any = Sentinel
UntypedCluster: Any = RedisCluster
UntypedNode: Any = ClusterNode
UntypedAsyncSentinel: Any = AsyncSentinel


def worker_client(settings: Settings) -> Any:
    """An asynchronous client for a ledger; the ledger makes its calls again."""
    address = parse_address(settings.redis)
    arguments = _arguments(address, settings) | _timeouts(WORKER_SECONDS)
    match address.form:
        case "cluster":
            return AsyncRedisCluster(startup_nodes=[AsyncClusterNode(*host) for host in address.hosts], **arguments)
        case "sentinel":
            sentinels = UntypedAsyncSentinel(
                address.hosts, sentinel_kwargs=_sentinel(address, settings, WORKER_SECONDS)
            )
            return sentinels.master_for(address.service, AsyncMaster, db=address.database, **arguments)
        case _:
            return AsyncRedis(**_place(address), **arguments)


def reader_client(settings: Settings) -> Any:
    """A client that gives up at once: a screen or a scrape must not hang on a server that is away, and asks again."""
    address = parse_address(settings.redis)
    arguments = _arguments(address, settings) | _timeouts(READER_SECONDS) | {"retry": Retry(NoBackoff(), retries=0)}
    match address.form:
        case "cluster":
            return LazyCluster(address, arguments)
        case "sentinel":
            sentinels = UntypedSentinel(address.hosts, sentinel_kwargs=_sentinel(address, settings, READER_SECONDS))
            return sentinels.master_for(address.service, Master, db=address.database, **arguments)
        case _:
            return Redis(**_place(address), **arguments)


class AsyncMaster(AsyncRedis):
    """The master that sentinels name; closing it lets go of the sentinels too."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        await super().aclose(close_connection_pool)
        for sentinel in self.connection_pool.sentinel_manager.sentinels:  # type: ignore[attr-defined] # a sentinel's pool
            await sentinel.aclose()


class Master(Redis):
    """The same for screens."""

    def close(self) -> None:
        super().close()
        for sentinel in self.connection_pool.sentinel_manager.sentinels:  # type: ignore[attr-defined] # a sentinel's pool
            sentinel.close()


class LazyCluster:
    """redis-py's cluster client, which connects when it is made; this one does with its first use, and again until it
    did. Any thread."""

    def __init__(self, address: RedisAddress, arguments: dict[str, Any]) -> None:
        self._address = address
        self._arguments = arguments
        self._client: Any = None
        self._lock = threading.Lock()

    def pipeline(self, transaction: bool = False) -> Any:
        """Commands to any nodes, sent at once. Raises ConnectionError where no node answers."""
        return self._connected().pipeline(transaction)

    def execute_command(self, *command: Any) -> Any:
        return self._connected().execute_command(*command)

    def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            self._client.close()

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                nodes = [UntypedNode(*host) for host in self._address.hosts]
                try:
                    self._client = UntypedCluster(startup_nodes=nodes, **self._arguments)
                except RedisClusterException as error:
                    raise RedisConnectionError(str(error)) from error
            return self._client


def _place(address: RedisAddress) -> dict[str, Any]:
    if address.form == "socket":
        return {"unix_socket_path": address.path, "db": address.database}
    host, port = address.hosts[0]
    return {"host": host, "port": port, "db": address.database}


def _arguments(address: RedisAddress, settings: Settings) -> dict[str, Any]:
    """What all forms of client take."""
    secret = settings.redis_password
    password = secret.get_secret_value() if secret else address.password
    return {**address.options, "username": address.user, "password": password, **_tls(address, settings)}


def _sentinel(address: RedisAddress, settings: Settings, seconds: float) -> dict[str, Any]:
    """How sentinels are asked: they have a password of their own."""
    secret = settings.redis_sentinel_password
    return {
        "password": secret.get_secret_value() if secret else None,
        **_timeouts(seconds),
        **_tls(address, settings),
    }


def _tls(address: RedisAddress, settings: Settings) -> dict[str, Any]:
    if not address.tls:
        return {}
    files = {
        "ssl_ca_certs": settings.redis_ca,
        "ssl_certfile": settings.redis_certificate,
        "ssl_keyfile": settings.redis_key or settings.redis_certificate,
    }
    return {"ssl": True} | {name: str(path) for name, path in files.items() if path is not None}


def _timeouts(seconds: float) -> dict[str, Any]:
    return {"socket_timeout": seconds, "socket_connect_timeout": seconds}
