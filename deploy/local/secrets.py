"""Secrets between the parts of a stack, made at its first start and kept: nobody else pages on-call or silences alerts.

relay-token, pager-token                 what Alertmanager and the relay show (Authorization: Bearer …)
prometheus-password, alertmanager-password   of their user `pulsewatch`
prometheus-web.yml, alertmanager-web.yml     the same as their web configuration, hashed
"""

import secrets
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import bcrypt
import yaml

from streams.notification.alertmanager_api import USER
from streams.secret_file import read_word

Server = Literal["prometheus", "alertmanager"]
Taker = Literal["relay", "pager"]
SERVERS: tuple[Server, ...] = ("prometheus", "alertmanager")
TAKERS: tuple[Taker, ...] = ("relay", "pager")
_ROUNDS = 10
"""A password of 256 bits needs no slow hash; Prometheus is asked with it often."""


@dataclass(frozen=True)
class StackSecrets:
    """Files in a folder that its owner alone, or its group too, can read."""

    folder: Path
    group_readable: bool = False
    """Where servers of other users share the folder by their group: in containers."""

    def create(self) -> None:
        """Make what is missing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o750 if self.group_readable else 0o700)
        for taker in TAKERS:
            self._make(self.token(taker), secrets.token_urlsafe(32))
        for server in SERVERS:
            self._make(self.password(server), secrets.token_urlsafe(32))
            hashed = bcrypt.hashpw(read_word(self.password(server)).encode(), bcrypt.gensalt(_ROUNDS)).decode()
            self._make(self.web_config(server), yaml.safe_dump({"basic_auth_users": {USER: hashed}}))

    def token(self, taker: Taker) -> Path:
        return self.folder / f"{taker}-token"

    def password(self, server: Server) -> Path:
        return self.folder / f"{server}-password"

    def web_config(self, server: Server) -> Path:
        return self.folder / f"{server}-web.yml"

    def authorization(self, server: Server) -> str:
        """The header of a question to a server. Raises UsageError where there is no password yet."""
        return "Basic " + b64encode(f"{USER}:{read_word(self.password(server))}".encode()).decode()

    def _make(self, path: Path, text: str) -> None:
        if not path.exists():
            path.touch(0o640 if self.group_readable else 0o600)
            path.write_text(text + ("" if text.endswith("\n") else "\n"))
