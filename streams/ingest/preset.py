"""Mappings of collectors that many use, by name: `preset: mediacrawler/weibo`."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import msgspec

from streams.errors import UsageError
from streams.events.schema import Platform
from streams.ingest.mapping_fields import MessageMapping
from streams.yaml_records import read_record

FOLDER = Path(__file__).parent / "presets"


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a collector writes of one platform."""

    platform: Platform
    mapping: MessageMapping


def preset(name: str) -> Preset:
    """The preset of a name. Raises UsageError that names those that there are."""
    collector, _, of = name.partition("/")
    found = _presets(collector).get(of) if collector in collectors() else None
    if found is None:
        raise UsageError(f"preset: there is no {name}: {', '.join(names())}")
    return found


def names() -> Iterator[str]:
    """All of them."""
    for collector in collectors():
        yield from (f"{collector}/{of}" for of in _presets(collector))


def collectors() -> list[str]:
    """The collectors that have any."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@lru_cache
def _presets(collector: str) -> dict[str, Preset]:
    return read_record(FOLDER / f"{collector}.yaml", dict[str, Preset])
