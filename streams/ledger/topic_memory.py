"""Which topics a stage's offsets belong to: a topic that was deleted and made anew begins at 0 again, and may be longer
than the stored offset by the time that anybody looks.
"""

from collections.abc import Mapping
from typing import Protocol

from streams.errors import PulsewatchError
from streams.ledger.retry import retrying


class TopicMadeAnew(PulsewatchError):
    """Kafka has another topic of that name than the one whose offsets are stored."""

    def __init__(self, topic: str) -> None:
        super().__init__(
            f"{topic} was made anew in Kafka, and the stored offsets are those of its predecessor: start with another"
            " PULSEWATCH_NAMESPACE, or delete the key <namespace>:<stage>:topics to go on at the stored offsets"
        )


class StoredTopics(Protocol):
    """Where a stage's topics are stored."""

    async def remember_topics(self, ids: Mapping[str, str]) -> dict[str, str]:
        """Store the ids of topics that are not stored yet; returns those that were, by topic. Raises Unavailable."""


class TopicMemory:
    """The topics of one stage."""

    def __init__(self, stored: StoredTopics) -> None:
        self._stored = stored

    async def check(self, ids: Mapping[str, str]) -> None:
        """Remember the ids of topics that are new to the stage. Raises TopicMadeAnew where one differs; waits while
        the server is away."""
        if ids:
            known = await retrying(lambda: self._stored.remember_topics(ids))
            for topic, found in ids.items():
                if known.get(topic, found) != found:
                    raise TopicMadeAnew(topic)
