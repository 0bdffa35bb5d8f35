"""Who may send what: API keys with a scope and a rate, and webhooks that sign what they send.

`keys.yaml`:

    keys:
      - name: shop
        sha256: 5d41…                       # of the key: `pulsewatch ingest key shop` prints both
        sources: [shop-orders]              # all, where it is missing; so for brands and kinds
        brands: [acme]
        kinds: [order, payment, refund]
        events_per_second: 2000
      - name: forms
        webhook_secret_file: /run/secrets/forms
        sources: [forms]
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import yaml
from msgspec import Meta

from streams.errors import UsageError
from streams.events.schema import Event, Kind
from streams.ingest.http.body import Refused

REPLAY_SECONDS: Final = 300
"""How old, or how far ahead, a signature's time may be."""
KEY_PREFIX: Final = "pwk_"
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Sender(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of keys.yaml."""

    name: Name
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")] | None = None
    webhook_secret_file: str | None = None
    sources: frozenset[str] | None = None
    brands: frozenset[str] | None = None
    kinds: frozenset[Kind] | None = None
    events_per_second: Annotated[int, Meta(ge=1)] | None = None

    def forbids(self, event: Event) -> str | None:
        """What of the event is beyond this sender's scope; None where all of it is within."""
        scope = (("source", self.sources, event.source), ("brand_id", self.brands, event.brand_id))
        for name, allowed, value in scope:
            if allowed is not None and value not in allowed:
                return f"this key may not send the {name} {value}"
        if self.kinds is not None and event.kind not in self.kinds:
            return f"this key may not send the kind {event.kind}"
        return None


class _KeyFile(msgspec.Struct, forbid_unknown_fields=True):
    keys: list[Sender]


ANYBODY: Final = Sender("anybody")
"""Who sends where no keys are asked for."""


@dataclass
class Bucket:
    """A sender's rate: a second's worth may come at once. `now` is in seconds of a monotonic clock.

    Two a second:   2 at 0.0 → yes    1 at 0.1 → no, wait 0.4    1 at 0.5 → yes
    """

    per_second: int
    left: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.left = float(self.per_second)

    def take(self, count: int, now: float) -> float:
        """Take `count` and return 0; or take nothing and return the seconds to wait. More than a second's worth waits
        for a full bucket and leaves a debt."""
        self.left = min(float(self.per_second), self.left + (now - self.at) * self.per_second)
        self.at = now
        needed = min(count, self.per_second)
        if self.left < needed:
            return (needed - self.left) / self.per_second
        self.left -= count
        return 0.0


class Senders:
    """The keys of a file; one event loop."""

    def __init__(self, senders: list[Sender], secrets_by_name: Mapping[str, bytes]) -> None:
        self._by_digest = {sender.sha256: sender for sender in senders if sender.sha256}
        self._webhooks = {
            sender.name: (sender, secrets_by_name[sender.name]) for sender in senders if sender.name in secrets_by_name
        }
        self._buckets = {
            sender.name: Bucket(sender.events_per_second) for sender in senders if sender.events_per_second
        }
        self._seen: dict[str, float] = {}

    def by_key(self, key: str) -> Sender:
        """Whose key it is. Raises Refused (401)."""
        sender = self._by_digest.get(hashlib.sha256(key.encode()).hexdigest())
        if sender is None:
            raise Refused(401, "this key is not known")
        return sender

    def by_signature(self, name: str, timestamp: str, signature: str, body: bytes, now_seconds: float) -> Sender:
        """Whose signature it is: `v1=` and the hex HMAC-SHA-256 of `timestamp.body`. Raises Refused (401) for a wrong
        one, an old one, and one that came before; `accepted` records it."""
        sender, secret = self._webhooks.get(name, (None, b""))
        expected = hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        if sender is None or not hmac.compare_digest(f"v1={expected}".encode(), signature.encode()):
            raise Refused(401, "the signature is wrong")
        if not timestamp.isdecimal() or abs(now_seconds - int(timestamp)) > REPLAY_SECONDS:
            raise Refused(401, f"the signature's time is not within {REPLAY_SECONDS} s of now")
        self._forget(now_seconds)
        if signature in self._seen:
            raise Refused(401, "this request came before")
        return sender

    def accepted(self, signature: str, now_seconds: float) -> None:
        """The signed request is in Kafka: the same one is a replay from now on. One that failed may come again."""
        self._seen[signature] = now_seconds

    def wait_seconds(self, sender: Sender, count: int, now: float) -> float:
        """Seconds that the sender has to wait before it may send so many; 0 where it may, which counts them."""
        bucket = self._buckets.get(sender.name)
        return 0.0 if bucket is None else bucket.take(count, now)

    def _forget(self, now_seconds: float) -> None:
        old = [signature for signature, at in self._seen.items() if at < now_seconds - 2 * REPLAY_SECONDS]
        for signature in old:
            del self._seen[signature]


def new_key() -> tuple[str, str]:
    """(key, its sha256) of 256 random bits."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    return key, hashlib.sha256(key.encode()).hexdigest()


def read_senders(path: Path) -> Senders:
    """The senders of a file. Raises UsageError that names the file and what is wrong in it."""
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        senders = msgspec.convert(raw, _KeyFile).keys
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise UsageError(f"{path}: {' '.join(str(error).split())}") from None
    names = [sender.name for sender in senders]
    if len(set(names)) < len(names):
        raise UsageError(f"{path}: two keys have one name")
    for sender in senders:
        if (sender.sha256 is None) == (sender.webhook_secret_file is None):
            raise UsageError(f"{path}: {sender.name} needs either sha256 or webhook_secret_file")
    return Senders(senders, {s.name: _secret(path, s) for s in senders if s.webhook_secret_file})


def _secret(path: Path, sender: Sender) -> bytes:
    assert sender.webhook_secret_file is not None
    try:
        secret = (path.parent / sender.webhook_secret_file).read_bytes().strip()
    except OSError as error:
        raise UsageError(f"{path}: the secret of {sender.name} cannot be read: {error.strerror}") from None
    if len(secret) < 16:
        raise UsageError(f"{path}: the secret of {sender.name} is shorter than 16 bytes")
    return secret
