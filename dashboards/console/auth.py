"""Who may look and who may decide.

Without a token file everybody who reaches the address is the operator "local": that is for loopback. With one, a person
gives a token once and gets a cookie that names them and their role, sealed with a key made of their own token: nothing
is kept about it, it is good after a restart, and ends when the token leaves the file.

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
from typing import Literal, cast, get_args

from streams.clock import DAY_MS
from streams.errors import UsageError

COOKIE = "pulsewatch"
SESSION_MS = 7 * DAY_MS
MIN_TOKEN_CHARS = 12

Role = Literal["viewer", "operator"]


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. An operator may decide; a viewer may look."""

    name: str
    role: Role


LOCAL = Person("local", "operator")


class TokenAuth:
    """The people of a token file."""

    def __init__(self, tokens: dict[str, Person]) -> None:
        self._tokens = tokens
        self._keys = {person.name: (person, _key(token)) for token, person in tokens.items()}

    def enter(self, token: str) -> Person | None:
        """Whose token it is. Every one is compared, so the time that it takes tells nothing."""
        found = None
        for known, person in self._tokens.items():
            if hmac.compare_digest(known.encode(), token.encode()):
                found = person
        return found

    def seal(self, person: Person, now_ms: int) -> str:
        """A cookie's value."""
        body = f"{urlsafe_b64encode(person.name.encode()).decode()}.{now_ms + SESSION_MS}"
        return f"{body}.{_seal(self._keys[person.name][1], body)}"

    def known(self, cookie: str, now_ms: int) -> Person | None:
        """Whose cookie it is; None where it is nobody's, or too old."""
        body, _, seal = cookie.rpartition(".")
        name, _, until = body.partition(".")
        try:
            person, key = self._keys[urlsafe_b64decode(name).decode()]
            fresh = int(until) > now_ms
        except (KeyError, ValueError):
            return None
        return person if fresh and hmac.compare_digest(seal, _seal(key, body)) else None


def read_tokens(path: Path) -> TokenAuth:
    """A token file. Raises UsageError that names the line."""
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
            raise UsageError(f"{path}:{number}: {name}, or the token, stands there twice")
        tokens[token] = Person(name, cast(Role, role))
    if not tokens:
        raise UsageError(f"{path} names nobody: a line is `viewer|operator NAME TOKEN`")
    return TokenAuth(tokens)


def suggestion() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(18)


def _key(token: str) -> bytes:
    return blake2b(token.encode(), person=b"pulsewatch-seal", digest_size=32).digest()


def _seal(key: bytes, body: str) -> str:
    return blake2b(body.encode(), key=key, digest_size=24).hexdigest()
