"""Alertmanager with the shipped routes, its webhooks pointed at this machine's relay and receiver."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import yaml

from deploy.local.http import answers
from deploy.local.process import LOOPBACK, ServerProcess

CONFIG = Path(__file__).parents[1] / "alertmanager" / "alertmanager.yml"


class LocalAlertmanager(ServerProcess):
    """`with LocalAlertmanager(folder, receiver="127.0.0.1:9094") as alertmanager: alertmanager.url`.

    Without a relay the receiver takes what is meant for it: both have the same paths.
    """

    name = "alertmanager"

    def __init__(
        self, folder: Path, port: int = 0, *, receiver: str, relay: str | None = None, group_interval: str | None = None
    ) -> None:  # fmt: skip
        """`group_interval`: how soon a group is told again, in place of the shipped times."""
        super().__init__(folder, port)
        self._group_interval = group_interval
        self._hosts = {"receiver": receiver, "relay": relay or receiver}

    @property
    def address(self) -> str:
        """host:port, for Prometheus."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def url(self) -> str:
        """Its web page and API."""
        return f"http://{self.address}"

    @property
    def _config(self) -> Path:
        return self.folder / "alertmanager.yml"

    def command(self) -> Sequence[str]:
        return [
            "prometheus-alertmanager",
            f"--config.file={self._config}",
            f"--storage.path={self.folder / 'data'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ]

    def prepare(self) -> None:
        shipped = yaml.safe_load(CONFIG.read_text())
        own = delivering_to(shipped, self._hosts)
        if self._group_interval is not None:
            own["route"] = _told_again_after(own["route"], self._group_interval)
        self._config.write_text(yaml.safe_dump(own, sort_keys=False))

    def ready(self) -> bool:
        return answers(f"{self.url}/-/ready")


def delivering_to(shipped: dict[str, Any], hosts: Mapping[str, str]) -> dict[str, Any]:
    """The shipped configuration with every webhook's host replaced by its address here, its path kept."""
    receivers = [
        entry
        | {"webhook_configs": [hook | {"url": with_host(hook["url"], hosts)} for hook in entry["webhook_configs"]]}
        for entry in shipped["receivers"]
    ]
    return shipped | {"receivers": receivers}


def _told_again_after(route: dict[str, Any], interval: str) -> dict[str, Any]:
    routes = [_told_again_after(one, interval) for one in route.get("routes", [])]
    return route | {"group_interval": interval, "routes": routes}


def with_host(url: str, hosts: Mapping[str, str]) -> str:
    """The URL at this machine's address, where its host has one."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=hosts.get(parts.hostname or "", parts.netloc)))
