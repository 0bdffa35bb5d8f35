"""How the stack hangs together, without starting it; test_supervisor starts it."""

from dataclasses import asdict
from pathlib import Path

from deploy.local.alertmanager import LocalAlertmanager
from deploy.local.programs import WorkerProcess, variables
from deploy.local.prometheus import LocalPrometheus
from deploy.local.stack import FIRST, KAFKA_AND_REDIS, Ports, Stack
from streams.notification.receivers import load
from streams.settings import Settings


def test_ports_of_a_stack_are_all_different() -> None:
    ports = asdict(Ports.free())
    assert len(set(ports.values())) == len(ports) == 11


def test_settings_of_the_stack_reach_its_own_servers(tmp_path: Path) -> None:
    stack = Stack(tmp_path, Settings(namespace="ours"))
    assert stack.settings.kafka == f"127.0.0.1:{stack.ports.kafka}"
    assert stack.settings.redis == f"redis://127.0.0.1:{stack.ports.redis}/0"
    worker = stack.servers["scoring"]
    assert isinstance(worker, WorkerProcess)
    environment = worker.environment()
    assert environment["PULSEWATCH_KAFKA"] == stack.settings.kafka
    assert environment["PULSEWATCH_NAMESPACE"] == "ours"
    assert environment["PULSEWATCH_METRICS_PORT"] == str(stack.ports.scoring)
    assert environment["PULSEWATCH_INSTANCE"] == "local-scoring"


def test_every_server_has_a_folder_and_a_port_of_its_own(tmp_path: Path) -> None:
    stack = Stack(tmp_path, Settings())
    assert len({server.folder for server in stack.servers.values()}) == len(stack.servers) == 11
    assert {name: server.port for name, server in stack.servers.items()} == asdict(stack.ports)
    assert set(FIRST) < set(stack.servers)


def test_some_servers_of_a_stack_alone(tmp_path: Path) -> None:
    assert set(Stack(tmp_path, Settings(), only=KAFKA_AND_REDIS).servers) == {"kafka", "redis"}


def test_prometheus_scrapes_the_exporter_and_every_worker(tmp_path: Path) -> None:
    stack = Stack(tmp_path, Settings())
    prometheus, alertmanager = stack.servers["prometheus"], stack.servers["alertmanager"]
    assert isinstance(prometheus, LocalPrometheus)
    assert isinstance(alertmanager, LocalAlertmanager)
    for server in (prometheus, alertmanager):
        server.folder.mkdir(parents=True)
        server.prepare()
    scraped = (prometheus.folder / "prometheus.yml").read_text()
    for name in ("exporter", "relay", "engagement", "scoring", "detection", "alertmanager"):
        assert f"127.0.0.1:{stack.servers[name].port}" in scraped
    routed = (alertmanager.folder / "alertmanager.yml").read_text()
    assert f"127.0.0.1:{stack.ports.relay}/alerts/on-call" in routed
    assert f"127.0.0.1:{stack.ports.receiver}/alerts/dead-man" in routed


def test_relay_writes_to_the_receiver_here(tmp_path: Path) -> None:
    stack = Stack(tmp_path, Settings())
    relay = stack.servers["relay"]
    relay.folder.mkdir(parents=True)
    relay.prepare()
    targets = load(relay.folder / "relay.yml")
    assert {target.address().url for target in targets.values()} == {
        f"http://127.0.0.1:{stack.ports.receiver}/alerts/{name}" for name in targets
    }


def test_settings_survive_the_way_through_the_environment() -> None:
    chosen = Settings(partitions=7, instance=None, log_level="INFO")
    environment = variables(chosen)
    assert environment["PULSEWATCH_PARTITIONS"] == "7"
    assert environment["PULSEWATCH_PSEUDONYM_KEY"] == chosen.pseudonym_key.get_secret_value()
    assert "PULSEWATCH_INSTANCE" not in environment
