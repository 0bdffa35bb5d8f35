"""Every counter in Redis and every dead letter in Kafka, beside the oracle's."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing

from redis import Redis

from streams.engagement.reader import EngagementReader
from streams.events.dead_letters import DeadLetter
from streams.kafka.dead_letter_topic import list_dead_letters
from streams.simulate.compare import Comparison, Row, compare
from streams.simulate.truth import Truth
from tests.servers.site import Site


def compared(site: Site, truth: Truth) -> Comparison:
    """The comparison without alerts: only engagement runs here."""
    return _compared(site, truth, list(list_dead_letters(site.kafka.connection)))


def assert_exact(site: Site, truth: Truth) -> list[DeadLetter]:
    """Returns the dead letters, as many as there should be of each reason."""
    letters = list(list_dead_letters(site.kafka.connection))
    comparison = _compared(site, truth, letters)
    assert comparison.figures > 3_000
    assert [_line(row) for row in comparison.differences[:20]] == []
    return letters


def _compared(site: Site, truth: Truth, letters: Sequence[DeadLetter]) -> Comparison:
    reasons = Counter(str(letter.reason) for letter in letters)
    with closing(Redis.from_url(site.redis.url, socket_timeout=10)) as client:
        return compare(truth, EngagementReader(client, site.settings.namespace), [], reasons)


def _line(row: Row) -> str:
    return f"{row.scope} {row.scope_id} {row.window} {row.name}: expected {row.expected}, found {row.found}"
