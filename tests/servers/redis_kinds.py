"""Redis as teams run it: behind TLS with users, watched by sentinels, as a cluster of three masters."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from deploy.local.process import LOOPBACK
from deploy.local.redis import CONFIG, LocalRedis
from tests.servers.certificates import Authority
from tests.servers.redis_cluster import ClusterNode

ACL = CONFIG.parent / "users.acl"
SERVICE = "main"
PASSWORD = "p@ss/w#rd?:%"


class GuardedRedis(LocalRedis):
    """TLS alone, and the shipped users with PASSWORD; `client_certificates`: it asks for the client's own."""

    def __init__(self, folder: Path, authority: Authority, *, client_certificates: bool = False) -> None:
        super().__init__(folder)
        self._authority = authority
        self._client_certificates = client_certificates

    def prepare(self) -> None:
        (self.folder / "users.acl").write_text(ACL.read_text().replace("change-me", PASSWORD))

    def command(self) -> Sequence[str]:
        pair = self._authority.issue(LOOPBACK)
        return [
            "redis-server", str(CONFIG), "--bind", LOOPBACK, "--port", "0", "--tls-port", str(self.port),
            "--dir", str(self.folder), "--aclfile", str(self.folder / "users.acl"),
            "--tls-cert-file", str(pair.certificate), "--tls-key-file", str(pair.key),
            "--tls-ca-cert-file", str(self._authority.ca),
            "--tls-auth-clients", "yes" if self._client_certificates else "no",
        ]  # fmt: skip

    def ready(self) -> bool:
        own = self._authority.issue("probe.example")
        context = ssl.create_default_context(cafile=self._authority.ca)
        context.load_cert_chain(own.certificate, own.key)
        with (
            contextlib.suppress(OSError),
            socket.create_connection((LOOPBACK, self.port), timeout=1) as plain,
            context.wrap_socket(plain, server_hostname=LOOPBACK) as connection,
        ):
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"-NOAUTH")
        return False


class WatchedRedis(LocalRedis):
    """Sentinels write its role into its configuration file, so it has one of its own."""

    def prepare(self) -> None:
        (self.folder / "redis.conf").write_text(CONFIG.read_text())

    def command(self) -> Sequence[str]:
        own = str(self.folder / "redis.conf")
        return [own if part == str(CONFIG) else part for part in super().command()]


class Replica(WatchedRedis):
    def __init__(self, folder: Path, master: LocalRedis) -> None:
        super().__init__(folder)
        self._master = master

    def command(self) -> Sequence[str]:
        return [*super().command(), "--replicaof", LOOPBACK, str(self._master.port)]


class SentinelNode(LocalRedis):
    """One of three, who agree by two that a master is gone after half a second."""

    name = "sentinel"

    def __init__(self, folder: Path, master: LocalRedis) -> None:
        super().__init__(folder)
        self._master = master

    def prepare(self) -> None:
        lines = (
            f"bind {LOOPBACK}",
            f"port {self.port}",
            f"sentinel monitor {SERVICE} {LOOPBACK} {self._master.port} 2",
            f"sentinel down-after-milliseconds {SERVICE} 500",
            f"sentinel failover-timeout {SERVICE} 3000",
        )
        (self.folder / "sentinel.conf").write_text("\n".join(lines) + "\n")

    def command(self) -> Sequence[str]:
        return ["redis-server", str(self.folder / "sentinel.conf"), "--sentinel"]


@contextlib.contextmanager
def three_sentinels(folder: Path) -> Iterator[tuple[str, LocalRedis]]:
    """(URL, master) of a master with a replica; its first failover is a second or two after its death."""
    with contextlib.ExitStack() as servers:
        master = servers.enter_context(WatchedRedis(folder / "master"))
        servers.enter_context(Replica(folder / "replica", master))
        sentinels = [servers.enter_context(SentinelNode(folder / f"sentinel-{n}", master)) for n in range(3)]
        hosts = ",".join(f"{LOOPBACK}:{sentinel.port}" for sentinel in sentinels)
        yield f"redis+sentinel://{hosts}/{SERVICE}", master


@contextlib.asynccontextmanager
async def three_masters(folder: Path) -> AsyncIterator[str]:
    """The URL of a cluster whose three nodes own a third of the slots each."""
    with contextlib.ExitStack() as servers:
        nodes = [servers.enter_context(ClusterNode(folder / str(number))) for number in range(3)]
        clients: list[Any] = [Redis.from_url(node.url) for node in nodes]
        bounds = (0, 5461, 10923, 16384)
        for number, client in enumerate(clients):
            await client.execute_command("CLUSTER", "ADDSLOTSRANGE", bounds[number], bounds[number + 1] - 1)
            await client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for node in nodes[1:]:
            await clients[0].execute_command("CLUSTER", "MEET", LOOPBACK, node.port, node.bus_port)
        async with asyncio.timeout(30):
            for client in clients:
                # A node tells nobody when it is ready, so it has to be asked.
                while not _whole(await client.execute_command("CLUSTER", "INFO")):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        for client in clients:
            await client.aclose()
        hosts = ",".join(f"{LOOPBACK}:{node.port}" for node in nodes)
        yield f"redis+cluster://{hosts}"


def _whole(info: bytes) -> bool:
    return b"cluster_state:ok" in info and b"cluster_known_nodes:3" in info and b"cluster_size:3" in info
