"""Prometheus with the shipped configuration and rules, its targets set to where they run on this machine."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from deploy.local.http import answers
from deploy.local.process import LOOPBACK, ServerProcess
from deploy.local.secrets import SERVERS, Server, StackSecrets
from streams.notification.alertmanager_api import USER

CONFIG = Path(__file__).parents[1] / "prometheus"

Targets = Mapping[str, Mapping[str, str]]
"""By job of prometheus.yml: address → value of the target's `stage` label, empty for none."""


class LocalPrometheus(ServerProcess):
    """`with LocalPrometheus(folder, targets=…, alertmanager="127.0.0.1:9093") as prometheus: prometheus.url`."""

    name = "prometheus"

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        targets: Targets | None = None,
        alertmanager: str | None = None,
        secrets: StackSecrets | None = None,
    ) -> None:
        super().__init__(folder, port)
        self._targets = targets or {}
        self._alertmanager = alertmanager
        self._secrets = secrets

    @property
    def url(self) -> str:
        """Its web page and API."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def _config(self) -> Path:
        return self.folder / "prometheus.yml"

    def command(self) -> Sequence[str]:
        return [
            "prometheus",
            f"--config.file={self._config}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            "--storage.tsdb.retention.time=15d",
            f"--web.listen-address={LOOPBACK}:{self.port}",
            "--log.level=warn",
            *([f"--web.config.file={self._secrets.web_config('prometheus')}"] if self._secrets else []),
        ]

    def prepare(self) -> None:
        if self._secrets is not None:
            self._secrets.create()
        shipped = yaml.safe_load((CONFIG / "prometheus.yml").read_text())
        own = with_local_targets(
            shipped, {**self._targets, "prometheus": {f"{LOOPBACK}:{self.port}": ""}}, self._alertmanager, self._secrets
        )
        self._config.write_text(yaml.safe_dump(own, sort_keys=False))

    def ready(self) -> bool:
        return answers(f"{self.url}/-/ready", self._secrets.authorization("prometheus") if self._secrets else "")


def with_local_targets(
    shipped: dict[str, Any], targets: Targets, alertmanager: str | None, secrets: StackSecrets | None = None
) -> dict[str, Any]:
    """The shipped configuration with addresses and passwords of this machine; a job without targets here is left
    out."""
    jobs = [
        _with_password(job, job["job_name"], secrets)
        | {"static_configs": [_static(address, stage) for address, stage in targets[job["job_name"]].items()]}
        for job in shipped["scrape_configs"]
        if job["job_name"] in targets
    ]
    manager = _with_password({"static_configs": [{"targets": [alertmanager]}]}, "alertmanager", secrets)
    managers = [manager] if alertmanager else []
    rules = [str(CONFIG / rule) for rule in shipped["rule_files"]]
    return shipped | {"scrape_configs": jobs, "alerting": {"alertmanagers": managers}, "rule_files": rules}


def _with_password(part: dict[str, Any], server: str, secrets: StackSecrets | None) -> dict[str, Any]:
    """A part of the configuration that asks a server: with the server's password here, or without one."""
    own = {name: value for name, value in part.items() if name != "basic_auth"}
    known: Server | None = next((name for name in SERVERS if name == server), None)
    if secrets is not None and known is not None:
        own["basic_auth"] = {"username": USER, "password_file": str(secrets.password(known))}
    return own


def _static(address: str, stage: str) -> dict[str, Any]:
    labels = {"labels": {"stage": stage}} if stage else {}
    return {"targets": [address], **labels}
