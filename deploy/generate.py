"""The configuration that repeats the code, generated from it: `python -m deploy.generate`, checked with `--check`.

deploy/prometheus/rules/detections.yml   from streams.alerts.kinds
.env.example                             from streams.settings
"""

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from streams.alerts.kinds import KINDS
from streams.settings import Settings

ROOT = Path(__file__).parents[1]
ENV_WIDTH = 120

_RULES = """\
# Generated from streams/alerts/kinds.py by `python -m deploy.generate`.
# What detection found. It has judged already (baselines, hysteresis, one fingerprint an episode): no `for` here.
groups:
  - name: detections
    rules:
      # An alert that vanishes because Redis cannot be read has not resolved. While the exporter or its Redis is away,
      # this series goes on with its own last value; with the first good scrape it is what the exporter says again.
      - record: pulsewatch:alert_firing:held
        expr: |
          max without (instance, job) (pulsewatch_alert_firing) == 1
          or (pulsewatch:alert_firing:held unless on () (max(pulsewatch_exporter_redis_up) == 1))
"""
_RULE = """
      - alert: {name}
        expr: pulsewatch:alert_firing:held{{kind="{kind}"}}
        annotations: {annotations}"""
_ANNOTATIONS = """&annotations
          summary: "{{ $labels.kind }}: brand {{ $labels.brand }}\
{{ with $labels.room }}, room {{ . }}{{ end }}{{ with $labels.family }}, {{ . }}{{ end }}"
          runbook: "dashboards/runbooks/{{ $labels.runbook }}\""""

_ENV = """\
# Generated from streams/settings.py by `python -m deploy.generate`.
# Every setting, with its default. Copy this file to .env and change what you need: `pulsewatch` and docker compose read
# it from the folder where they are started. In containers the addresses of Kafka and Redis are compose's own.

# Of Grafana's user `admin`, in containers.
GRAFANA_PASSWORD=pulsewatch
"""
SET_BY_EVERYONE = ("pseudonym_key",)
"""Settings whose default is no good outside of a demo: first in the file, and not commented out."""


def detection_rules() -> str:
    """The Prometheus rules of the alert kinds: an alert a kind, all with the annotations of the first."""
    rules = [
        _RULE.format(name=kind.prometheus, kind=kind.id, annotations="*annotations" if number else _ANNOTATIONS)
        for number, kind in enumerate(KINDS.values())
    ]
    return _RULES + "".join(rules) + "\n"


def env_example() -> str:
    """The example of a .env file: each setting with its sentence and its default."""
    fields = Settings.model_fields
    first = [_variable(name, fields[name]) for name in SET_BY_EVERYONE]
    rest = [_variable(name, field, comment="# ") for name, field in fields.items() if name not in SET_BY_EVERYONE]
    return "\n".join([_ENV, *first, *rest])


def _variable(name: str, field: FieldInfo, comment: str = "") -> str:
    sentence = textwrap.fill(
        field.description or "", ENV_WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
    )
    return f"{sentence}\n{comment}PULSEWATCH_{name.upper()}={_written(field.default)}\n"


def _written(default: Any) -> str:
    if default is None:
        return ""
    return default.get_secret_value() if isinstance(default, SecretStr) else str(default)


FILES: Mapping[Path, Callable[[], str]] = {
    ROOT / "deploy" / "prometheus" / "rules" / "detections.yml": detection_rules,
    ROOT / ".env.example": env_example,
}


def stale() -> list[Path]:
    """The files that differ from what the code generates."""
    return [path for path, render in FILES.items() if not path.is_file() or path.read_text() != render()]


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 where a file is stale.")
def generate(check: bool) -> None:
    """Write the configuration files that repeat the code, and name those that changed."""
    changed = stale()
    for path in changed:
        if not check:
            path.write_text(FILES[path]())
        click.echo(f"{path.relative_to(ROOT)} {'is stale: run `python -m deploy.generate`' if check else 'written'}")
    raise SystemExit(1 if check and changed else 0)


if __name__ == "__main__":
    generate()
