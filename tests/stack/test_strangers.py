"""What a stranger gets from the parts of a stack that is shipped: nothing."""

import json
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from deploy.local.alertmanager import LocalAlertmanager
from deploy.local.http import get_json
from deploy.local.programs import PageReceiver
from deploy.local.prometheus import LocalPrometheus
from deploy.local.secrets import StackSecrets
from streams.notification.untold import as_alertmanager_has_it
from tests.builders.episodes import NOW_MS, crisis
from tests.servers.waiting import until


def status(url: str, body: bytes | None = None, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urlopen(Request(url, body, named), timeout=5) as response:
            return int(response.status)
    except HTTPError as error:
        return error.code


@pytest.fixture
def secrets(tmp_path: Path) -> StackSecrets:
    return StackSecrets(tmp_path / "secrets")


def test_prometheus_answers_its_user_alone(tmp_path: Path, secrets: StackSecrets) -> None:
    with LocalPrometheus(tmp_path / "prometheus", secrets=secrets) as server:
        assert status(f"{server.url}/api/v1/rules") == 401
        assert get_json(f"{server.url}/api/v1/rules", secrets.authorization("prometheus"))["status"] == "success"


def test_alertmanager_takes_alerts_and_silences_of_its_user_alone(tmp_path: Path, secrets: StackSecrets) -> None:
    with (
        PageReceiver(tmp_path / "receiver", secrets=secrets) as pager,
        LocalAlertmanager(tmp_path / "am", receiver=pager.address, secrets=secrets) as manager,
    ):
        alert = json.dumps([{**as_alertmanager_has_it(crisis(), NOW_MS), "endsAt": "2999-01-01T00:00:00Z"}]).encode()
        json_type = {"Content_Type": "application/json"}
        assert status(f"{manager.url}/api/v2/alerts", alert, **json_type) == 401
        assert status(f"{manager.url}/api/v2/silences", b"{}", **json_type) == 401
        # Without a relay its receiver has the relay's messages too, which have another token.
        authorization = secrets.authorization("alertmanager")
        assert status(f"{manager.url}/api/v2/alerts", alert, **json_type, Authorization=authorization) == 200
        assert status(f"http://{pager.address}/alerts/on-call", b"{}", **json_type) == 401
        assert status(f"http://{pager.address}/received") == 200
        assert status(f"http://{pager.address}/received", Host="evil.example") == 421
        watchdog = json.dumps([{"labels": {"alertname": "Watchdog"}, "annotations": {}}]).encode()
        status(f"{manager.url}/api/v2/alerts", watchdog, **json_type, Authorization=authorization)
        until(lambda: get_json(pager.url) != [], "the dead man's switch came with its token", 20)
