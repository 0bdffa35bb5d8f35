"""A Grafana as this project needs it: its HTTP API through the `grafana-api` package, failures as one clear line.

The package names its requests for older Grafanas; those by uid go through its own client (`api`), which has them all.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests
from grafana_api.grafana_api import GrafanaClientError, GrafanaException, GrafanaUnauthorizedError
from grafana_api.grafana_face import GrafanaFace

from streams.errors import PulsewatchError, Unavailable, UsageError

TIMEOUT_SECONDS = 10.0
MAX_ANNOTATIONS = 5000
_PROVISIONED = re.compile(r"provisioned|read.?only", re.IGNORECASE)
_NAME_TAKEN = re.compile(r"same (name|title|uid)|name .*already exists|already exists.* name", re.IGNORECASE)
"""What Grafana says of such objects; the status alone does not tell."""


class Provisioned(PulsewatchError):
    """Grafana has it from files of its own and lets nobody change it."""


class Changed(PulsewatchError):
    """Another person changed the same object meanwhile; this call overwrote nothing."""


@dataclass
class GrafanaClient:
    """Every call may raise Unavailable, UsageError (the token, what it may do, a name that is taken), Changed and
    Provisioned."""

    url: str
    token: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{self.url} is no address of a Grafana: http://host:port")
        path = parts.path.strip("/")
        self._face = GrafanaFace(
            auth=self.token,
            host=f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname,
            port=parts.port,
            url_path_prefix=f"{path}/" if path else "",
            protocol=parts.scheme,
            timeout=TIMEOUT_SECONDS,
        )

    def folder(self, uid: str) -> dict[str, Any] | None:
        """None where there is none."""
        return self._found(lambda: self._face.folder.get_folder(uid))

    def create_folder(self, uid: str, title: str) -> None:
        self._done(lambda: self._face.folder.create_folder(title, uid))

    def rename_folder(self, uid: str, title: str, version: int) -> None:
        self._done(lambda: self._face.folder.update_folder(uid, title=title, version=version))

    def source(self, uid: str) -> dict[str, Any] | None:
        """A data source, None where there is none."""
        return self._found(lambda: self._face.api.GET(f"/datasources/uid/{quote(uid, safe='')}"))

    def create_source(self, source: dict[str, Any]) -> None:
        self._done(lambda: self._face.datasource.create_datasource(source))

    def update_source(self, uid: str, source: dict[str, Any]) -> None:
        self._done(lambda: self._face.api.PUT(f"/datasources/uid/{quote(uid, safe='')}", json=source))

    def dashboard(self, uid: str) -> dict[str, Any] | None:
        """The dashboard and its `meta`, None where there is none."""
        return self._found(lambda: self._face.dashboard.get_dashboard(uid))

    def save_dashboard(self, dashboard: dict[str, Any], folder_uid: str, message: str, *, overwrite: bool) -> None:
        """Raises Changed where the dashboard's `version` is not the stored one, unless `overwrite` is set."""
        body = {"dashboard": dashboard, "folderUid": folder_uid, "message": message, "overwrite": overwrite}
        self._done(lambda: self._face.dashboard.update_dashboard(body))

    def annotations(self, tag: str, from_ms: int) -> list[dict[str, Any]]:
        """Those of the organisation with the tag, since then."""
        query = urlencode({"tags": tag, "from": from_ms, "type": "annotation", "limit": MAX_ANNOTATIONS})
        found: list[dict[str, Any]] = self._done(lambda: self._face.api.GET(f"/annotations?{query}"))
        return found

    def add_annotation(self, annotation: dict[str, Any]) -> None:
        self._done(lambda: self._face.api.POST("/annotations", json=annotation))

    def change_annotation(self, number: int, annotation: dict[str, Any]) -> None:
        self._done(lambda: self._face.api.PATCH(f"/annotations/{number}", json=annotation))

    def _found(self, call: Callable[[], Any]) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._asked(call)
        except GrafanaClientError as error:
            if error.status_code == 404:
                return None
            raise self._explained(error) from None
        return found

    def _done(self, call: Callable[[], Any]) -> Any:
        try:
            return self._asked(call)
        except GrafanaClientError as error:
            raise self._explained(error) from None

    def _asked(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except GrafanaClientError:
            raise
        except GrafanaException as error:
            raise Unavailable(f"Grafana at {self.url}: {error.message}") from None
        # The package looks for a message in whatever comes with a 4xx, a page of text included.
        except (requests.exceptions.JSONDecodeError, TypeError):
            raise UsageError(f"what answers at {self.url} is no Grafana") from None
        except requests.exceptions.RequestException as error:
            raise Unavailable(f"Grafana does not answer at {self.url}: {type(error).__name__}") from None

    def _explained(self, error: GrafanaClientError) -> PulsewatchError:
        why = error.response.get("message", "") if isinstance(error.response, dict) else str(error.response)[:200]
        if isinstance(error, GrafanaUnauthorizedError):
            return UsageError(f"Grafana at {self.url} does not take the token (401): make a new one for the push")
        if _PROVISIONED.search(why):
            return Provisioned(f"Grafana at {self.url}: {why}")
        if error.status_code == 403:
            return UsageError(
                f"Grafana at {self.url} forbids it (403: {why}): the token's service account needs the role Admin"
            )
        if _NAME_TAKEN.search(why) or _status(error) == "name-exists":
            return UsageError(f"Grafana at {self.url}: the name is taken ({why}): rename or delete the one that has it")
        if error.status_code in (409, 412):
            return Changed(
                f"changed in Grafana meanwhile ({error.status_code}: {why}): push again, or with --overwrite"
            )
        return UsageError(f"Grafana at {self.url} refuses ({error.status_code}): {why}")


def _status(error: GrafanaClientError) -> str:
    return str(error.response.get("status", "")) if isinstance(error.response, dict) else ""
