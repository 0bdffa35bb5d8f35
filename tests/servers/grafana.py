"""A server that speaks the endpoints of Grafana's HTTP API which the push uses, and keeps what it is given.

It answers with the statuses that Grafana documents: 401 without a token, 403 without the right, 404 for what is not
there, 409 for a name that is taken, 412 for a version that moved.
"""

import json
import re
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Any]
ADMIN, VIEWER = "glsa_admin", "glsa_viewer"


@dataclass
class Held:
    """What a Grafana keeps."""

    folders: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    dashboards: dict[str, dict[str, Any]] = field(default_factory=dict)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    provisioned: bool = False
    """Whether data source and dashboards come from Grafana's own files."""
    moved: bool = False
    """Whether somebody saves every dashboard between our reading and our writing."""


class GrafanaServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.held = Held()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Answer:  # noqa: C901 (a route a case)
        held = self.held
        if method != "GET":
            held.writes.append(f"{method} {path}")
        match method, path.split("/")[1:]:
            case "GET", ["folders", uid]:
                return _one(held.folders, uid, "folder not found")
            case "POST", ["folders"]:
                return self._create_folder(body)
            case "PUT", ["folders", uid]:
                if held.folders[uid]["version"] != body.get("version"):
                    return 412, {"message": "the folder has been changed by someone else", "status": "version-mismatch"}
                held.folders[uid] |= {"title": body["title"], "version": body["version"] + 1}
                return 200, held.folders[uid]
            case "GET", ["datasources", "uid", uid]:
                return _one(held.sources, uid, "Data source not found")
            case "POST", ["datasources"]:
                if any(body["name"] == source["name"] for source in held.sources.values()):
                    return 409, {"message": "data source with the same name already exists"}
                held.sources[body["uid"]] = {**body, "id": len(held.sources) + 1, "version": 1, "readOnly": False}
                return 200, {"datasource": held.sources[body["uid"]], "message": "Datasource added"}
            case "PUT", ["datasources", "uid", uid] if held.provisioned:
                return 403, {"message": "Cannot update read-only data source"}
            case "PUT", ["datasources", "uid", uid]:
                held.sources[uid] |= {**body, "version": held.sources[uid]["version"] + 1}
                return 200, {"datasource": held.sources[uid], "message": "Datasource updated"}
            case "GET", ["dashboards", "uid", uid]:
                found = _one(held.dashboards, uid, "Dashboard not found")
                if held.moved and found[0] == 200:
                    found = found[0], json.loads(json.dumps(found[1]))
                    held.dashboards[uid]["dashboard"]["version"] += 1
                return found
            case "POST", ["dashboards", "db"]:
                return self._save_dashboard(body)
            case "GET", ["annotations"]:
                wanted = set(query.get("tags", []))
                since = int(query.get("from", ["0"])[0])
                limit = int(query.get("limit", ["100"])[0])
                found_marks = [
                    mark for mark in held.annotations if wanted <= set(mark["tags"]) and mark["timeEnd"] >= since
                ]
                return 200, found_marks[:limit]
            case "POST", ["annotations"]:
                held.annotations.append({**body, "id": len(held.annotations) + 1})
                return 200, {"message": "Annotation added", "id": len(held.annotations)}
            case "PATCH", ["annotations", number]:
                held.annotations[int(number) - 1] |= body
                return 200, {"message": "Annotation patched"}
        return 404, {"message": "Not found"}

    def _create_folder(self, body: Any) -> Answer:
        if body["uid"] in self.held.folders:
            return 412, {"message": "the folder has been changed by someone else"}
        if any(body["title"] == folder["title"] for folder in self.held.folders.values()):
            return 409, {"message": "a folder with the same name already exists"}
        self.held.folders[body["uid"]] = {"id": 1, "uid": body["uid"], "title": body["title"], "version": 1}
        return 200, self.held.folders[body["uid"]]

    def _save_dashboard(self, body: Any) -> Answer:
        board, overwrite = body["dashboard"], body.get("overwrite")
        if body["folderUid"] not in self.held.folders:
            return 400, {"message": "folder not found"}
        if not board.get("title"):
            return 400, {"message": "Dashboard title cannot be empty"}
        held = self.held.dashboards.get(board["uid"])
        if held and self.held.provisioned:
            return 400, {"message": "Cannot save provisioned dashboard"}
        if held and not overwrite and board.get("version") != held["dashboard"]["version"]:
            return 412, {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}
        version = held["dashboard"]["version"] + 1 if held else 1
        number = held["dashboard"]["id"] if held else len(self.held.dashboards) + 1
        self.held.dashboards[board["uid"]] = {
            "dashboard": {**board, "id": number, "version": version},
            "meta": {"folderUid": body["folderUid"], "version": version, "message": body.get("message")},
        }
        return 200, {"id": number, "uid": board["uid"], "status": "success", "version": version}


def _one(held: dict[str, dict[str, Any]], uid: str, missing: str) -> Answer:
    return (200, held[uid]) if uid in held else (404, {"message": missing})


class _Handler(BaseHTTPRequestHandler):
    server: GrafanaServer

    def _do(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        token = re.sub("^Bearer ", "", self.headers.get("Authorization", ""))
        if not parts.path.startswith("/api/"):
            self._answer(404, {"message": "Not found"})
        elif token not in (ADMIN, VIEWER):
            self._answer(401, {"message": "Invalid API key"})
        elif token == VIEWER and self.command != "GET":
            self._answer(403, {"message": "You'll need additional permissions to perform this action."})
        else:
            self._answer(*self.server.answer(self.command, parts.path[4:], parse_qs(parts.query), body))

    do_GET = do_POST = do_PUT = do_PATCH = _do  # noqa: N815 (http.server's names)

    def _answer(self, status: int, body: Any) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        """Silent."""
