"""The whole stack on one machine, owned by the process that starts it.

    Redis, Kafka, Alertmanager, receiver     together, first: nothing works without them
    topics                                   as soon as Kafka answers
    exporter, relay, three workers,          together; each worker answers once it has its partitions
    console, Prometheus

Stopping goes the other way round: workers finish their batch while Kafka and Redis still answer.
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deploy.local.alertmanager import LocalAlertmanager
from deploy.local.kafka import LocalKafka
from deploy.local.process import LOOPBACK, ServerProcess, free_port, listens
from deploy.local.programs import ConsoleProcess, ExporterProcess, PageReceiver, RelayProcess, WorkerProcess
from deploy.local.prometheus import LocalPrometheus
from deploy.local.redis import LocalRedis
from deploy.local.restart_backoff import RestartBackoff
from deploy.local.secrets import StackSecrets
from streams.errors import PulsewatchError
from streams.kafka.admin import create_topics
from streams.kafka.connection import KafkaConnection
from streams.settings import Settings
from streams.topology import STAGES

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ports:
    """Where each server listens on loopback."""

    kafka: int
    redis: int
    prometheus: int
    alertmanager: int
    receiver: int
    exporter: int
    engagement: int
    scoring: int
    detection: int
    relay: int
    console: int

    @classmethod
    def free(cls) -> "Ports":
        """Any free ones, all different."""
        chosen: set[int] = set()
        while len(chosen) < len(USUAL):
            chosen.add(free_port())
        return cls(*chosen)

    @classmethod
    def usual(cls, before: "Ports | None" = None) -> "Ports":
        """Those that it had before, at first those that the settings' defaults name, so that commands need no
        variables; a free one where another program listens now."""
        wanted = astuple(before) if before else USUAL
        return cls(*(free_port() if listens(port) else port for port in wanted))


USUAL = (9092, 6379, 9090, 9093, 9094, 9108, 9101, 9102, 9103, 9110, 9107)


@dataclass(frozen=True)
class Addresses:
    """What to open, and what to set."""

    console: str
    """Rooms, brands, campaigns and alerts, for a browser."""
    kafka: str
    redis: str
    prometheus: str
    alertmanager: str
    pages: str
    """What on-call staff would have got, as JSON."""
    exporter: str


def addresses(ports: Ports) -> Addresses:
    """The addresses that follow from the ports."""
    return Addresses(
        console=f"http://{LOOPBACK}:{ports.console}/",
        kafka=f"{LOOPBACK}:{ports.kafka}",
        redis=f"redis://{LOOPBACK}:{ports.redis}/0",
        prometheus=f"http://{LOOPBACK}:{ports.prometheus}",
        alertmanager=f"http://{LOOPBACK}:{ports.alertmanager}",
        pages=f"http://{LOOPBACK}:{ports.receiver}/received",
        exporter=f"http://{LOOPBACK}:{ports.exporter}/metrics",
    )


def servers(folder: Path, settings: Settings, ports: Ports) -> dict[str, ServerProcess]:
    """Every server of the stack by name, in the order of starting; none is started."""
    secrets = StackSecrets(folder / SECRETS)
    receiver = PageReceiver(folder / "receiver", ports.receiver, secrets=secrets)
    relay = RelayProcess(folder / "relay", settings, ports.relay, receiver=receiver.address, secrets=secrets)
    alertmanager = LocalAlertmanager(
        folder / "alertmanager", ports.alertmanager, receiver=receiver.address, relay=relay.address, secrets=secrets
    )
    exporter = ExporterProcess(folder / "exporter", settings, ports.exporter)
    workers = [WorkerProcess(folder / stage, stage, settings, asdict(ports)[stage]) for stage in STAGES]
    targets = {
        "pulsewatch-exporter": {exporter.address: ""},
        "pulsewatch-relay": {relay.address: ""},
        "alertmanager": {alertmanager.address: ""},
        "pulsewatch-worker": {worker.metrics: worker.name for worker in workers},
    }
    prometheus = LocalPrometheus(
        folder / "prometheus", ports.prometheus, targets=targets, alertmanager=alertmanager.address, secrets=secrets
    )
    return {
        server.name: server
        for server in (
            LocalRedis(folder / "redis", ports.redis),
            LocalKafka(folder / "kafka", ports.kafka),
            alertmanager,
            receiver,
            relay,
            *workers,
            exporter,
            ConsoleProcess(folder / "console", settings, ports.console),
            prometheus,
        )
    }


def plain_connections() -> dict[str, Any]:
    """The stack's own Kafka and Redis ask nobody who calls: their settings, whatever another Kafka or Redis needs."""
    return {
        name: field.default for name, field in Settings.model_fields.items() if name.startswith(("kafka_", "redis_"))
    }


SECRETS = "secrets"
"""The folder below the stack's, of tokens and passwords."""
FIRST = ("redis", "kafka", "alertmanager", "receiver")
KAFKA_AND_REDIS = ("redis", "kafka")
"""What feeds and workers need that somebody starts by hand."""


class Stack:
    """`with Stack(folder, settings) as stack:` starts all and stops all; `restart_dead()` often, meanwhile.

    Start and watch it from one thread that lives on: the kernel ends the servers with the thread that started them.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        ports: Ports | None = None,
        on_progress: Callable[[str], None] = lambda _line: None,
        *,
        only: Collection[str] | None = None,
    ) -> None:
        """`only`: some of its servers, by name."""
        self.ports = ports or Ports.free()
        self.addresses = addresses(self.ports)
        self.only = only
        self.settings = settings.model_copy(
            update={
                "kafka": self.addresses.kafka,
                "redis": self.addresses.redis,
                "console_url": self.addresses.console,
                "alertmanager": self.addresses.alertmanager,
            }
            | plain_connections()
        )
        """The settings that reach this stack: for readers, feeds and workers."""
        self.secrets = StackSecrets(folder.absolute() / SECRETS)
        self.servers = {
            name: server
            for name, server in servers(folder.absolute(), self.settings, self.ports).items()
            if only is None or name in only
        }
        self._on_progress = on_progress
        self._backoffs = {name: RestartBackoff() for name in self.servers}

    def start(self) -> None:
        """Start all and wait until all answer. Raises Unavailable or UsageError, with everything stopped again."""
        try:
            self._start([name for name in FIRST if name in self.servers])
            self._on_progress("making the topics")
            create_topics(
                KafkaConnection.of(self.settings),
                self.settings.partitions,
                1,
                self.settings.retention_days,
                self.settings.topic_time,
            )
            self._start([name for name in self.servers if name not in FIRST])
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all, those that work first; nothing is left, whatever goes wrong with one."""
        working = [server for name, server in self.servers.items() if name not in FIRST]
        for group in (working, [self.servers[name] for name in FIRST if name in self.servers]):
            for server in group:
                server.ask_to_stop()
            for server in group:
                with suppress(OSError):
                    server.stop()

    def restart_dead(self) -> Sequence[str]:
        """Start again what ended, each with its own backoff; returns the names started now. Does not block for long."""
        now = time.monotonic()
        return [name for name in self.servers if self._restart(name, now)]

    def pids(self) -> dict[str, int]:
        """The processes that run, by name."""
        return {name: server.pid for name, server in self.servers.items() if server.pid}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self, names: Sequence[str]) -> None:
        for name in names:
            self._on_progress(f"starting {name}")
            self.servers[name].launch()
            self._backoffs[name].started(time.monotonic())
        for name in names:
            self.servers[name].wait()
            self._on_progress(f"{name} answers")

    def _restart(self, name: str, now_seconds: float) -> bool:
        server, backoff = self.servers[name], self._backoffs[name]
        if server.pid is not None:
            return False
        backoff.ended(now_seconds)
        if not backoff.due(now_seconds):
            return False
        LOG.warning("%s ended with exit code %s and is started again", name, server.exit_code)
        backoff.started(now_seconds)
        try:
            server.launch()
        except (PulsewatchError, OSError) as error:
            LOG.warning("%s cannot be started: %s", name, error)
            return False
        return True
