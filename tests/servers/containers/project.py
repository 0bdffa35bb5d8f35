"""docker-compose.yml as it is shipped, of a copy of the tree, under a name and on loopback ports of its own.

A second file says only what a test needs: free ports, topics that take the times of a feed that is played faster than
it happened, and the machine's network for the build.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from deploy.local.process import free_port
from streams.errors import Unavailable
from streams.settings import Settings
from tests.servers.containers.base_images import ROOT, services
from tests.servers.containers.engine import DockerEngine

START_SECONDS = 300
KAFKA_ADVERTISED = "PLAINTEXT://kafka:19092,HOST://127.0.0.1:{port}"


class Override(yaml.SafeDumper):
    """Writes `!override` before what takes the place of the shipped value instead of joining it."""


class Instead(list[str]):
    """A list that takes the place of the shipped one."""


Override.add_representer(Instead, lambda dumper, ports: dumper.represent_sequence("!override", ports))


class Project:
    """One stack in containers: `up`, `kill`, `cut_off`, `down`."""

    def __init__(self, engine: DockerEngine, folder: Path) -> None:
        self._engine = engine
        self._name = f"pulsewatch-{uuid4().hex[:8]}"
        self._tree = folder / "tree"
        _copy_tree(self._tree)
        shipped = yaml.safe_load((self._tree / "docker-compose.yml").read_text())["services"]
        self.ports = {
            name: {int(port.rpartition(":")[2]): free_port() for port in shipped[name].get("ports", [])}
            for name in services()
        }
        """Of each service: the loopback port by the port inside."""
        (self._tree / "override.yml").write_text(yaml.dump(self._override(), Dumper=Override))

    @property
    def settings(self) -> Settings:
        """How a program on this machine reaches it."""
        redis = f"redis://127.0.0.1:{self.ports['redis'][6379]}/0"
        return Settings(kafka=f"127.0.0.1:{self.ports['kafka'][9092]}", redis=redis)

    def url(self, service: str) -> str:
        """Where a service with one port answers."""
        [port] = self.ports[service].values()
        return f"http://127.0.0.1:{port}"

    def up(self) -> None:
        """Build the image and start; returns once every service is healthy or has done its work. Raises Unavailable
        with what docker said."""
        self.compose("build", "--quiet", "secrets")
        waits = ("--wait", "--wait-timeout", str(START_SECONDS))
        self.compose("up", "--detach", "--no-build", "--quiet-pull", *waits, *services())

    def down(self) -> None:
        """Stop and remove containers, network and volumes."""
        self.compose("down", "--volumes", "--timeout", "30")

    def compose(self, *arguments: str) -> str:
        files = ("--project-directory", ".", "--file", "docker-compose.yml", "--file", "override.yml")
        return self._engine.docker("compose", "--project-name", self._name, *files, *arguments, folder=self._tree)

    def states(self) -> Mapping[str, str]:
        """Of each service: `healthy`, else docker's word for how its container is."""
        rows = [json.loads(line) for line in self.compose("ps", "--all", "--format", "json").splitlines()]
        return {row["Service"]: row["Health"] or row["State"] for row in rows}

    def restarts(self, service: str) -> int:
        """How often docker has started the container again."""
        return int(self._engine.docker("inspect", "--format", "{{.RestartCount}}", self._container(service)))

    def kill(self, service: str) -> None:
        """SIGKILL to its process, as the kernel does when memory is short: `docker kill` would be a wish to keep it
        stopped."""
        told = self._engine.docker("inspect", "--format", "{{.State.Pid}}", self._container(service))
        os.kill(int(told), signal.SIGKILL)

    @contextmanager
    def cut_off(self, service: str) -> Iterator[None]:
        """Without a network until the block ends."""
        container, network = self._container(service), f"{self._name}_default"
        self._engine.docker("network", "disconnect", network, container)
        try:
            yield
        finally:
            self._engine.docker("network", "connect", "--alias", service, network, container)

    def logs(self) -> str:
        """The last words of every service."""
        return self.compose("logs", "--no-color", "--tail", "30")

    def leftovers(self) -> list[str]:
        """Containers, networks and volumes that are the project's."""
        mine = f"label=com.docker.compose.project={self._name}"
        kinds = (("ps", "--all"), ("network", "ls"), ("volume", "ls"))
        return [line for kind in kinds for line in self._engine.docker(*kind, "-q", "--filter", mine).splitlines()]

    def _container(self, service: str) -> str:
        found = self.compose("ps", "--all", "--quiet", service)
        if not found:
            raise Unavailable(f"{service} has no container")
        return found

    def _override(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            name: {"ports": Instead(f"127.0.0.1:{port}:{inside}" for inside, port in ports.items())}
            for name, ports in self.ports.items()
            if ports
        }
        advertised = KAFKA_ADVERTISED.format(port=self.ports["kafka"][9092])
        told["kafka"]["environment"] = {"KAFKA_ADVERTISED_LISTENERS": advertised}
        told["topics"] = {"environment": {"PULSEWATCH_TOPIC_TIME": "feed"}}
        told["secrets"] = {"build": {"network": "host"}}
        return {"services": told}


def _copy_tree(target: Path) -> None:
    """What git has or would take, as it lies here: no caches, no settings and no secrets of this checkout's own."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
