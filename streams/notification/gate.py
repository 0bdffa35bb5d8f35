"""Who may hand over notifications. A web page that an operator opens can reach loopback, too: it must not page anybody.

A page in a browser sends `Origin`, a content type of forms, and, where its name was pointed at this machine afterwards,
its own `Host`. Alertmanager sends none of that, and has the token.
"""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from streams.loopback import is_own_name
from streams.secret_file import read_word

CONTENT_TYPE = "application/json"


@dataclass(frozen=True)
class Refusal:
    """Why a request is not taken, with its HTTP status."""

    status: int
    reason: str


@dataclass(frozen=True)
class Gate:
    """Looks at a request's headers, given by their names in lower case."""

    token_file: Path | None = None
    """Read at each request, so that a new token needs no restart. Without one nobody has to show a token."""
    names: Collection[str] = ()
    """By which it may be called, beside addresses, `localhost` and names without a dot."""

    def refuses_page(self, headers: Mapping[str, str]) -> Refusal | None:
        """Of a notification. Raises UsageError where the token cannot be read."""
        host = self.refuses_host(headers)
        if host is not None:
            return host
        if "origin" in headers or headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return Refusal(403, "web pages hand over no notifications")
        if headers.get("content-type", "").partition(";")[0].strip().lower() != CONTENT_TYPE:
            return Refusal(415, f"a notification is {CONTENT_TYPE}")
        if self.token_file is not None and not self._has_token(headers.get("authorization", "")):
            return Refusal(401, "the token is missing or another")
        return None

    def refuses_host(self, headers: Mapping[str, str]) -> Refusal | None:
        """Of any request: whether it calls this server by a name that is not its own."""
        own = is_own_name(headers.get("host", ""), self.names)
        return None if own else Refusal(421, "this server has another name")

    def _has_token(self, header: str) -> bool:
        scheme, _, shown = header.partition(" ")
        sent = shown.strip().encode(errors="surrogateescape")  # bytes that are no UTF-8 are no token, and no error
        return scheme.lower() == "bearer" and hmac.compare_digest(sent, self._token().encode())

    def _token(self) -> str:
        return read_word(self.token_file) if self.token_file else ""


HEADERS_ONLY = Gate()
"""Asks for no token: web pages are refused all the same."""
