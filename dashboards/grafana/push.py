"""`pulsewatch grafana push`: folder, data source, dashboards and annotations, each only where it differs.

1. The folder, by its uid.
2. The data source, by its uid: Prometheus, as Grafana reaches it.
3. Each built dashboard, with the addresses of console and runbooks put in. What Grafana adds (id, version) is not ours.
4. Each alert's episode as an annotation from onset to end, found again by its fingerprint's tag.
"""

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from dashboards.grafana.client import GrafanaClient, Provisioned
from dashboards.grafana.identity import FOLDER_TITLE, FOLDER_UID, SOURCE_NAME, SOURCE_UID, TAG
from streams.alerts.alert import Alert
from streams.clock import DAY_MS, Clock
from streams.notification.alertmanager_api import USER
from streams.untrusted import one_line

FINGERPRINT = "fingerprint:"
GRAFANAS_OWN = ("id", "version")
KEPT_DAYS = 90
"""Push looks for annotations no further back: every alert that it writes began since."""

Fate = Literal["created", "updated", "unchanged", "provisioned"]
"""`provisioned`: Grafana has it from its own files and it is left alone, whatever is in it."""


@dataclass(frozen=True)
class Addresses:
    """What the dashboards link to and where Grafana reaches Prometheus."""

    prometheus: str
    console: str
    runbooks: str = ""
    prometheus_password: str = ""
    """Of its user `pulsewatch`; empty where it asks for none."""


@dataclass(frozen=True)
class PushResult:
    """One thing pushed."""

    what: str
    fate: Fate


@dataclass
class Push:
    """One push. Idempotent: what is in Grafana as it should be is not written again."""

    grafana: GrafanaClient
    addresses: Addresses
    clock: Clock
    message: str
    overwrite: bool = False
    report: Callable[[PushResult], None] = lambda _result: None
    brand_label: Callable[[str], str] = one_line
    """What a brand is called, by its id."""

    def boards(self, boards: Iterable[Mapping[str, Any]]) -> Counter[Fate]:
        """Steps 1 to 3. Raises as Grafana does, with the steps before done."""
        return Counter(
            result.fate for result in (self._folder(), self._source(), *(self._board(board) for board in boards))
        )

    def episodes(self, alerts: Iterable[Alert]) -> Counter[Fate]:
        """Step 4. Alerts that have not fired are left out."""
        held = self.grafana.annotations(TAG, self.clock() - KEPT_DAYS * DAY_MS)
        by_fingerprint = {tag: one for one in held for tag in one.get("tags", []) if tag.startswith(FINGERPRINT)}
        fired = [alert for alert in alerts if alert.fired_at is not None]
        return Counter(
            self._episode(
                episode(alert, self.brand_label), by_fingerprint.get(f"{FINGERPRINT}{alert.fingerprint}")
            ).fate
            for alert in fired
        )

    def _folder(self) -> PushResult:
        held = self.grafana.folder(FOLDER_UID)
        if held is None:
            self.grafana.create_folder(FOLDER_UID, FOLDER_TITLE)
        elif held["title"] != FOLDER_TITLE:
            rename = partial(self.grafana.rename_folder, FOLDER_UID, FOLDER_TITLE, held["version"])
            return self._report("folder", _changed(rename))
        return self._report("folder", "unchanged" if held else "created")

    def _source(self) -> PushResult:
        wanted: dict[str, Any] = {
            "uid": SOURCE_UID, "name": SOURCE_NAME, "type": "prometheus", "access": "proxy",
            "url": self.addresses.prometheus, "jsonData": {"timeInterval": "5s", "httpMethod": "POST"},
        }  # fmt: skip
        secret: dict[str, Any] = {}
        if self.addresses.prometheus_password:
            wanted |= {"basicAuth": True, "basicAuthUser": USER}
            secret = {"secureJsonData": {"basicAuthPassword": self.addresses.prometheus_password}}
        held = self.grafana.source(SOURCE_UID)
        if held is None:
            self.grafana.create_source(wanted | secret)
        elif any(held.get(key) != value for key, value in wanted.items()):
            change = partial(
                self.grafana.update_source, SOURCE_UID, {**wanted, **secret, "version": held.get("version")}
            )
            return self._report("data source", "provisioned" if held.get("readOnly") else _changed(change))
        return self._report("data source", "unchanged" if held else "created")

    def _board(self, built: Mapping[str, Any]) -> PushResult:
        wanted = addressed(built, self.addresses)
        held = self.grafana.dashboard(wanted["uid"])
        if held is None:
            self._save(wanted)
            return self._report(wanted["title"], "created")
        if own(held["dashboard"]) == own(wanted) and held["meta"].get("folderUid") == FOLDER_UID:
            return self._report(wanted["title"], "unchanged")
        if held["meta"].get("provisioned"):
            return self._report(wanted["title"], "provisioned")
        newer = {**wanted, "id": held["dashboard"].get("id"), "version": held["dashboard"].get("version")}
        return self._report(wanted["title"], _changed(partial(self._save, newer)))

    def _save(self, board: dict[str, Any]) -> None:
        self.grafana.save_dashboard(board, FOLDER_UID, self.message, overwrite=self.overwrite)

    def _episode(self, wanted: dict[str, Any], held: Mapping[str, Any] | None) -> PushResult:
        what = f"annotation {wanted['text']}"
        if held is None:
            self.grafana.add_annotation(wanted)
            return self._report(what, "created")
        if all(_same(held.get(key), value) for key, value in wanted.items()):
            return self._report(what, "unchanged")
        self.grafana.change_annotation(held["id"], wanted)
        return self._report(what, "updated")

    def _report(self, what: str, fate: Fate) -> PushResult:
        result = PushResult(what, fate)
        self.report(result)
        return result


def _changed(change: Callable[[], None]) -> Fate:
    """Make a change, unless Grafana has the object from its own files."""
    try:
        change()
    except Provisioned:
        return "provisioned"
    return "updated"


def addressed(built: Mapping[str, Any], addresses: Addresses) -> dict[str, Any]:
    """The dashboard with its constants set to the addresses."""
    board = copy.deepcopy(dict(built))
    values = {"console": addresses.console, "runbooks": addresses.runbooks}
    for variable in board["templating"]["list"]:
        if variable["type"] == "constant" and values.get(variable["name"]):
            variable["query"] = values[variable["name"]].rstrip("/")
    return board


def own(board: Mapping[str, Any]) -> dict[str, Any]:
    """Without what Grafana adds."""
    return {key: value for key, value in board.items() if key not in GRAFANAS_OWN}


def episode(alert: Alert, brand_label: Callable[[str], str] = one_line) -> dict[str, Any]:
    """An alert as a region from its onset to its end, or to its latest change while it fires."""
    place = [brand_label(alert.brand_id), alert.room_id, alert.platform, alert.family]
    return {
        "time": alert.started_at,
        "timeEnd": alert.resolved_at or alert.updated_at,
        # Grafana shows this as HTML after cleaning it; our own words with a stranger's names are not to rely on that.
        "text": _plain(f"{alert.kind} ({alert.severity}): {' '.join(part for part in place if part)}"),
        "tags": [TAG, alert.kind, alert.severity, f"{FINGERPRINT}{alert.fingerprint}"],
    }


def _plain(text: str) -> str:
    return text.translate({ord("<"): "＜", ord(">"): "＞", ord("&"): "＆"})


def _same(held: Any, wanted: Any) -> bool:
    return sorted(held or []) == sorted(wanted) if isinstance(wanted, list) else bool(held == wanted)
