"""How far each stage is behind: the end of the topic in Kafka less the offset stored in the ledger.

Kafka's committed offsets are not asked: they trail the ledger, which alone says what has been counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from streams.kafka.bounds import Offsets
from streams.topology import STAGES


@dataclass(frozen=True)
class Lag:
    """Records that a stage has yet to store the effects of."""

    stage: str
    topic: str
    partition: int
    records: int


def lags(stored: Mapping[str, Offsets], beginnings: Offsets, ends: Offsets) -> list[Lag]:
    """By stage and partition; a partition that no worker ever held is behind by all that Kafka has of it."""
    return [
        Lag(stage, topic, partition, max(0, end - max(beginnings[topic, partition], held.get((topic, partition), 0))))
        for stage, held in stored.items()
        for (topic, partition), end in sorted(ends.items())
        if topic in STAGES[stage].reads
    ]
