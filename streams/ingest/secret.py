"""Secrets that a configuration names and never holds: in a variable of the environment, or in a file of their own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from streams.errors import UsageError


class Secret(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a secret is: `{env: NAME}` or `{file: path}`; a path is read from the configuration's folder on."""

    env: str | None = None
    file: str | None = None

    def __post_init__(self) -> None:
        if (self.env is None) == (self.file is None):
            raise ValueError("a secret is {env: NAME} or {file: PATH}")

    def __str__(self) -> str:
        return f"the variable {self.env}" if self.env else f"the file {self.file}"


@dataclass(frozen=True)
class Secrets:
    """Reads secrets when they are needed: a renewed file is read anew at the next connection."""

    folder: Path = Path()
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def read(self, secret: Secret) -> str:
        """The secret's text without its last line end. Raises UsageError, which says what is missing."""
        if secret.env is not None:
            value = self.environment.get(secret.env)
            if not value:
                raise UsageError(f"{secret} is not set")
            return value
        try:
            return (self.folder / str(secret.file)).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
            raise UsageError(f"{secret} cannot be read: {reason}") from None

    def text(self, value: "str | Secret") -> str:
        """A value that may be a secret."""
        return value if isinstance(value, str) else self.read(value)
