"""The rules that ship, as data, and the samples that the code declares."""

from typing import Any

import yaml
from prometheus_client.metrics import MetricWrapperBase

from deploy.local.prometheus import CONFIG
from streams import metrics


def rules() -> list[dict[str, Any]]:
    files = [yaml.safe_load(file.read_text()) for file in sorted((CONFIG / "rules").glob("*.yml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def declared_samples() -> set[str]:
    """The names of all samples that streams.metrics declares."""
    held = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]
    samples = {
        family.name + end
        for one in held
        for family in one.describe()
        for end in ("", "_total", "_bucket", "_sum", "_count")
    }
    return samples | {value for value in vars(metrics).values() if isinstance(value, str)}
