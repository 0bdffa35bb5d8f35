"""A webhook receiver that stands in for the pager: `pulsewatch pager`.

`POST /alerts/<receiver>` takes what Alertmanager sends, `GET /received` gives it back as JSON, newest last. It
keeps the last 1,000 notifications in memory and each as a line of `--log`.
"""

import json
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from streams.notification.gate import HEADERS_ONLY, Gate

KEPT = 1000
MAX_BODY_BYTES = 10_000_000
MAX_LENGTH_DIGITS = 12


@dataclass(frozen=True)
class Page:
    """One alert within one notification, as on-call staff would get it."""

    receiver: str
    status: str
    """firing or resolved."""
    received_at: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: str

    @property
    def line(self) -> str:
        """What a pager's display would show."""
        what = self.annotations.get("summary") or self.labels.get("alertname", "")
        return f"{self.status.upper():8} {self.labels.get('severity', ''):8} → {self.receiver}: {what}"


def pages(notification: Mapping[str, Any], received_at: datetime) -> list[Page]:
    """Alertmanager's webhook format (version 4), an alert a page. Raises KeyError where it is something else."""
    return [
        Page(
            receiver=notification["receiver"],
            status=alert["status"],
            received_at=received_at.isoformat(timespec="milliseconds"),
            labels=alert["labels"],
            annotations=alert["annotations"],
            starts_at=alert["startsAt"],
        )
        for alert in notification["alerts"]
    ]


class Receiver(ThreadingHTTPServer):
    """Takes notifications on a loopback port until it is closed."""

    daemon_threads = True

    def __init__(
        self, port: int = 0, log: Path | None = None, host: str = "127.0.0.1", gate: Gate = HEADERS_ONLY
    ) -> None:
        super().__init__((host, port), _Handler)
        self.gate = gate
        self._log = log
        self._lock = threading.Lock()
        self._pages: deque[Page] = deque(maxlen=KEPT)
        self.notifications = 0
        """How many messages they came in."""

    @property
    def received(self) -> list[Page]:
        """What came, oldest first."""
        with self._lock:
            return list(self._pages)

    def take(self, notification: Mapping[str, Any]) -> None:
        """Keep a notification. Raises KeyError where it is none."""
        fresh = pages(notification, datetime.now(UTC))
        with self._lock:
            self._pages.extend(fresh)
            self.notifications += 1
            if self._log:
                with self._log.open("a") as log:
                    log.writelines(json.dumps(asdict(page), ensure_ascii=False) + "\n" for page in fresh)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_GET(self) -> None:
        if refusal := self.server.gate.refuses_host(self._lower_headers()):
            self._answer(refusal.status, {"error": refusal.reason})
        elif self.path == "/received":
            self._answer(200, [asdict(page) for page in self.server.received])
        else:
            self._answer(404, {"error": "GET /received or POST /alerts/<receiver>"})

    def do_POST(self) -> None:
        if refusal := self.server.gate.refuses_page(self._lower_headers()):
            self._answer(refusal.status, {"error": refusal.reason})
            return
        told = self.headers.get("Content-Length") or ""
        length = int(told) if told.isascii() and told.isdecimal() and len(told) < MAX_LENGTH_DIGITS else 0
        if not 0 < length <= MAX_BODY_BYTES:
            self._answer(413, {"error": f"a body of 1 to {MAX_BODY_BYTES} bytes is taken"})
            return
        try:
            self.server.take(json.loads(self.rfile.read(length)))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            self._answer(400, {"error": f"not an Alertmanager notification: {type(error).__name__}"})
        else:
            self._answer(200, {})

    def _lower_headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _answer(self, status: int, body: Any) -> None:
        payload = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        """Silent: what matters is in `received`."""
