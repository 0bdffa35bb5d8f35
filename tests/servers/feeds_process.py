"""`pulsewatch feeds run` as a process of its own."""

import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.process import LOOPBACK, ServerProcess
from deploy.local.programs import variables
from streams.settings import Settings


class FeedsProcess(ServerProcess):
    """It runs the feeds of a file; it answers once all are connected, or at their end."""

    name = "feeds"
    stop_seconds = 20.0

    def __init__(self, folder: Path, settings: Settings, file: Path, *names: str) -> None:
        super().__init__(folder)
        self._settings = settings.model_copy(update={"metrics_port": self.port, "metrics_host": LOOPBACK})
        self._file = file
        self._names = names

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "deploy.cli", "feeds", "run", *self._names, "--file", str(self._file)]

    def environment(self) -> dict[str, str]:
        return variables(self._settings)
