"""Whose an id is: ids come from outside, and two that look alike are one only where the same party gave them.

An event's id belongs to its source, so that two feeds that number alike lose nothing. An id that the platform gave is
the platform's, whoever collected it, and is marked by its prefix; a second collector of a room takes the name of the
first with something after it (`douyin-live`, `douyin-live-b`):

    douyin-live:70010      from douyin-live or shop-cam        one event
    douyin-live-b:70010    from douyin-live-b                  the same
    70010                  from shop-a, and from shop-b        two events

The id of a room, a product or a session belongs to its platform; a session's to its room. Names in stored keys and
addresses are the bare ids as long as one platform uses them in a partition; another one's carries its platform:

    room-1          the platform that used the id first
    room-1@tiktok   another
"""

from collections.abc import Mapping
from typing import get_args

from streams.events.schema import Event, Platform

_LIVE: Mapping[str, str] = {platform: f"{platform}-live" for platform in get_args(Platform)}
_PLATFORMS = frozenset(get_args(Platform))
_OF_SOURCE = "\x1f"


def event_identity(event_id: str, source: str, platform: Platform) -> str:
    """What makes two records one event."""
    live = _LIVE[platform]
    if event_id.startswith(live):
        given = event_id[len(live) :]
        if given.startswith(":"):
            return event_id
        if event_id.startswith(source + ":") and given.startswith("-"):
            return live + event_id[len(source) :]
    return f"{source}{_OF_SOURCE}{event_id}"


def identities(events: list[Event]) -> list[str]:
    """Those of some events."""
    return [event_identity(event.event_id, event.source, event.platform) for event in events]


def retracted_identity(retraction: Event) -> str | None:
    """The event that a retraction takes back: one of its own source, or one that the platform named."""
    named = retraction.retracts
    return None if named is None else event_identity(named, retraction.source, retraction.platform)


def qualified(name: str, platform: str) -> str:
    """A room's or product's name where another platform has the bare id."""
    return f"{name}@{platform}"


def parted(name: str) -> tuple[str, str | None]:
    """(id, platform) of a name; the platform is None where the name is bare."""
    bare, _, platform = name.rpartition("@")
    return (bare, platform) if bare and platform in _PLATFORMS else (name, None)
