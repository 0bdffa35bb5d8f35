"""How much a lane takes at once: what its handler wants, as long as a worker's lanes together do not hold too much."""

import pytest

from streams.engagement.handler import EngagementHandler
from streams.events.dead_letters import MemoryDeadLetterSink
from streams.ledger.memory import MemoryLedger
from streams.transport.handler import BATCH_BYTES, BATCHES_BYTES, batch_bytes_of


class Wants:
    """A handler that takes more."""

    batch_bytes = 3 * BATCH_BYTES


@pytest.mark.parametrize(
    ("handler", "partitions", "expected"),
    [
        (object(), 1, BATCH_BYTES),
        (Wants(), 0, 3 * BATCH_BYTES),
        (Wants(), 1, 3 * BATCH_BYTES),
        (Wants(), 8, BATCHES_BYTES // 8),
        (Wants(), 1_000, BATCH_BYTES),
    ],
)
def test_lane_takes_what_its_handler_wants_within_the_workers_share(
    handler: object, partitions: int, expected: int
) -> None:
    assert batch_bytes_of(handler, partitions) == expected


def test_engagement_takes_more_at_once() -> None:
    handler = EngagementHandler(MemoryLedger(), MemoryDeadLetterSink(), session_ttl_seconds=60)
    assert batch_bytes_of(handler, 4) > BATCH_BYTES
