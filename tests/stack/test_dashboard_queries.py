"""Every query of every dashboard, asked of a real Prometheus that scraped a simulated run of the whole stack."""

import math
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any, get_args
from urllib.parse import urlencode

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dashboards.grafana import build
from deploy.local.http import get_json, text
from deploy.local.stack import Stack
from models.labels import RISKS, SENTIMENTS
from models.runtime.classifier import BUNDLED
from models.runtime.manifest import read_manifest
from streams.alerts.alert import State
from streams.alerts.kinds import AlertKind
from streams.compliance.loader import family_titles
from streams.events.codec import Reason
from streams.ingest.player import ReplayProducer
from streams.kafka.connection import KafkaConnection
from streams.settings import Settings
from streams.simulate.play import simulate
from streams.simulate.scenario import Incident, Scenario
from streams.simulate.scenarios import DEMO
from streams.topology import ALERTS, DEAD_LETTERS, SCORED, STAGES
from tests.dashboards.grafana.queries import Asked, asked, chosen
from tests.servers.waiting import until

WALL_SECONDS = 25
PATIENCE_SECONDS = 240
FAMILIES = ("absolute_claim", "medical_claim", "privacy_leak")
SHORT = Scenario(
    "short", 8,
    brands=tuple(brand for brand in DEMO.brands if brand.brand_id in ("velvet", "mumu")),
    rooms=tuple(
        replace(room, audience=20, opens_minute=0)
        for room in DEMO.rooms
        if room.room_id in ("room-105", "room-106", "room-109")
    ),
    # They go on until the end, so that their alerts still fire when the questions are asked.
    incidents=(
        Incident("false_advertising", "velvet", 4, 4, room_id="room-105", families=FAMILIES),
        Incident("fake_traffic", "mumu", 3, 5, room_id="room-109"),
    ),
    disorder=replace(DEMO.disorder, huge_records=False, late=10),
)  # fmt: skip
QUERIES = [one for board in build.load() for one in asked(board)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run a short evening through the whole stack, and wait until a page of it was delivered."""
    with Stack(
        tmp_path_factory.mktemp("stack"), Settings(partitions=2, lateness_seconds=0, topic_time="feed")
    ) as stack:
        with closing(ReplayProducer(KafkaConnection(stack.settings.kafka))) as sink:
            simulate(SHORT, sink, wall_seconds=WALL_SECONDS)
        wait_for(stack, "sum(pulsewatch_consumer_lag_records) == 0")
        # A scrape may have found no lag before the last records were there: the bought room is the last to be judged.
        wait_for(stack, "pulsewatch_room_fake_share > 0")
        wait_for(stack, 'sum(increase(pulsewatch_relay_messages_total{outcome="delivered"}[5m])) > 0')
        wait_for(stack, "stage:pulsewatch_dead_letters:ratio10m > 0")
        wait_for(stack, "histogram_quantile(0.5, sum by (le) (rate(pulsewatch_relay_seconds_bucket[5m]))) > 0")
        yield stack


def wait_for(stack: Stack, expr: str) -> None:
    until(lambda: bool(result(stack, "query", query=expr)), expr, PATIENCE_SECONDS, poll_seconds=0.2)


def result(stack: Stack, what: str, **parameters: str) -> list[dict[str, Any]]:
    authorization = stack.secrets.authorization("prometheus")
    answer = get_json(f"{stack.addresses.prometheus}/api/v1/{what}?{urlencode(parameters)}", authorization)
    assert answer["status"] == "success"
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found


@pytest.mark.parametrize("one", QUERIES, ids=lambda one: one.where)
def test_query_parses_and_returns_figures(stack: Stack, one: Asked) -> None:
    """Over the run's last ten minutes, as a panel would ask; somewhere there is a number."""
    now = time.time()
    series = result(stack, "query_range", query=one.expr, start=str(now - 600), end=str(now), step="2")
    assert any(not math.isnan(float(value)) for one in series for _, value in one["values"])


def test_conversion_of_each_room_is_the_console_s(stack: Stack) -> None:
    [panel] = [panel for board in build.load() for panel in build.panels(board) if panel["title"] == "Conversion"]
    query = panel["targets"][0]["expr"]

    def in_console(room: str) -> float | None:
        rate: float | None = get_json(f"{stack.addresses.console}api/room/{room}")["now"]["figures"]["conversion_rate"]
        return rate

    def in_grafana(room: str) -> float | None:
        found = [float(one["value"][1]) for one in result(stack, "query", query=chosen(query, room))]
        return found[0] if found else None

    rooms = [room.room_id for room in SHORT.rooms]
    expected = [in_console(room) for room in rooms]
    assert any(rate is not None and 0 < rate <= 1 for rate in expected)
    # The exporter's reading and Prometheus' scrape come some seconds after the last event.
    shown = pytest.approx(expected)
    until(lambda: [in_grafana(room) for room in rooms] == shown, f"Grafana shows {expected}", 60, poll_seconds=0.5)


def test_variable_narrows_a_query_to_its_value(stack: Stack) -> None:
    for board in build.load():
        for panel in build.panels(board):
            for target in panel.get("targets", []):
                if "$brand" in target["expr"] and "by (brand)" in target["expr"]:
                    found = result(stack, "query", query=chosen(target["expr"], "velvet"))
                    assert {series["metric"]["brand"] for series in found} <= {"velvet"}


def test_metric_pages_follow_prometheus_naming_rules(stack: Stack) -> None:
    for name in (*STAGES, "exporter", "relay"):
        page = text(f"http://127.0.0.1:{stack.servers[name].port}/metrics")
        lint = subprocess.run(["promtool", "check", "metrics"], input=page, text=True, capture_output=True, check=False)
        assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", ""), name


def test_labels_of_workers_are_from_closed_sets(stack: Stack) -> None:
    """What a feed may invent (ids, texts, sources) is no label of theirs."""
    closed: dict[str, set[str]] = {
        "stage": set(STAGES), "reason": set(get_args(Reason)), "family": set(family_titles()),
        "kind": set(get_args(AlertKind)), "state": set(get_args(State)), "sentiment": set(SENTIMENTS),
        "risk": set(RISKS), "revision": {read_manifest(BUNDLED).revision},
        "fate": {"applied", "duplicate", "late", "dead_letter", "skipped", "retraction_unmatched"},
        "topic": {DEAD_LETTERS, SCORED, ALERTS},
        "outcome": {"scored", "unscored", "language", "applied", "moved", "fenced", "unavailable", "cut", "dropped"},
    }  # fmt: skip
    seen: set[str] = set()
    for name in STAGES:
        for family in text_string_to_metric_families(text(f"http://127.0.0.1:{stack.servers[name].port}/metrics")):
            for sample in family.samples:
                labels = {label: value for label, value in sample.labels.items() if label not in ("le", "quantile")}
                if sample.name.startswith("pulsewatch_"):
                    seen |= labels.keys()
                    assert all(value in closed[label] for label, value in labels.items()), (name, sample)
    assert seen == closed.keys()
