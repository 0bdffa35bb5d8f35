"""Redis as production runs it: append-only file synced each second, and an error instead of an eviction."""

import contextlib
import socket
from collections.abc import Sequence
from pathlib import Path

from deploy.local.process import LOOPBACK, ServerProcess

CONFIG = Path(__file__).parents[1] / "redis" / "redis.conf"


class LocalRedis(ServerProcess):
    """`with LocalRedis(folder) as redis: redis.url`. Restarts on the same port and data."""

    name = "redis"

    def __init__(self, folder: Path, port: int = 0, *, appendonly: bool = True) -> None:
        super().__init__(folder, port)
        self._appendonly = appendonly

    @property
    def url(self) -> str:
        """For `PULSEWATCH_REDIS`."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def command(self) -> Sequence[str]:
        appendonly = "yes" if self._appendonly else "no"
        return [
            "redis-server",
            str(CONFIG),
            "--bind",
            LOOPBACK,
            "--port",
            str(self.port),
            "--dir",
            str(self.folder),
            "--appendonly",
            appendonly,
        ]

    def ready(self) -> bool:
        # While it reads its append-only file it answers -LOADING.
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False
