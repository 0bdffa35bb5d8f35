"""The page of settings."""

from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from deploy.reference.markdown import code, table
from streams.settings import Settings

_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def settings() -> str:
    prefix = Settings.model_config.get("env_prefix", "")
    rows = [
        (code(f"{prefix}{name}".upper()), code(_default(field.default)), field.description or "", _bounds(field))
        for name, field in Settings.model_fields.items()
    ]
    return (
        "# Settings\n\nEach is an environment variable, or a line of `.env`. A bad value ends the command with one line"
        " and exit code 2.\n\n" + table(("variable", "default", "meaning", "form"), rows)
    )


def _default(value: Any) -> str:
    if value is None:
        return ""
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _bounds(field: FieldInfo) -> str:
    said = [
        f"{words} {getattr(bound, key)}"
        for bound in field.metadata
        for key, words in _BOUNDS.items()
        if getattr(bound, key, None) is not None
    ]
    patterns = [code(bound.pattern) for bound in field.metadata if getattr(bound, "pattern", None)]
    return ", ".join([*said, *patterns])
