"""docker-compose.yml is the local stack again: pinned, loopback only, with the same configuration files."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from deploy.cli.main import cli
from deploy.local.jars import kafka_version
from deploy.local.stack import USUAL
from streams.settings import Settings
from streams.topology import STAGES
from tests.servers.containers import base_images, plugin
from tests.servers.containers.engine import plugin_path

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def each_service(function: Any) -> Any:
    return pytest.mark.parametrize("name", SERVICES)(function)


def test_stack_is_complete() -> None:
    assert set(SERVICES) == {
        "kafka",
        "redis",
        "topics",
        *STAGES,
        "exporter",
        "console",
        "relay",
        "receiver",
        "secrets",
        "alertmanager",
        "prometheus",
        "grafana",
    }


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


def test_file_is_valid_by_the_compose_specification() -> None:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        "docker-compose.yml",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def compose() -> list[str] | None:
    """The command: what `make test-compose` has built, else docker's own plugin. Neither needs an engine to read a
    file."""
    if plugin.is_built():
        return [str(plugin_path())]
    docker = shutil.which("docker")
    found = docker is not None and subprocess.run([docker, "compose", "version"], capture_output=True).returncode == 0
    return [str(docker), "compose"] if found else None


@pytest.mark.skipif(compose() is None, reason="docker compose is not installed; the specification's schema is checked")
def test_docker_compose_itself_takes_the_file() -> None:
    command = [*(compose() or ()), "config", "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)["services"]
    assert set(read) == set(SERVICES)
    assert {name: service["image"] for name, service in read.items()} == {
        name: service["image"] for name, service in SERVICES.items()
    }


@pytest.mark.parametrize("recipe", base_images.recipes(), ids=lambda recipe: recipe.name)
def test_every_base_image_that_is_asked_for_has_a_recipe_and_no_other_has(recipe: Path) -> None:
    assert recipe.name in {image.split(":")[0].rpartition("/")[2] for image in base_images.wanted()}
    assert (recipe / "Dockerfile").is_file()


def test_only_grafana_is_left_out_of_what_runs_for_real() -> None:
    assert set(SERVICES) - set(base_images.services()) == {"grafana"}
    assert len(base_images.wanted()) == len(base_images.recipes())


@each_service
def test_service_is_no_root_and_has_limits(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[1-9]\d*:\d+", service["user"])
    assert service["mem_limit"]
    assert service["cpus"]
    assert service["pids_limit"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] or name == "kafka"
    assert not service.get("privileged")


@each_service
def test_configuration_is_mounted_read_only(name: str) -> None:
    mounts = [volume for volume in SERVICES[name].get("volumes", []) if volume.startswith("./")]
    assert all(volume.endswith(":ro") for volume in mounts)


@each_service
def test_command_of_ours_is_one_that_there_is(name: str) -> None:
    service = SERVICES[name]
    if not service["image"].startswith("pulsewatch"):
        return
    if "entrypoint" in service:
        module = ROOT / service["entrypoint"][2].replace(".", "/")
        assert module.with_suffix(".py").is_file() or (module / "__main__.py").is_file()
        return
    command = cli.commands[service["command"][0]]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in service["command"] if word.startswith("--")} <= options


def test_example_of_settings_names_every_one_with_its_default() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    told = dict(line.removeprefix("# ").split("=", 1) for line in lines if "=" in line)
    defaults = {
        f"PULSEWATCH_{name.upper()}": value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, field in Settings.model_fields.items()
        for value in [field.default]
    }
    expected = {name: "" if value is None else str(value) for name, value in defaults.items()}
    assert told == {**expected, "GRAFANA_PASSWORD": "pulsewatch"}


def test_every_variable_of_the_file_is_in_the_example() -> None:
    variables = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert variables
    assert variables <= set(re.findall(r"([A-Z_]+)=", (ROOT / ".env.example").read_text()))


def test_every_setting_that_a_service_is_given_is_one() -> None:
    given = {name for service in SERVICES.values() for name in service.get("environment", {})}
    known = {f"PULSEWATCH_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in given if name.startswith("PULSEWATCH_")} <= known


def test_alertmanager_finds_relay_and_receiver() -> None:
    config = yaml.safe_load((ROOT / "deploy/alertmanager/alertmanager.yml").read_text())
    urls = [hook["url"] for receiver in config["receivers"] for hook in receiver["webhook_configs"]]
    published = {name: service["ports"][0].split(":")[-1] for name, service in SERVICES.items() if "ports" in service}
    assert {url.split("/")[2] for url in urls} == {f"{name}:{published[name]}" for name in ("relay", "receiver")}


def test_broker_is_the_version_of_the_local_stack() -> None:
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{kafka_version()}"


def test_prometheus_scrapes_services_and_ports_that_exist() -> None:
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    targets = [
        target for job in config["scrape_configs"] for entry in job["static_configs"] for target in entry["targets"]
    ]
    hosts = {target.split(":")[0] for target in targets} - {"127.0.0.1"}
    assert hosts == {*STAGES, "exporter", "relay", "alertmanager"}
    assert SERVICES["scoring"]["environment"]["PULSEWATCH_METRICS_PORT"] == "9100"
    assert {target.split(":")[1] for target in targets if target.split(":")[0] in STAGES} == {"9100"}


def test_published_ports_are_those_of_the_local_stack() -> None:
    published = {int(port.split(":")[1]) for service in SERVICES.values() for port in service.get("ports", [])}
    assert published - {3000, 9107} <= set(USUAL)


def test_dockerfile_takes_no_secret_and_nothing_built_into_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".env", "deploy/relay/secrets", "dashboards/console/static", "**/node_modules"} <= set(ignored)


def test_dockerfile_runs_as_the_user_that_compose_names() -> None:
    text = (ROOT / "deploy/docker/Dockerfile").read_text()
    uid = SERVICES["relay"]["user"].split(":")[0]
    assert f"--uid {uid}" in text
    assert text.index("USER pulsewatch") < text.index("ENTRYPOINT")


def test_dockerfile_copies_what_exists_and_installs_with_hashes() -> None:
    lines = (ROOT / "deploy/docker/Dockerfile").read_text().splitlines()
    sources = [
        source for line in lines if line.startswith("COPY") and "--from" not in line for source in line.split()[1:-1]
    ]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert any("--require-hashes" in line for line in lines)
    assert all(re.search(r":\d+\.\d+\.\d+-", line) for line in lines if line.startswith("FROM"))
