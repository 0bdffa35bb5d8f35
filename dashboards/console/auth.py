"""Who asks, who may look and who may decide.

Without a token file everybody who reaches the address is the operator "local": that is for loopback. With one, a person
gives a token once and gets a cookie with their name and role. The cookie is signed with a key derived from the person's
token: nothing is stored about it, it survives a restart, and it is void once the token leaves the file.

    # role     name    token, one person a line
    operator   alice   correct-horse-battery-staple
    viewer     bob     another-long-secret
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, cast, get_args

from starlette.requests import Request

from streams.clock import DAY_MS
from streams.errors import UsageError
from streams.refusals import Refused

COOKIE = "pulsewatch"
SESSION_MS = 7 * DAY_MS
MIN_TOKEN_CHARS = 12

Role = Literal["viewer", "operator"]


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the console. An operator may decide; a viewer may look."""

    name: str
    role: Role


LOCAL = Person("local", "operator")
"""The user where there is no token file."""


class AccessDenied(Refused):
    """`status` 401: the user is not known. 403: the user may look, not decide. 429: too much at once."""

    def __init__(self, status: int, why: str, **facts: Any) -> None:
        super().__init__(why, **facts)
        self.status = status


class TokenAuth:
    """The people of a token file, by token."""

    def __init__(self, tokens: dict[str, Person]) -> None:
        self._tokens = tokens
        self._keys = {person.name: (person, _key(token)) for token, person in tokens.items()}

    def authenticate(self, token: str) -> Person | None:
        """The person with this token; None for an unknown one. Every token is compared, so that the time it takes does
        not depend on which one matches."""
        found = None
        for known, person in self._tokens.items():
            if _equal(known, token):
                found = person
        return found

    def issue_cookie(self, person: Person, now_ms: int) -> str:
        """A cookie's value, valid for SESSION_MS: the name in base64, the time it expires, the signature of both."""
        body = f"{urlsafe_b64encode(person.name.encode()).decode()}.{now_ms + SESSION_MS}"
        return f"{body}.{_signature(self._keys[person.name][1], body)}"

    def verify_cookie(self, cookie: str, now_ms: int) -> Person | None:
        """The person that the cookie was issued to; None where it is forged, expired, or of a token that is gone."""
        body, _, signature = cookie.rpartition(".")
        name, _, until = body.partition(".")
        try:
            person, key = self._keys[urlsafe_b64decode(name).decode()]
            fresh = int(until) > now_ms
        except (KeyError, ValueError):
            return None
        return person if fresh and _equal(signature, _signature(key, body)) else None


def current_user(request: Request) -> Person | None:
    """Who asks, by the cookie; LOCAL where there is no token file, None for an unknown user."""
    auth: TokenAuth | None = request.app.state.auth
    if auth is None:
        return LOCAL
    return auth.verify_cookie(request.cookies.get(COOKIE, ""), request.app.state.clock())


def require_viewer(request: Request) -> Person:
    """The user, who may look. Raises AccessDenied."""
    user = current_user(request)
    if user is None:
        raise AccessDenied(401, "login_needed")
    return user


def require_operator(request: Request) -> Person:
    """The user, who may decide. Raises AccessDenied."""
    user = require_viewer(request)
    if user.role != "operator":
        raise AccessDenied(403, "viewer", name=user.name)
    return user


def read_tokens(path: Path) -> TokenAuth:
    """Read a token file. Raises UsageError that names the line."""
    try:
        lines = path.read_text().splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    tokens: dict[str, Person] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 3 or words[0] not in get_args(Role):
            raise UsageError(f"{path}:{number}: a line is `viewer|operator NAME TOKEN`")
        role, name, token = words
        if len(token) < MIN_TOKEN_CHARS:
            raise UsageError(
                f"{path}:{number}: a token has {MIN_TOKEN_CHARS} characters or more, such as {suggestion()}"
            )
        if token in tokens or any(name == person.name for person in tokens.values()):
            raise UsageError(f"{path}:{number}: {name}, or the token, is there twice")
        tokens[token] = Person(name, cast(Role, role))
    if not tokens:
        raise UsageError(f"{path} names no person: a line is `viewer|operator NAME TOKEN`")
    return TokenAuth(tokens)


def suggestion() -> str:
    """A random token of 24 characters."""
    return secrets.token_urlsafe(18)


def _equal(one: str, other: str) -> bool:
    """Compared in constant time, whatever characters a stranger sends."""
    return hmac.compare_digest(one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass"))


def _key(token: str) -> bytes:
    return blake2b(token.encode(), person=b"pulsewatch-seal", digest_size=32).digest()


def _signature(key: bytes, body: str) -> str:
    return blake2b(body.encode(errors="surrogatepass"), key=key, digest_size=24).hexdigest()
