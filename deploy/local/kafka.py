"""Apache Kafka in KRaft mode: one node, broker and controller in one Java process, no ZooKeeper."""

import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from deploy.local.jars import class_archive, class_path, kafka_jars
from deploy.local.java import java
from deploy.local.process import LOOPBACK, ServerProcess, free_port, spawn, tail
from streams.errors import Unavailable, UsageError
from streams.kafka.connection import KafkaConnection

CONFIG = Path(__file__).parents[1] / "kafka"
HEAP_MB = 512
# Length 10, ApiVersions (18) version 0, correlation id 1, no client id: what a broker answers first of all.
API_VERSIONS_REQUEST = struct.pack(">ihhih", 10, 18, 0, 1, -1)


class LocalKafka(ServerProcess):
    """`with LocalKafka(folder) as kafka: kafka.bootstrap`. Restarts on the same port and data."""

    name = "kafka"
    stop_seconds = 60.0

    def __init__(self, folder: Path, port: int = 0, *, write_archive: Path | None = None) -> None:
        """`write_archive`: where the broker writes its class archive when it stops, instead of reading one."""
        super().__init__(folder, port)
        self._write_archive = write_archive
        self._controller_port = free_port()

    @property
    def bootstrap(self) -> str:
        """For `PULSEWATCH_KAFKA`."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def command(self) -> Sequence[str]:
        heap = [f"-Xmx{HEAP_MB}m", "-Xms128m", "-XX:+ExitOnOutOfMemoryError"]
        archive = [f"-XX:ArchiveClassesAtExit={self._write_archive}"] if self._write_archive else [_read_archive()]
        return self._java("kafka.Kafka", str(self._properties), options=[*heap, *archive])

    def prepare(self) -> None:
        if not kafka_jars().is_dir() or java() is None:
            raise UsageError("Kafka's jars or Java 17 are missing: run `python -m deploy.local.install`")
        own = {
            **self.listeners(),
            "controller.quorum.voters": f"1@{LOOPBACK}:{self._controller_port}",
            "log.dirs": str(self._data),
        }
        lines = [f"{name}={value}" for name, value in own.items()]
        self._properties.write_text((CONFIG / "server.properties").read_text() + "\n".join(lines) + "\n")
        if not (self._data / "meta.properties").exists():
            self._format()

    def listeners(self) -> Mapping[str, str]:
        """The broker's properties of where it listens, and to whom."""
        plain = f"PLAINTEXT://{LOOPBACK}:{self.port}"
        return {
            "listeners": f"{plain},CONTROLLER://{LOOPBACK}:{self._controller_port}",
            "advertised.listeners": plain,
        }

    def format_options(self) -> Sequence[str]:
        """More arguments of the command that formats the data folder: users, for one."""
        return ()

    def ready(self) -> bool:
        with suppress(OSError), socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
            return self._answers(connection)
        return False

    @staticmethod
    def _answers(connection: socket.socket) -> bool:
        connection.sendall(API_VERSIONS_REQUEST)
        return len(connection.recv(64)) > 0

    @property
    def connection(self) -> KafkaConnection:
        """How clients enter it."""
        return KafkaConnection(self.bootstrap)

    @contextmanager
    def admin(self) -> Iterator[Any]:
        """kafka-python's admin client on this broker, closed at the end."""
        client = self.connection.admin(request_timeout_ms=10_000)
        try:
            yield client
        finally:
            client.close()

    def _java(self, main: str, *arguments: str, options: Sequence[str]) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={CONFIG / 'log4j2.xml'}"
        return [str(java()), *options, logging, "-cp", class_path(kafka_jars()), main, *arguments]

    def _format(self) -> None:
        # One second of Java: not worth its better compiler.
        command = self._java(
            "kafka.tools.StorageTool",
            "format",
            "-t",
            uuid4().hex[:22],
            "-c",
            str(self._properties),
            *self.format_options(),
            options=["-XX:TieredStopAtLevel=1", _read_archive()],
        )
        if spawn(command, self.log, self.folder, {}).wait() != 0:
            raise Unavailable(f"Kafka's data folder cannot be formatted; the end of {self.log}:\n{tail(self.log)}")


def _read_archive() -> str:
    return f"-XX:SharedArchiveFile={class_archive(kafka_jars())}"
