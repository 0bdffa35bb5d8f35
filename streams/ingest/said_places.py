"""Where events belong whose messages say it themselves, for what takes them back: a deletion names an id alone.

an event in a brand, room or session of its own    its place is remembered
a retraction of it                                 goes to the same place, whose partition counted it
"""

from typing import Literal, Protocol

import msgspec

from streams.events.schema import Event

Subject = Literal["place"]


class PlaceMemory(Protocol):
    """Places of events, by their ids."""

    def get_all(self, subject: Subject, of: str, /) -> list[str]: ...

    def put_all(self, subject: Subject, of: str, values: list[str], /) -> None: ...


class SaidPlaces:
    """The places that one feed's messages say."""

    def __init__(self, memory: PlaceMemory) -> None:
        self._memory = memory

    def placed(self, event: Event) -> Event:
        """The event; a retraction where the event is that it takes back, as long as that is remembered."""
        if event.kind != "retraction":
            place = [event.brand_id, event.room_id or "", event.session_id or ""]
            self._memory.put_all("place", event.event_id, place)
            return event
        known = self._memory.get_all("place", event.retracts or "")
        if not known:
            return event
        brand_id, room_id, session_id = known
        return msgspec.structs.replace(event, brand_id=brand_id, room_id=room_id or None, session_id=session_id or None)
