"""Where an event goes: the topic of its kind of place, and the key that decides its partition."""

from streams.events.schema import Event
from streams.topology import LIVE, SOCIAL


def route(event: Event) -> tuple[str, str]:
    """(topic, key): a live room's events by room, everything else by brand."""
    return (SOCIAL, event.brand_id) if event.room_id is None else (LIVE, event.room_id)
