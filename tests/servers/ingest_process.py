"""Ingest as a process of its own."""

import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.process import LOOPBACK, ServerProcess
from deploy.local.programs import variables
from streams.settings import Settings


class IngestProcess(ServerProcess):
    """It takes what reaches it, on loopback."""

    name = "ingest"

    def __init__(self, folder: Path, settings: Settings) -> None:
        super().__init__(folder)
        self._settings = settings

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "deploy.cli", "ingest", "--port", str(self.port)]

    def environment(self) -> dict[str, str]:
        return variables(self._settings)

    @property
    def url(self) -> str:
        """Where events are posted."""
        return f"http://{LOOPBACK}:{self.port}/v1/events"
