"""A simulated run, through real workers on real servers, that all tests of the pages share."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from kafka import KafkaConsumer, TopicPartition

from deploy.local.programs import ConsoleProcess
from streams.clock import MINUTE_MS, system_clock
from streams.events.identity import event_identity
from streams.events.schema import Actor, Event, ScoredText
from streams.ingest.player import TimedRecord
from streams.simulate.generate import generate
from streams.simulate.scenario import Disorder, Incident, Room, Scenario
from streams.simulate.scenarios import SHANYE, VELVET
from streams.simulate.truth import Truth
from streams.topology import LIVE, SCORED
from tests.servers.site import PARTITIONS, Site
from tests.servers.waiting import until

STAGES = ("engagement", "scoring", "detection")
ROOM, BRAND = "room-105", "velvet"
BOUGHT_ROOM = "room-101"
SCENARIO = Scenario(
    "evening", 22, (VELVET, SHANYE),
    (
        Room(ROOM, BRAND, "douyin", "douyin-live", "zh", "晴晴", audience=60, captions_per_minute=3),
        Room(BOUGHT_ROOM, "shanye", "douyin", "douyin-live", "zh", "小鹿", audience=30),
    ),
    (
        Incident("false_advertising", BRAND, 14, 7, room_id=ROOM, families=("absolute_claim", "medical_claim")),
        Incident("fake_traffic", "shanye", 14, 8, room_id=BOUGHT_ROOM),
    ),
    Disorder(malformed_rounds=1, huge_records=False),
)  # fmt: skip
"""What happens goes on until the end or shortly before it, so its alerts still fire."""
NASTY_ROOM = "<img src=x onerror=alert(1)>"
NASTY_BRAND = "<b>bold</b>{{7*7}}"
NASTY_QUESTION = "<script>alert(2)</script>${7*7}\u202e多少钱?"


@dataclass
class Evening:
    """What was fed, and the console that shows what came of it."""

    site: Site
    truth: Truth
    console: ConsoleProcess
    scored: Sequence[ScoredText]

    @property
    def url(self) -> str:
        return self.console.url

    @property
    def session(self) -> Any:
        """The truth of the room's session."""
        [found] = [told for told in self.truth.sessions.values() if told.room_id == ROOM]
        return found

    def sentiments(self) -> Counter[str]:
        """A recount of the room's comments by sentiment, from the topic."""
        comments = [text for text in self._standing() if text.room_id == ROOM and text.kind == "comment"]
        return Counter(text.sentiment or "unscored" for text in comments)

    def brand_sentiments(self) -> Counter[str]:
        """The same of all texts of the brand."""
        return Counter(text.sentiment or "unscored" for text in self._standing() if text.brand_id == BRAND)

    def _standing(self) -> list[ScoredText]:
        """The texts that nobody deleted, each once however often it was told."""
        deleted = {(text.source, text.retracts) for text in self.scored if text.kind == "retraction"}
        standing: dict[tuple[str, str], ScoredText] = {}
        for text in self.scored:
            if text.kind != "retraction" and (text.source, text.event_id) not in deleted:
                standing.setdefault((text.brand_id, event_identity(text.event_id, text.source, text.platform)), text)
        return list(standing.values())


@contextmanager
def evening(site: Site) -> Iterator[Evening]:
    """Feed, wait until all stages have caught up, and serve."""
    traffic = generate(SCENARIO, system_clock())
    workers = [site.worker(stage) for stage in STAGES]
    for worker in workers:
        worker.launch()
    site.feed([*traffic.records, *_nasty(traffic.truth.ended_at_ms)])
    for worker in workers:
        worker.wait()
    ends = site.ends()
    until(lambda: all(site.caught_up(stage, ends) for stage in ("engagement", "scoring")), "counted and scored")
    ends |= site.ends([SCORED])
    until(
        lambda: site.caught_up("detection", {at: end for at, end in ends.items() if at[0] in (SCORED, LIVE)}),
        "detected",
    )
    console = ConsoleProcess(site.folder / "console", site.settings)
    with console:
        yield Evening(site, traffic.truth, console, _scored(site))


def _nasty(at_ms: int) -> list[TimedRecord]:
    """A room, a brand and comments that want to be more than text."""
    said = [
        Event(
            f"nasty-{number}", "feed", "douyin", "comment", NASTY_BRAND, at_ms - MINUTE_MS, at_ms,
            Actor(f"nasty{number}"), NASTY_ROOM, "nasty-session", text=NASTY_QUESTION,
        )
        for number in range(3)
    ]  # fmt: skip
    return [TimedRecord(LIVE, NASTY_ROOM.encode(), msgspec.json.encode(one), at_ms, at_ms) for one in said]


def _scored(site: Site) -> list[ScoredText]:
    """Every text on the topic, each origin once."""
    partitions = [TopicPartition(SCORED, number) for number in range(PARTITIONS)]
    consumer = KafkaConsumer(bootstrap_servers=site.kafka.bootstrap, enable_auto_commit=False, group_id=None)
    try:
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        found: dict[Any, ScoredText] = {}

        def read_to_the_end() -> bool:
            for records in consumer.poll(500).values():
                for record in records:
                    text = msgspec.json.decode(record.value, type=ScoredText)
                    found[text.origin] = text
            return all(consumer.position(one) >= ends[one] for one in partitions)

        until(read_to_the_end, "all scored texts are read", 30)
    finally:
        consumer.close()
    return list(found.values())
