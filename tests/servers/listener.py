"""The smallest server that the launcher can start."""

import sys
from collections.abc import Sequence

from deploy.local.process import ServerProcess


class Listener(ServerProcess):
    """Python's own HTTP server: small, and nothing has to be installed for it."""

    name = "listener"
    start_seconds = 20

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(self.port)]
