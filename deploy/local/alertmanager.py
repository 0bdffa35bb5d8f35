"""Alertmanager with the shipped routes, its webhooks pointed at this machine's relay and receiver."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import yaml

from deploy.local.http import answers
from deploy.local.process import LOOPBACK, ServerProcess
from deploy.local.secrets import StackSecrets, Taker

CONFIG = Path(__file__).parents[1] / "alertmanager" / "alertmanager.yml"


class LocalAlertmanager(ServerProcess):
    """`with LocalAlertmanager(folder, receiver="127.0.0.1:9094") as alertmanager: alertmanager.url`.

    Without a relay the receiver takes what is meant for it: both have the same paths.
    """

    name = "alertmanager"

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        receiver: str,
        relay: str | None = None,
        minute: str = "1m",
        secrets: StackSecrets | None = None,
    ) -> None:
        """`minute`: how long groups wait in place of the shipped minute and more. `secrets`: what it shows and asks
        for; without them it asks for nothing."""
        super().__init__(folder, port)
        self._minute = minute
        self._secrets = secrets
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
            *([f"--web.config.file={self._secrets.web_config('alertmanager')}"] if self._secrets else []),
        ]

    def prepare(self) -> None:
        shipped = yaml.safe_load(CONFIG.read_text())
        if self._secrets is not None:
            self._secrets.create()
        own = delivering_to(shipped, self._hosts, self._secrets)
        own["route"] = _waiting(own["route"], self._minute)
        self._config.write_text(yaml.safe_dump(own, sort_keys=False))

    def ready(self) -> bool:
        return answers(f"{self.url}/-/ready", self._secrets.authorization("alertmanager") if self._secrets else "")


def delivering_to(
    shipped: dict[str, Any], hosts: Mapping[str, str], secrets: StackSecrets | None = None
) -> dict[str, Any]:
    """The shipped configuration with every webhook's host replaced by its address here, its path kept, and its token
    by the one here, or none."""
    receivers = [
        entry | {"webhook_configs": [_hook(hook, hosts, secrets) for hook in entry["webhook_configs"]]}
        for entry in shipped["receivers"]
    ]
    return shipped | {"receivers": receivers}


def _hook(hook: dict[str, Any], hosts: Mapping[str, str], secrets: StackSecrets | None) -> dict[str, Any]:
    own = {name: value for name, value in hook.items() if name != "http_config"}
    own["url"] = with_host(hook["url"], hosts)
    if secrets is not None:
        through_relay = urlsplit(own["url"]).netloc != hosts.get("receiver")
        taker: Taker = "relay" if through_relay else "pager"
        own["http_config"] = {"authorization": {"credentials_file": str(secrets.token(taker))}}
    return own


def _waiting(route: dict[str, Any], minute: str) -> dict[str, Any]:
    waits = {name: minute for name in ("group_wait", "group_interval") if route.get(name, "").endswith("m")}
    return (
        route
        | (waits if minute != "1m" else {})
        | {"routes": [_waiting(one, minute) for one in route.get("routes", [])]}
    )


def with_host(url: str, hosts: Mapping[str, str]) -> str:
    """The URL at this machine's address, where its host has one."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=hosts.get(parts.hostname or "", parts.netloc)))
