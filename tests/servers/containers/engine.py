"""dockerd as one more local server: its own socket, images and networks.

It writes no firewall rule and opens no bridge for all: ports are published by its proxy on loopback, containers reach
each other and nothing else, and an image is built on the machine's own network.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.install import Need
from deploy.local.jars import kafka_jars
from deploy.local.process import ServerProcess
from streams.errors import Unavailable

PACKAGES = (
    Need("dockerd", "docker.io", "docker"),
    Need("docker", "docker.io", "docker"),
    Need("debootstrap", "debootstrap"),
    Need("npm", "npm"),
)
NETWORKS = "base=10.213.0.0/16,size=24"


def cache() -> Path:
    """Where the engine keeps its images between runs, with the plugin and whatever else took long."""
    return kafka_jars().parent / "containers"


def reason_against() -> str | None:
    """Why no engine can be had here, in a few words; None where one can."""
    if os.geteuid() != 0:
        return "an engine needs root"
    lacking = [need.program for need in PACKAGES if shutil.which(need.program) is None]
    if lacking and shutil.which("apt-get") is None:
        return f"{', '.join(lacking)} missing, and no apt-get here"
    if shutil.which("go") is None and not plugin_path().exists():
        return "Go is missing, which builds compose's plugin"
    if _drops_forwarded():
        return (
            "the firewall drops what is forwarded, as another engine has told it: containers would not hear each other"
        )
    return None


def _drops_forwarded() -> bool:
    if shutil.which("iptables") is None:
        return False
    told = subprocess.run(["iptables", "-S", "FORWARD"], capture_output=True, text=True, check=False)
    return told.stdout.startswith("-P FORWARD DROP")


def client_folder() -> Path:
    """docker's own configuration: where its client looks for plugins."""
    return cache() / "client"


def plugin_path() -> Path:
    """Where the client finds compose."""
    return client_folder() / "cli-plugins" / "docker-compose"


class DockerEngine(ServerProcess):
    """`with DockerEngine() as engine: engine.docker("images")`."""

    name = "dockerd"
    stop_seconds = 60.0
    listens_itself = False  # on a socket in its folder, on no port

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder or cache() / "engine")

    @property
    def _socket(self) -> str:
        return f"unix://{self.folder}/docker.sock"

    def command(self) -> Sequence[str]:
        own = {
            "host": self._socket,
            "data-root": f"{self.folder}/data",
            "exec-root": f"{self.folder}/run",
            "pidfile": f"{self.folder}/pid",
            "bridge": "none",
            "iptables": "false",
            "ip6tables": "false",
            "default-address-pool": NETWORKS,
            "log-level": "warn",
        }
        return ["dockerd", *(f"--{name}={value}" for name, value in own.items())]

    def ready(self) -> bool:
        return self.run("version", check=False).returncode == 0

    def client_environment(self) -> Mapping[str, str]:
        """What makes docker's client speak to this engine, with our plugin and the engine's own builder."""
        return {
            **os.environ,
            "DOCKER_HOST": self._socket,
            "DOCKER_CONFIG": str(client_folder()),
            "DOCKER_BUILDKIT": "0",
        }

    def docker(self, *arguments: str, folder: Path | None = None) -> str:
        """What the client prints. Raises Unavailable with its last lines where it fails."""
        return self.run(*arguments, folder=folder).stdout.strip()

    def run(
        self, *arguments: str, folder: Path | None = None, check: bool = True
    ) -> "subprocess.CompletedProcess[str]":
        """The same, with exit code and errors."""
        done = subprocess.run(
            ["docker", *arguments],
            cwd=folder,
            env=self.client_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode != 0:
            said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
            raise Unavailable(f"`docker {' '.join(arguments[:4])} …` failed:\n{said}")
        return done
