"""`GET /metrics` on a port of its own, for Prometheus and for nobody's browser.

A page that a person opens reaches loopback too: there one that calls us by a name of its own is refused. A client that
sends or takes nothing for SLOW_SECONDS, or one beyond MAX_CONNECTIONS, is let go: threads stay few.
"""

import socket
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import REGISTRY, CollectorRegistry, make_wsgi_app

from streams.loopback import is_loopback, is_own_name

SLOW_SECONDS: Final = 10.0
MAX_CONNECTIONS: Final = 64


class MetricsServer(ThreadingMixIn, WSGIServer):
    """A registry's page, from threads, until `close()`. Raises OSError where the address cannot be listened on."""

    daemon_threads = True
    request_queue_size = MAX_CONNECTIONS
    block_on_close = False

    def __init__(self, host: str, port: int, registry: CollectorRegistry = REGISTRY) -> None:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self.address_family = family
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__((str(address[0]), port), _Handler)
        app = make_wsgi_app(registry)
        self.set_app(_of_own_name(app) if is_loopback(str(address[0])) else app)
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def verify_request(self, *_: Any) -> bool:
        return self._free.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, *_: Any) -> None:
        """A client that went away, or was let go, is no error of ours."""


class _Handler(WSGIRequestHandler):
    timeout = SLOW_SECONDS

    def log_message(self, *_: Any) -> None:
        """Nothing: scrapes are no news."""


def _of_own_name(app: Callable[..., Any]) -> Callable[..., Any]:
    def checked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if is_own_name(environ.get("HTTP_HOST", "")):
            pages: Iterable[bytes] = app(environ, start_response)
            return pages
        start_response("421 Misdirected Request", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"this server has another name\n"]

    return checked
