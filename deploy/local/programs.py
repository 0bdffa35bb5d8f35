"""Pulsewatch's own processes on this machine: a worker a stage, the exporter, the receiver of pages."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import SecretStr

from deploy.local.http import answers, text
from deploy.local.server import LOOPBACK, Server
from streams.errors import Unavailable
from streams.settings import Settings


def variables(settings: Settings) -> dict[str, str]:
    """The settings as the environment of a process, which then needs no .env file of the launcher's folder."""
    plain = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in settings
        if value is not None
    }
    return {f"PULSEWATCH_{name.upper()}": str(value) for name, value in plain.items()}


class Worker(Server):
    """One worker of a stage; it answers once it has its partitions."""

    start_seconds = 90.0
    stop_seconds = 20.0

    def __init__(self, folder: Path, stage: str, settings: Settings, port: int = 0) -> None:
        super().__init__(folder, port)
        self.name = stage
        # Static membership: a worker that was killed and comes back has its partitions at once.
        self._settings = settings.model_copy(update={"instance": f"local-{stage}", "metrics_port": self.port})

    @property
    def metrics(self) -> str:
        """host:port of its metrics page."""
        return f"{LOOPBACK}:{self.port}"

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "streams.cli", "worker", self.name]

    def environment(self) -> Mapping[str, str]:
        return variables(self._settings)

    def ready(self) -> bool:
        try:
            page = text(f"http://{self.metrics}/metrics")
        except Unavailable:
            return False
        return f'pulsewatch_worker_up{{stage="{self.name}"}} 1.0' in page


class Exporter(Server):
    """The Prometheus exporter."""

    name = "exporter"

    def __init__(self, folder: Path, settings: Settings, port: int = 0) -> None:
        super().__init__(folder, port)
        self._settings = settings

    @property
    def address(self) -> str:
        """host:port, for Prometheus."""
        return f"{LOOPBACK}:{self.port}"

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "dashboards.exporter", "--port", str(self.port)]

    def environment(self) -> Mapping[str, str]:
        return variables(self._settings)

    def ready(self) -> bool:
        return answers(f"http://{self.address}/metrics")


class PageReceiver(Server):
    """The webhook that shows what on-call staff would get."""

    name = "receiver"

    @property
    def address(self) -> str:
        """host:port, for Alertmanager."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def url(self) -> str:
        """Where what it received can be read, as JSON."""
        return f"http://{self.address}/received"

    def command(self) -> Sequence[str]:
        log = self.folder / "pages.jsonl"
        return [sys.executable, "-m", "deploy.local.receiver", "--port", str(self.port), "--log", str(log)]

    def ready(self) -> bool:
        return answers(self.url)
