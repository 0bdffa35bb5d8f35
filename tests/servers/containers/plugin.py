"""Compose's plugin for docker's client, built of its Go module."""

import os
import subprocess
import tempfile
from pathlib import Path

from streams.errors import Unavailable
from tests.servers.containers.engine import plugin_path

MODULE = "github.com/docker/compose/v2"
VERSION = "v2.40.3"


def is_built() -> bool:
    """Whether the plugin of this version is there."""
    return plugin_path().exists() and _mark().exists() and _mark().read_text() == VERSION


def build() -> None:
    """Build it beside its place and rename. The module excludes versions of others, so it is no `go install`: a module
    of our own asks for it. Raises Unavailable."""
    plugin_path().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=plugin_path().parents[1]) as folder:
        made = Path(folder) / "docker-compose"
        _go(folder, "mod", "init", "compose-plugin")
        _go(folder, "get", f"{MODULE}/cmd@{VERSION}")
        told = f"-s -w -X {MODULE}/internal.Version={VERSION}"
        _go(folder, "build", "-trimpath", "-ldflags", told, "-o", str(made), f"{MODULE}/cmd")
        made.rename(plugin_path())
    _mark().write_text(VERSION)


def _mark() -> Path:
    return plugin_path().parents[1] / "compose-version"


def _go(folder: str, *arguments: str) -> None:
    environment = {**os.environ, "CGO_ENABLED": "0"}
    done = subprocess.run(["go", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"`go {' '.join(arguments[:2])} …` failed:\n{done.stderr.strip()[-2000:]}")
