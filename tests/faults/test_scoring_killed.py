"""Every text is scored, whatever is killed: a repeated one has its first origin."""

import time
from contextlib import closing

import msgspec
from kafka import KafkaConsumer, TopicPartition

from streams.events.schema import Event, ScoredText
from streams.ingest.player import TimedRecord
from streams.topology import LIVE, SCORED
from tests.servers.site import PARTITIONS, Site
from tests.servers.waiting import until

TEXTS = 600
CAPTION = "这款是全网第一的面霜"
SAID = ("好看，多少钱", "收到了，质量不错", "怎么还没发货", "love this colour", "加我微信便宜", CAPTION)


def comments() -> list[TimedRecord]:
    """A few rooms' chat and speech; what is said repeats, so that the model has little to do."""
    now_ms = int(time.time() * 1000)
    return [_record(number, now_ms - TEXTS + number) for number in range(TEXTS)]


def _record(number: int, at_ms: int) -> TimedRecord:
    text = SAID[number % len(SAID)]
    event = Event(
        event_id=f"e{number}", source="test-live", platform="douyin", brand_id=f"brand-{number % 3}",
        kind="speech" if text == CAPTION else "comment", event_time_ms=at_ms, ingest_time_ms=at_ms,
        room_id=f"room-{number % 8}", subject_id=f"s{number}", text=text,
    )  # fmt: skip
    return TimedRecord(LIVE, (event.room_id or "").encode(), msgspec.json.encode(event), at_ms, at_ms)


def scored_texts(site: Site) -> list[ScoredText]:
    """All records of scored.texts."""
    partitions = [TopicPartition(SCORED, number) for number in range(PARTITIONS)]
    texts: list[ScoredText] = []
    with closing(KafkaConsumer(bootstrap_servers=site.kafka.bootstrap, group_id=None)) as consumer:
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        while any(consumer.position(tp) < ends[tp] for tp in partitions):
            for batch in consumer.poll(200).values():
                texts += [msgspec.json.decode(record.value, type=ScoredText) for record in batch]
    return texts


def test_killed_worker_leaves_no_text_unscored_and_none_with_two_origins(site: Site) -> None:
    site.feed(comments())
    ends = site.ends([LIVE])
    worker = site.worker("scoring")
    worker.launch()
    until(lambda: site.stored("scoring") > 0, "the first slice is stored")
    worker.kill()
    stored_before = site.stored("scoring")
    worker.launch()
    until(lambda: site.caught_up("scoring", ends), "all texts are scored")

    assert stored_before < TEXTS, "it was not killed in mid-run"
    texts = scored_texts(site)
    assert all(text.scored for text in texts)
    origins = {text.event_id: text.origin for text in texts}
    assert set(origins) == {f"e{number}" for number in range(TEXTS)}
    assert all(text.origin == origins[text.event_id] for text in texts)
    found = {text.event_id: [finding.family for finding in text.findings] for text in texts}
    for number in range(TEXTS):
        expected = {CAPTION: ["absolute_claim"], "加我微信便宜": ["off_platform_diversion"]}
        assert found[f"e{number}"] == expected.get(SAID[number % len(SAID)], [])
