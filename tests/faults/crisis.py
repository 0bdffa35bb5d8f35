"""A brand's crisis as scoring would have written it, and the alerts that detection tells of it."""

import random
import time
from collections.abc import Iterator
from contextlib import closing

import msgspec
from kafka import KafkaConsumer, TopicPartition

from streams.alerts.alert import Alert
from streams.alerts.keys import ACTIVE
from streams.clock import MINUTE_MS
from streams.events.schema import Actor, Coordinates, ScoredText
from streams.ingest.player import TimedRecord
from streams.topology import ALERTS, SCORED
from tests.servers.site import PARTITIONS, Site

ONSET_MINUTE, CALM_AGAIN_MINUTE, END_MINUTE = 20, 27, 45
BRAND = "shanye"


def story() -> list[TimedRecord]:
    """A brand's last texts, as scoring would have written them: calm, seven minutes of outrage, calm again.

    They end now: Kafka deletes what is older than its retention, whenever it was written.
    """
    rng = random.Random(5)
    started_ms = int(time.time() * 1000) // MINUTE_MS * MINUTE_MS - END_MINUTE * MINUTE_MS
    return [
        _record(
            number, started_ms + minute * MINUTE_MS + rng.randrange(MINUTE_MS // texts) + nth * MINUTE_MS // texts, harm
        )
        for number, (minute, nth, texts, harm) in enumerate(_texts())
    ]


def _texts() -> Iterator[tuple[int, int, int, bool]]:
    for minute in range(END_MINUTE):
        outrage = ONSET_MINUTE <= minute < CALM_AGAIN_MINUTE
        texts = 60 if outrage else 6
        yield from ((minute, nth, texts, outrage) for nth in range(texts))


def _record(number: int, at_ms: int, harm: bool) -> TimedRecord:
    text = ScoredText(
        event_id=f"e-{number}", origin=Coordinates("social.interactions", 0, number), log_time_ms=at_ms,
        platform="weibo", source="weibo-search", kind="comment", brand_id=BRAND, event_time_ms=at_ms,
        text=f"第{number}条", scored=True, sentiment="negative" if harm else "neutral",
        sentiment_scores={"negative": 0.9 if harm else 0.1}, risks={"crisis": 0.9 if harm else 0.0},
        flagged=["crisis"] if harm else [], actor=Actor(id=f"person-{number}", followers=100),
    )  # fmt: skip
    return TimedRecord(SCORED, BRAND.encode(), msgspec.json.encode(text), at_ms, at_ms)


def alerts(site: Site) -> list[Alert]:
    """All records of the alerts topic."""
    partitions = [TopicPartition(ALERTS, number) for number in range(PARTITIONS)]
    with closing(KafkaConsumer(bootstrap_servers=site.kafka.bootstrap, group_id=None)) as consumer:
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        records: list[Alert] = []
        while any(consumer.position(tp) < ends[tp] for tp in partitions):
            for batch in consumer.poll(200).values():
                records += [msgspec.json.decode(record.value, type=Alert) for record in batch]
    return records


def running(site: Site, topic: str = SCORED) -> list[Alert]:
    """The alerts that run, as the ledger shows them."""
    return [msgspec.json.decode(value, type=Alert) for value in site.fields("detection", topic, ACTIVE).values()]


def firing(site: Site) -> bool:
    return any(alert.state == "firing" for alert in running(site))
