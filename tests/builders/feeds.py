"""A feed as `feeds run` has it, on a ledger and topics that a test looks into."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from streams.backoff import Backoff
from streams.catalogue.brand import Brand
from streams.clock import system_clock
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event
from streams.ingest.feed_list import AnyFeed
from streams.ingest.feed_process import Feeds, translator
from streams.ingest.feed_status import FeedStatus
from streams.ingest.protocols.received import WayIn
from streams.ingest.runner import FeedRunner
from streams.ledger.protocol import Ledger
from streams.topology import LIVE, SOCIAL
from tests.fakes.publisher import Kept

AT_ONCE = Backoff(first_seconds=0.001, max_seconds=0.001)


class Topics:
    """Both topics of events, as lists."""

    def __init__(self) -> None:
        self.publishers: Mapping[str, Kept] = {SOCIAL: Kept(), LIVE: Kept()}

    def events(self) -> list[Event]:
        """All that was written, a repetition too."""
        return [
            msgspec.json.decode(value, type=Event) for kept in self.publishers.values() for _, value in kept.records
        ]

    def ids(self) -> list[str]:
        return [event.event_id for event in self.events()]


def running(
    entry: AnyFeed,
    way_in: Callable[[], WayIn],
    topics: Topics,
    ledger: Ledger,
    *,
    brands: Sequence[Brand] = (),
    clock: Callable[[], int] = system_clock,
) -> FeedRunner:
    """A runner that connects anew at once."""
    made = translator(entry, Feeds([entry], brands=brands), Pseudonyms(b"key"))
    status = FeedStatus(entry.name, entry.kind, entry.address)
    return FeedRunner(
        status, way_in, made, topics.publishers, ledger,
        unread_bytes=1_000_000, clock=clock, reconnect=AT_ONCE, batch_seconds=0.001,
    )  # fmt: skip
