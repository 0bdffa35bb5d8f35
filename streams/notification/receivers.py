"""The receivers that relay.yml names. Secrets are in files and are read at each use, so that a rotated secret needs no
restart; an address that contains its own key is a secret too."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import yaml

from streams.errors import UsageError
from streams.notification.formats import Address, ReceiverKind
from streams.notification.words import Language
from streams.secret_file import read_word

PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue"


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A receiver as relay.yml has it."""

    kind: ReceiverKind
    url: str | None = None
    url_file: str | None = None
    secret_file: str | None = None
    language: Language = "en"
    zone: str = "UTC"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    targets: dict[str, _Entry]


@dataclass(frozen=True)
class Receiver:
    """One receiver. Paths in relay.yml are relative to it."""

    name: str
    kind: ReceiverKind
    language: Language
    url: str | None
    url_file: Path | None
    secret_file: Path | None
    zone: tzinfo = UTC
    """In which its readers' times are written."""

    def check(self) -> None:
        """Read the files as `address` does, but for a webhook's token, which may be made after the relay's start."""
        if self.kind == "webhook":
            replace(self, secret_file=None).address()
        else:
            self.address()

    def address(self) -> Address:
        """Read the files. Raises UsageError where one is missing or does not hold one word."""
        url = _word(self.name, self.url_file) if self.url_file else self.url or PAGERDUTY_URL
        if not url.startswith(("https://", "http://")):
            raise UsageError(f"relay target {self.name}: the address does not begin with https:// or http://")
        return Address(url, _word(self.name, self.secret_file) if self.secret_file else "")


def load(path: Path) -> Mapping[str, Receiver]:
    """Every receiver by name. Raises UsageError that names the receiver and what is wrong with it."""
    try:
        file = msgspec.convert(yaml.safe_load(path.read_text()), _File)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise UsageError(f"{path}: {' '.join(str(error).split())}") from None
    receivers = {name: _receiver(name, entry, path.parent) for name, entry in file.targets.items()}
    for receiver in receivers.values():
        receiver.check()
    return receivers


def _receiver(name: str, entry: _Entry, folder: Path) -> Receiver:
    if entry.url and entry.url_file:
        raise UsageError(f"relay target {name}: give url or url_file, not both")
    if entry.kind not in ("webhook", "pagerduty") and not entry.url_file:
        raise UsageError(f"relay target {name}: the address of a {entry.kind} robot is a secret; put it in a url_file")
    if entry.kind == "webhook" and not (entry.url or entry.url_file):
        raise UsageError(f"relay target {name}: a webhook needs a url")
    if entry.kind == "pagerduty" and not entry.secret_file:
        raise UsageError(f"relay target {name}: PagerDuty needs its routing key in a secret_file")
    if entry.kind in ("slack", "wecom") and entry.secret_file:
        raise UsageError(f"relay target {name}: {entry.kind} takes no secret_file; its address is the secret")
    url_file = folder / entry.url_file if entry.url_file else None
    secret_file = folder / entry.secret_file if entry.secret_file else None
    return Receiver(name, entry.kind, entry.language, entry.url, url_file, secret_file, _zone(name, entry.zone))


def _zone(name: str, zone: str) -> tzinfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"relay target {name}: {zone} is no time zone; one is called Asia/Shanghai") from None


def _word(name: str, path: Path) -> str:
    try:
        return read_word(path)
    except UsageError as error:
        raise UsageError(f"relay target {name}: {error}") from None
