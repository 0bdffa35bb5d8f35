"""docker-compose.yml is the local stack again: pinned, loopback only, with the same configuration files."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.jars import kafka_version
from deploy.local.stack import USUAL
from streams.cli.worker import STAGES

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def each_service(function: Any) -> Any:
    return pytest.mark.parametrize("name", SERVICES)(function)


def test_stack_is_complete() -> None:
    assert set(SERVICES) == {
        "kafka", "redis", "topics", *STAGES, "exporter", "receiver", "alertmanager", "prometheus", "grafana",
    }  # fmt: skip


@each_service
def test_image_is_pinned_to_a_full_version(name: str) -> None:
    assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+[a-z0-9.-]*", SERVICES[name]["image"])


@each_service
def test_ports_are_on_loopback_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@each_service
def test_mounted_files_exist_and_volumes_are_declared(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        assert source in COMPOSE["volumes"] or (ROOT / source).exists(), volume


@each_service
def test_service_has_a_health_check_or_ends_by_itself(name: str) -> None:
    assert "healthcheck" in SERVICES[name] or SERVICES[name]["restart"] == "no"


@each_service
def test_dependencies_are_services_that_can_become_what_is_awaited(name: str) -> None:
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        ends = wait["condition"] == "service_completed_successfully"
        assert ends or "healthcheck" in SERVICES[other]


def test_broker_is_the_version_of_the_local_stack() -> None:
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{kafka_version()}"


def test_prometheus_scrapes_services_and_ports_that_exist() -> None:
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    targets = [
        target for job in config["scrape_configs"] for entry in job["static_configs"] for target in entry["targets"]
    ]
    hosts = {target.split(":")[0] for target in targets} - {"127.0.0.1"}
    assert hosts == {*STAGES, "exporter"}
    assert SERVICES["scoring"]["environment"]["PULSEWATCH_METRICS_PORT"] == "9100"
    assert {target.split(":")[1] for target in targets if target.split(":")[0] in STAGES} == {"9100"}


def test_published_ports_are_those_of_the_local_stack() -> None:
    published = {int(port.split(":")[1]) for service in SERVICES.values() for port in service.get("ports", [])}
    assert published - {3000} <= set(USUAL)


def test_dockerfile_copies_what_exists_and_installs_with_hashes() -> None:
    lines = (ROOT / "deploy/docker/Dockerfile").read_text().splitlines()
    sources = [
        source for line in lines if line.startswith("COPY") and "--from" not in line for source in line.split()[1:-1]
    ]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert any("--require-hashes" in line for line in lines)
    assert all(re.search(r":\d+\.\d+\.\d+-", line) for line in lines if line.startswith("FROM"))
