"""What a page reads from: Redis through the readers, Kafka through the thread that follows it."""

from dataclasses import dataclass, field

from dashboards.console.throughput import Throughput
from dashboards.console.topic_follower import TopicFollower
from dashboards.readers import Readers
from streams.catalogue.facts import BrandFacts


@dataclass(frozen=True)
class PageSources:
    """The console's sources, used in its one reading thread."""

    readers: Readers
    topics: TopicFollower
    throughput: Throughput = field(default_factory=Throughput)
    facts: BrandFacts = field(default_factory=BrandFacts)
    """What belongs to brands, by the catalogue; nothing without one."""
