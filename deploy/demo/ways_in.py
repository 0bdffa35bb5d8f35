"""The demo's other ways in: running totals of Weibo come by HTTP, Xiaohongshu's are polled, all else goes to Kafka.

    Weibo         ─► POST /v1/events ─► pulsewatch ingest
    Xiaohongshu   ─► GET /totals     ◄─ pulsewatch feeds run

They name nobody and hold no text, so they count the same whenever they arrive.
"""

import json
import threading
import time
import urllib.request
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec

from deploy.demo.feed import ClosableSink
from deploy.local.process import LOOPBACK, ServerProcess
from deploy.local.programs import pulsewatch, variables
from streams.errors import Unavailable
from streams.events.schema import Event
from streams.ingest.player import TimedRecord
from streams.settings import Settings
from streams.topology import SOCIAL

BATCH: Final = 50
PAGE: Final = 100
POLLED_FEED: Final = "xiaohongshu-totals"
ANSWER_SECONDS: Final = 30
ARRIVAL_SECONDS: Final = 60.0
"""How long what was told last may take until it has been polled."""
_read = msgspec.json.Decoder(Event).decode

FEEDS: Final = """feeds:
  - name: {name}
    kind: poll
    url: {url}
    every_seconds: 0.5
    items: items[]
    id: id
    newest_first: false
    since: {{parameter: after, answer: last}}
    platform: xiaohongshu
    mapping:
      type: kind
      kinds: {{like: like, collect: collect, share: share}}
      id: id
      time: at
      brand: brand
      parent: post
      value: total
      value_is: total
"""


class IngestServer(ServerProcess):
    """`pulsewatch ingest`, which takes what reaches it on loopback."""

    name = "ingest"
    start_seconds = 60.0

    def __init__(self, folder: Path, settings: Settings) -> None:
        super().__init__(folder)
        self._settings = settings

    def command(self) -> Sequence[str]:
        return pulsewatch("ingest", "--port", str(self.port))

    def environment(self) -> dict[str, str]:
        return variables(self._settings)


class FeedsProcess(ServerProcess):
    """`pulsewatch feeds run` with the demo's list."""

    name = "feeds"
    start_seconds = 60.0

    def __init__(self, folder: Path, settings: Settings, url: str) -> None:
        super().__init__(folder)
        self._list = folder / "feeds.yaml"
        folder.mkdir(parents=True, exist_ok=True)
        self._list.write_text(FEEDS.format(name=POLLED_FEED, url=url))
        self._settings = settings.model_copy(update={"metrics_port": self.port})

    def command(self) -> Sequence[str]:
        return pulsewatch("feeds", "run", "--file", str(self._list))

    def environment(self) -> dict[str, str]:
        return variables(self._settings)


class PolledTotals:
    """A shop's endpoint: so many totals after the one that the asker had last."""

    def __init__(self) -> None:
        self._items: list[dict[str, Any]] = []
        self._asked_after = 0
        totals = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                after = int(parse_qs(urlsplit(self.path).query).get("after", ["0"])[0] or 0)
                answer = totals.page(after)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
                """Nobody reads it."""

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        threading.Thread(target=self._server.serve_forever, name="totals", daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._server.server_port}/totals"

    def add(self, item: dict[str, Any]) -> None:
        self._items.append(item)

    def page(self, after: int) -> bytes:
        self._asked_after = max(self._asked_after, after)
        found = self._items[after : after + PAGE]
        return json.dumps({"items": found, "last": str(after + len(found))}).encode()

    def wait(self) -> None:
        """Until all was asked for. Raises Unavailable."""
        until = time.monotonic() + ARRIVAL_SECONDS
        while self._asked_after < len(self._items):
            if time.monotonic() > until:
                raise Unavailable(f"the polled feed stands at {self._asked_after} of {len(self._items)} totals")
            time.sleep(0.1)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class WaysIn:
    """A sink that gives each record to its way in."""

    def __init__(self, kafka: ClosableSink, events_url: str, totals: PolledTotals) -> None:
        self._kafka = kafka
        self._events_url = events_url
        self._totals = totals
        self._posted: list[bytes] = []

    def send(self, record: TimedRecord) -> None:
        way, event = _way(record)
        if event is None:
            self._kafka.send(record)
        elif way == "http":
            self._posted.append(record.value or b"")
            if len(self._posted) >= BATCH:
                self._post()
        else:
            self._totals.add({
                "id": event.event_id, "kind": event.kind, "brand": event.brand_id, "post": event.subject_id,
                "total": str(event.value), "at": event.event_time_ms,
            })  # fmt: skip

    def flush(self) -> None:
        self._post()
        self._kafka.flush()
        self._totals.wait()

    def close(self) -> None:
        self._kafka.close()

    def _post(self) -> None:
        if not self._posted:
            return
        request = urllib.request.Request(  # noqa: S310 - on loopback
            self._events_url, data=b"\n".join(self._posted), headers={"Content-Type": "application/x-ndjson"}
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
                answer.read()
        except OSError as error:
            raise Unavailable(f"ingest at {self._events_url}: {error}") from None
        self._posted.clear()


def _way(record: TimedRecord) -> tuple[Literal["kafka", "http", "poll"], Event | None]:
    if record.topic != SOCIAL or not record.value or b'"snapshot"' not in record.value:
        return "kafka", None
    try:
        event = _read(record.value)
    except (ValueError, RecursionError):
        return "kafka", None
    if event.actor is not None or event.text is not None or event.value_mode != "snapshot":
        return "kafka", None
    if event.platform == "weibo":
        return "http", event
    return ("poll", event) if event.platform == "xiaohongshu" else ("kafka", None)
