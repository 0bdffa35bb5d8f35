"""Pulsewatch's own processes on this machine: a worker a stage, exporter, relay, console, the receiver of pages."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from pydantic import SecretStr

from deploy.local.alertmanager import with_host
from deploy.local.http import answers, text
from deploy.local.process import LOOPBACK, ServerProcess
from deploy.local.secrets import StackSecrets
from streams.errors import Unavailable
from streams.settings import Settings

RELAY_CONFIG = Path(__file__).parents[1] / "relay" / "relay.yml"


def pulsewatch(*arguments: str) -> Sequence[str]:
    """A command of ours, run by this interpreter."""
    return [sys.executable, "-m", "deploy.cli", *arguments]


def variables(settings: Settings) -> dict[str, str]:
    """The settings as the environment of a process, which then needs no .env file of the launcher's folder."""
    plain = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in settings
        if value is not None
    }
    return {f"PULSEWATCH_{name.upper()}": str(value) for name, value in plain.items()}


class WorkerProcess(ServerProcess):
    """One worker of a stage; it answers once it has its partitions."""

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
        return pulsewatch("worker", self.name)

    def environment(self) -> Mapping[str, str]:
        return variables(self._settings)

    def ready(self) -> bool:
        try:
            page = text(f"http://{self.metrics}/metrics")
        except Unavailable:
            return False
        return f'pulsewatch_worker_up{{stage="{self.name}"}} 1.0' in page


class ExporterProcess(ServerProcess):
    """The Prometheus exporter."""

    name = "exporter"
    start_seconds = 90.0

    def __init__(self, folder: Path, settings: Settings, port: int = 0) -> None:
        super().__init__(folder, port)
        self._settings = settings

    @property
    def address(self) -> str:
        """host:port, for Prometheus."""
        return f"{LOOPBACK}:{self.port}"

    def command(self) -> Sequence[str]:
        return pulsewatch("exporter", "--port", str(self.port))

    def environment(self) -> Mapping[str, str]:
        return variables(self._settings)

    def ready(self) -> bool:
        return answers(f"http://{self.address}/metrics")


class RelayProcess(ServerProcess):
    """The relay with the shipped targets, those of the demo's receiver pointed at this machine's."""

    name = "relay"
    start_seconds = 90.0

    def __init__(
        self, folder: Path, settings: Settings, port: int = 0, *, receiver: str, secrets: StackSecrets | None = None
    ) -> None:
        super().__init__(folder, port)
        self._settings = settings
        self._receiver = receiver
        self._secrets = secrets

    @property
    def address(self) -> str:
        """host:port, for Alertmanager and Prometheus."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def _config(self) -> Path:
        return self.folder / "relay.yml"

    def command(self) -> Sequence[str]:
        return pulsewatch("relay", "--port", str(self.port), "--config", str(self._config))

    def environment(self) -> Mapping[str, str]:
        if self._secrets is None:
            return variables(self._settings)
        files = {
            "relay_token_file": self._secrets.token("relay"),
            "alertmanager_password_file": self._secrets.password("alertmanager"),
        }
        return variables(self._settings.model_copy(update=files))

    def prepare(self) -> None:
        if self._secrets is not None:
            self._secrets.create()
        shipped = yaml.safe_load(RELAY_CONFIG.read_text())
        targets = {name: _here(entry, self._receiver, self._secrets) for name, entry in shipped["targets"].items()}
        self._config.write_text(yaml.safe_dump({"targets": targets}, sort_keys=False))

    def ready(self) -> bool:
        return answers(f"http://{self.address}/healthz")


def _here(entry: Mapping[str, str], receiver: str, secrets: StackSecrets | None) -> dict[str, str]:
    """A target as seen from another folder; the demo's receiver takes the token that was made here, or none."""
    own = dict(entry)
    if urlsplit(entry.get("url", "")).hostname == "receiver":
        own["url"] = with_host(entry["url"], {"receiver": receiver})
        del own["secret_file"]
        return own | ({"secret_file": str(secrets.token("pager"))} if secrets else {})
    files = {key: str(RELAY_CONFIG.parent / entry[key]) for key in ("url_file", "secret_file") if key in entry}
    return own | files


class ConsoleProcess(ServerProcess):
    """The console's web server."""

    name = "console"

    def __init__(self, folder: Path, settings: Settings, port: int = 0, arguments: Sequence[str] = ()) -> None:
        super().__init__(folder, port)
        self._settings = settings
        self._arguments = arguments

    @property
    def url(self) -> str:
        """What a browser opens."""
        return f"http://{LOOPBACK}:{self.port}/"

    def command(self) -> Sequence[str]:
        return pulsewatch("console", "--port", str(self.port), *self._arguments)

    def environment(self) -> Mapping[str, str]:
        return variables(self._settings)

    def ready(self) -> bool:
        return answers(f"{self.url}healthz")


class PageReceiver(ServerProcess):
    """The webhook that shows what on-call staff would get."""

    name = "receiver"

    def __init__(self, folder: Path, port: int = 0, *, secrets: StackSecrets | None = None) -> None:
        super().__init__(folder, port)
        self._secrets = secrets

    @property
    def address(self) -> str:
        """host:port, for Alertmanager."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def url(self) -> str:
        """Where what it received can be read, as JSON."""
        return f"http://{self.address}/received"

    def command(self) -> Sequence[str]:
        token = ["--token-file", str(self._secrets.token("pager"))] if self._secrets else []
        return pulsewatch("pager", "--port", str(self.port), "--log", str(self.folder / "pages.jsonl"), *token)

    def prepare(self) -> None:
        if self._secrets is not None:
            self._secrets.create()

    def ready(self) -> bool:
        return answers(self.url)
