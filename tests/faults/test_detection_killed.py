"""An alert outlives the worker that raised it, and is not raised again by its successor."""

import random
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import msgspec
import pytest
from kafka import KafkaConsumer, TopicPartition

from streams.alerts.alert import Alert
from streams.alerts.keys import ACTIVE
from streams.clock import MINUTE_MS
from streams.events.schema import Actor, Coordinates, Event, Kind, ScoredText
from streams.ingest.player import TimedRecord
from streams.simulate.alert_comparison import alert_histories
from streams.topology import ALERTS, LIVE, SCORED
from tests.servers.site import PARTITIONS, Site
from tests.servers.waiting import until

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


def test_alert_survives_the_worker_that_raised_it_and_is_not_doubled(site: Site) -> None:
    records = story()
    amid = next(n for n, record in enumerate(records) if record.due_ms >= records[0].due_ms + 24 * MINUTE_MS)
    worker = site.worker("detection")
    site.feed(records[:amid])
    worker.launch()
    until(lambda: firing(site), "the alert fires")
    worker.kill()
    assert worker.exit_code == -9
    (raised,) = running(site)

    site.feed(records[amid:])
    ends = site.ends([SCORED])
    with worker:
        until(lambda: site.caught_up("detection", ends) and not running(site), "the successor resolves the alert")
    (life,) = alert_histories(alerts(site))
    assert (life.last.kind, life.last.state, life.last.fingerprint) == ("crisis", "resolved", raised.fingerprint)
    assert life.last.started_at == raised.started_at


def undisclosed() -> tuple[list[TimedRecord], TimedRecord]:
    """A room that sells for twenty minutes and does not say so, and the caption that does."""
    started_ms = int(time.time() * 1000) // MINUTE_MS * MINUTE_MS - 25 * MINUTE_MS
    said = [_live(minute, "speech", started_ms, "it weighs around two pounds") for minute in range(20)]
    card = _live(0, "product_shown", started_ms)
    return [card, *said], _live(21, "speech", started_ms, "this live is sponsored by Velvet")


def _live(minute: int, kind: Kind, started_ms: int, text: str | None = None) -> TimedRecord:
    at_ms = started_ms + minute * MINUTE_MS
    event = Event(
        event_id=f"{kind}-{minute}", source="tiktok-live", platform="tiktok", kind=kind, brand_id=BRAND, lang="en",
        event_time_ms=at_ms, ingest_time_ms=at_ms, room_id="room-1", session_id="s", text=text,
        product_id=None if text else "cream",
    )  # fmt: skip
    return TimedRecord(LIVE, b"room-1", msgspec.json.encode(event), at_ms, at_ms)


def test_disclosure_timer_outlives_workers_before_and_after_its_deadline(site: Site) -> None:
    selling, disclosure = undisclosed()
    worker = site.worker("detection")
    for start, end, runs in ((0, 10, 0), (10, len(selling), 1)):
        site.feed(selling[start:end])
        worker.launch()
        until(partial(site.caught_up, "detection", site.ends([LIVE])), "the worker has read all")
        worker.kill()
        assert worker.exit_code == -9
        assert [alert.state for alert in running(site, LIVE)] == ["firing"] * runs
    (raised,) = running(site, LIVE)

    site.feed([disclosure])
    with worker:
        until(lambda: not running(site, LIVE), "the successor resolves the alert")
        until(lambda: alerts(site)[-1].state == "resolved", "and says so")
    (life,) = alert_histories(alerts(site))
    assert (life.last.family, life.last.state) == ("ad_disclosure", "resolved")
    assert (life.last.fingerprint, life.last.started_at) == (raised.fingerprint, raised.started_at)


@pytest.mark.slow
def test_alert_is_the_same_whenever_workers_die(site: Site) -> None:
    records = story()
    rng = random.Random(11)
    worker = site.worker("detection")
    stored_at_kill: list[int] = []
    with site.feeding("detection", records, ahead=80):
        while len(stored_at_kill) < 8 and site.stored("detection") < 0.9 * len(records):
            before = site.stored("detection")
            worker.launch()
            until(partial(advanced, site, before), "the worker goes on")
            time.sleep(rng.random() * 0.3)
            worker.kill()
            assert worker.exit_code == -9
            stored_at_kill.append(site.stored("detection"))
        worker.launch()
    assert len(stored_at_kill) >= 4
    ends = site.ends([SCORED])
    until(lambda: site.caught_up("detection", ends) and not running(site), "the last worker resolves the alert")
    worker.stop()
    assert [(life.last.kind, life.max_severity) for life in alert_histories(alerts(site))] == [("crisis", "critical")]


def advanced(site: Site, before: int) -> bool:
    return site.stored("detection") > before
