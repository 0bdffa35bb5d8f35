"""Prometheus with the shipped configuration and rules, its targets set to where they run on this machine."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from deploy.local.http import answers
from deploy.local.process import LOOPBACK, ServerProcess

CONFIG = Path(__file__).parents[1] / "prometheus"

Targets = Mapping[str, Mapping[str, str]]
"""By job of prometheus.yml: address → value of the target's `stage` label, empty for none."""


class LocalPrometheus(ServerProcess):
    """`with LocalPrometheus(folder, targets=…, alertmanager="127.0.0.1:9093") as prometheus: prometheus.url`."""

    name = "prometheus"

    def __init__(
        self, folder: Path, port: int = 0, *, targets: Targets | None = None, alertmanager: str | None = None
    ) -> None:
        super().__init__(folder, port)
        self._targets = targets or {}
        self._alertmanager = alertmanager

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
        ]

    def prepare(self) -> None:
        shipped = yaml.safe_load((CONFIG / "prometheus.yml").read_text())
        own = with_local_targets(
            shipped, {**self._targets, "prometheus": {f"{LOOPBACK}:{self.port}": ""}}, self._alertmanager
        )
        self._config.write_text(yaml.safe_dump(own, sort_keys=False))

    def ready(self) -> bool:
        return answers(f"{self.url}/-/ready")


def with_local_targets(shipped: dict[str, Any], targets: Targets, alertmanager: str | None) -> dict[str, Any]:
    """The shipped configuration with addresses of this machine; a job without targets here is left out."""
    jobs = [
        job | {"static_configs": [_static(address, stage) for address, stage in targets[job["job_name"]].items()]}
        for job in shipped["scrape_configs"]
        if job["job_name"] in targets
    ]
    managers = [{"static_configs": [{"targets": [alertmanager]}]}] if alertmanager else []
    rules = [str(CONFIG / rule) for rule in shipped["rule_files"]]
    return shipped | {"scrape_configs": jobs, "alerting": {"alertmanagers": managers}, "rule_files": rules}


def _static(address: str, stage: str) -> dict[str, Any]:
    labels = {"labels": {"stage": stage}} if stage else {}
    return {"targets": [address], **labels}
