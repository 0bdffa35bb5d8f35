"""What a push leaves in Grafana, twice the same, and the one line where it cannot."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from dashboards.grafana import build
from dashboards.grafana.client import Changed, GrafanaClient
from dashboards.grafana.push import Addresses, Push, PushResult
from deploy.cli.main import cli
from deploy.local.process import free_port
from streams.alerts.alert import Alert
from streams.errors import PulsewatchError, Unavailable, UsageError
from tests.builders.alerts import MINUTE_MS, NOON_MS, an_alert
from tests.servers.grafana import ADMIN, VIEWER, GrafanaServer
from tests.servers.http_thread import serving

BOARDS = build.load()
ADDRESSES = Addresses("http://prometheus:9090", "http://console.example/", "http://git.example/runbooks")


@pytest.fixture
def server() -> Iterator[GrafanaServer]:
    grafana = GrafanaServer()
    with serving(grafana):
        yield grafana


def push(
    server: GrafanaServer, addresses: Addresses = ADDRESSES, *, token: str = ADMIN, overwrite: bool = False
) -> Push:
    return Push(GrafanaClient(server.url, token), addresses, lambda: NOON_MS, "push", overwrite)


def fired(fingerprint: str = "f1", **changes: Any) -> Alert:
    return msgspec.structs.replace(an_alert(fingerprint), fired_at=NOON_MS, **changes)


def test_first_push_creates_all(server: GrafanaServer) -> None:
    assert push(server).boards(BOARDS) == {"created": 2 + len(BOARDS)}
    assert server.held.folders["pulsewatch"]["title"] == "Pulsewatch"
    source = server.held.sources["pulsewatch-prometheus"]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    assert set(server.held.dashboards) == {board["uid"] for board in BOARDS}
    assert {held["meta"]["folderUid"] for held in server.held.dashboards.values()} == {"pulsewatch"}


def test_second_push_writes_nothing(server: GrafanaServer) -> None:
    for _ in range(2):
        server.held.writes.clear()
        push(server).boards(BOARDS)
        push(server).episodes([fired()])
    assert server.held.writes == []


def test_links_lead_where_the_settings_say(server: GrafanaServer) -> None:
    push(server).boards(BOARDS)
    for held in server.held.dashboards.values():
        constants = {one["name"]: one["query"] for one in held["dashboard"]["templating"]["list"]}
        assert constants["console"] == "http://console.example"
        assert constants["runbooks"] == "http://git.example/runbooks"


def test_what_differs_is_updated_and_nothing_else(server: GrafanaServer) -> None:
    push(server).boards(BOARDS)
    server.held.writes.clear()
    uid = BOARDS[0]["uid"]
    server.held.dashboards[uid]["dashboard"]["title"] = "somebody's own"
    server.held.folders["pulsewatch"]["title"] = "renamed"
    server.held.sources["pulsewatch-prometheus"]["url"] = "http://elsewhere"
    assert push(server).boards(BOARDS) == {"updated": 3, "unchanged": len(BOARDS) - 1}
    assert server.held.writes == [
        "PUT /folders/pulsewatch", "PUT /datasources/uid/pulsewatch-prometheus", "POST /dashboards/db",
    ]  # fmt: skip
    assert server.held.dashboards[uid]["dashboard"]["version"] == 2


def test_dashboard_that_was_moved_comes_back_to_its_folder(server: GrafanaServer) -> None:
    push(server).boards(BOARDS)
    server.held.dashboards[BOARDS[0]["uid"]]["meta"]["folderUid"] = "elsewhere"
    assert push(server).boards(BOARDS)["updated"] == 1


def test_dashboard_that_is_saved_meanwhile_is_not_overwritten_unless_told(server: GrafanaServer) -> None:
    push(server).boards(BOARDS)
    server.held.moved = True
    newer = Addresses("http://prometheus:9090", "http://new")
    with pytest.raises(Changed, match=r"changed in Grafana meanwhile .*push again, or with --overwrite"):
        push(server, newer).boards(BOARDS)
    assert push(server, newer, overwrite=True).boards(BOARDS)["updated"] == len(BOARDS)


@pytest.mark.parametrize("said", [True, False], ids=["marked", "refused"])
def test_what_grafana_has_from_its_own_files_is_left_alone(server: GrafanaServer, said: bool) -> None:
    push(server).boards(BOARDS)
    server.held.provisioned = True
    server.held.sources["pulsewatch-prometheus"] |= {"name": "Prometheus", "readOnly": said}
    for held in server.held.dashboards.values():
        held["meta"]["provisioned"] = said
    elsewhere = push(server, Addresses("http://elsewhere:9090", "http://another.example/"))
    assert elsewhere.boards(BOARDS) == {"unchanged": 1, "provisioned": 1 + len(BOARDS)}
    assert elsewhere.episodes([fired()]) == {"created": 1}


@pytest.mark.parametrize("overwrite", [False, True])
def test_name_that_another_data_source_has_is_told(server: GrafanaServer, overwrite: bool) -> None:
    server.held.sources["another"] = {"uid": "another", "name": "Pulsewatch Prometheus", "version": 1}
    with pytest.raises(UsageError, match="the name is taken"):
        push(server, overwrite=overwrite).boards(BOARDS)


def test_title_that_another_folder_has_is_told(server: GrafanaServer) -> None:
    server.held.folders["another"] = {"uid": "another", "title": "Pulsewatch", "version": 1}
    with pytest.raises(UsageError, match="the name is taken"):
        push(server).boards(BOARDS)


def test_episode_is_one_annotation_from_onset_to_end(server: GrafanaServer) -> None:
    alert = fired()
    push(server).episodes([alert])
    ended = msgspec.structs.replace(alert, state="resolved", resolved_at=NOON_MS + 9 * MINUTE_MS)
    assert push(server).episodes([ended]) == {"updated": 1}
    [mark] = server.held.annotations
    assert (mark["time"], mark["timeEnd"]) == (NOON_MS, NOON_MS + 9 * MINUTE_MS)
    assert mark["tags"] == ["pulsewatch", "crisis", "critical", "fingerprint:f1"]
    assert mark["text"] == "crisis (critical): b-1"


def test_alerts_that_never_fired_and_drafts_leave_no_annotation(server: GrafanaServer) -> None:
    assert push(server).episodes([an_alert("f1", "pending")]) == {}


def test_strangers_name_is_no_html_in_an_annotation(server: GrafanaServer) -> None:
    push(server).episodes([fired(brand_id="<img src=x onerror=alert(1)>")])
    assert "<" not in server.held.annotations[0]["text"]


@pytest.mark.parametrize(
    ("token", "said"), [("wrong", "does not take the token"), (VIEWER, "needs the role Admin")], ids=["401", "403"]
)
def test_token_that_will_not_do_is_told(server: GrafanaServer, token: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as results:
        push(server, token=token).boards(BOARDS)
    assert token not in str(results.value)


def test_grafana_that_is_away_is_told() -> None:
    away = GrafanaClient(f"http://127.0.0.1:{free_port()}", ADMIN)
    with pytest.raises(Unavailable, match="does not answer"):
        Push(away, ADDRESSES, lambda: NOON_MS, "push").boards(BOARDS)


@pytest.mark.parametrize(("status", "said"), [(500, "Server Error"), (200, "no Grafana"), (404, "no Grafana")])
def test_what_is_no_grafana_is_told(status: int, said: str) -> None:
    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"<html>a message</html>" if status != 500 else b"{}")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
            """Silent."""

    stranger = ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    with serving(stranger):
        grafana = GrafanaClient(f"http://127.0.0.1:{stranger.server_port}", ADMIN)
        with pytest.raises(PulsewatchError, match=said):
            Push(grafana, ADDRESSES, lambda: NOON_MS, "push").boards(BOARDS)


@pytest.mark.parametrize("url", ["grafana:3000", "ftp://grafana", "http://"])
def test_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(UsageError, match="no address of a Grafana"):
        GrafanaClient(url, ADMIN)


def test_push_reports_every_step(server: GrafanaServer) -> None:
    results: list[PushResult] = []
    work = push(server)
    work.report = results.append
    work.boards(BOARDS[:1])
    assert [(one.what, one.fate) for one in results] == [
        ("folder", "created"), ("data source", "created"), (BOARDS[0]["title"], "created"),
    ]  # fmt: skip


def test_command_takes_the_token_from_a_file_or_the_environment(server: GrafanaServer, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{ADMIN}\n")
    options = ["grafana", "push", "--url", server.url, "--without-annotations"]
    first = CliRunner().invoke(cli, [*options, "--token-file", str(tmp_path / "token")])
    again = CliRunner().invoke(cli, options, env={"GRAFANA_TOKEN": ADMIN})
    assert first.output.splitlines()[-1] == f"{2 + len(BOARDS)} created"
    assert again.output == f"{2 + len(BOARDS)} unchanged\n"


def test_command_without_a_token_says_where_it_is_looked_for(server: GrafanaServer) -> None:
    results = CliRunner().invoke(cli, ["grafana", "push", "--url", server.url], env={"GRAFANA_TOKEN": ""})
    assert isinstance(results.exception, UsageError)
    assert "--token-file, or GRAFANA_TOKEN" in str(results.exception)


def test_command_without_redis_pushes_the_dashboards_and_says_what_is_missing(server: GrafanaServer) -> None:
    from streams.settings import settings

    settings.cache_clear()
    environment = {"GRAFANA_TOKEN": ADMIN, "PULSEWATCH_REDIS": f"redis://127.0.0.1:{free_port()}/0"}
    try:
        results = CliRunner().invoke(cli, ["grafana", "push", "--url", server.url], env=environment)
    finally:
        settings.cache_clear()
    assert isinstance(results.exception, Unavailable)
    assert "--without-annotations" in str(results.exception)
    assert set(server.held.dashboards) == {board["uid"] for board in BOARDS}
