"""A Redis Cluster of one node that owns every slot: enough to be refused what spans two slots."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from deploy.local.process import free_port
from deploy.local.redis import LocalRedis


class ClusterNode(LocalRedis):
    """Started with clustering on; it has no slots yet."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        # By default its bus listens 10,000 ports above, where the system has outgoing connections.
        self.bus_port = free_port()

    def command(self) -> Sequence[str]:
        return [*super().command(), "--cluster-enabled", "yes", "--cluster-port", str(self.bus_port)]


@contextlib.asynccontextmanager
async def one_node_cluster(folder: Path) -> AsyncIterator[ClusterNode]:
    """The node, once the cluster answers."""
    with ClusterNode(folder) as server:
        node: Any = Redis.from_url(server.url)  # Any: its cluster commands are not typed
        await node.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        async with asyncio.timeout(10):
            # The server tells nobody when it is ready, so it has to be asked.
            while b"cluster_state:ok" not in await node.execute_command("CLUSTER", "INFO"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await node.aclose()
        yield server
