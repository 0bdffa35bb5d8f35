"""A token endpoint on loopback: client credentials in, an unsigned token out, as OAUTHBEARER's broker here takes it."""

import base64
import json
import time
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.servers.http_thread import serving


class TokenEndpoint(ThreadingHTTPServer):
    """`url` is for PULSEWATCH_KAFKA_TOKEN_URL; `asked` counts the requests."""

    def __init__(self, user: str, password: str, life_seconds: int = 300) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.credentials = (user, password)
        self.life_seconds = life_seconds
        self.asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/token"


class _Answer(BaseHTTPRequestHandler):
    server: TokenEndpoint

    def do_POST(self) -> None:
        from urllib.parse import unquote

        self.server.asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        login = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
        if tuple(unquote(part) for part in login.split(":")) != self.server.credentials:
            self.send_error(401)
            return
        now = int(time.time())
        claims = {"sub": login.partition(":")[0], "iat": now, "exp": now + self.server.life_seconds}
        token = ".".join([_encoded({"alg": "none"}), _encoded(claims), ""])
        body = json.dumps({"access_token": token, "expires_in": self.server.life_seconds}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def _encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def token_endpoint(user: str, password: str) -> AbstractContextManager[TokenEndpoint]:
    """Serving, in a thread of its own."""
    return serving(TokenEndpoint(user, password))
