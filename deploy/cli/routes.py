"""Which alerts reach which of the relay's targets, by Alertmanager's configuration, in words."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from streams.errors import UsageError

PATH = "/alerts/"
"""A webhook to the relay has this path and the target's name."""


def reach(config: Path) -> dict[str, list[str]]:
    """By target the matchers of the routes that lead to it, one line a route, in the order in which they are tried.
    Raises UsageError for a file that cannot be read."""
    try:
        shipped: dict[str, Any] = yaml.safe_load(config.read_text())
        targets = {entry["name"]: list(_targets(entry)) for entry in shipped["receivers"]}
        found: dict[str, list[str]] = {}
        for receiver, what in _routes(shipped["route"], ()):
            for target in targets.get(receiver, ()):
                found.setdefault(target, []).append(what)
    except OSError as error:
        raise UsageError(f"{config} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{config} is no configuration of Alertmanager: {' '.join(str(error).split())}") from None
    return found


def _targets(receiver: Mapping[str, Any]) -> Iterator[str]:
    for hook in receiver.get("webhook_configs", ()):
        path = urlsplit(hook["url"]).path
        if path.startswith(PATH):
            yield path.removeprefix(PATH)


def _routes(route: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(receiver, what reaches it), the inner routes first, as they are tried."""
    matchers = (*above, *route.get("matchers", ()))
    for inner in route.get("routes", ()):
        yield from _routes({"receiver": route.get("receiver"), **inner}, matchers)
    yield str(route.get("receiver")), ", ".join(matchers) or "all that no other route takes"
