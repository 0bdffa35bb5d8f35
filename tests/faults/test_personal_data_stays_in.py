"""Personal data goes in on the input topics and comes out nowhere: every topic, every key of Redis, every log and page.

The input topics keep texts as they came, since the rules need them; dead letters keep their bytes, for redriving. Both
have a retention, and nothing else has the values.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import KafkaConsumer, TopicPartition
from prometheus_client import CollectorRegistry, generate_latest
from redis import Redis

from dashboards.exporter.background import BackgroundSnapshot
from dashboards.exporter.collector import FigureCollector, SeriesLimits
from dashboards.readers import Readers
from deploy.local.programs import variables
from streams.alerts.alert import Alert
from streams.clock import MINUTE_MS
from streams.events.schema import Actor, Event, Kind, ScoredText
from streams.ingest.player import TimedRecord
from streams.topology import ALERTS, DEAD_LETTERS, LIVE, SCORED, SOCIAL
from tests.servers.console import served
from tests.servers.site import PARTITIONS, Site
from tests.servers.waiting import until

BRAND, ROOM, ORDERLY_ROOM = "velvet", "room-1", "room-2"
SECRETS = {
    "phone": "13812345670", "apart": "139 1234 5671", "spoken": "幺三七零零幺三八零零零", "american": "415-555-0134",
    "id card": "11010519491231002X", "bank card": "6222021234567890128", "plate": "沪A12345", "wechat": "zhang_san88",
    "address": "幸福路12号3单元502室", "split": "13612345672", "question": "13512345673", "note": "13412345674",
    "crisis": "13312345675",
}  # fmt: skip
TOLD: list[tuple[Kind, str]] = [
    ("speech", f"恭喜中奖的王女士，手机{SECRETS['phone']}，地址{SECRETS['address']}"),
    ("speech", f"再念一个 {SECRETS['apart']} 身份证{SECRETS['id card']}"),
    ("speech", "还有一位的电话是" + SECRETS["split"][:7]),
    ("speech", SECRETS["split"][7:] + "，记一下，点小黄车"),
    ("comment", f"我的电话{SECRETS['spoken']}，退款"),
    ("comment", f"卡号{SECRETS['bank card']} 加我微信 {SECRETS['wechat']}"),
    ("comment", f"主播 我电话{SECRETS['question']} 多少钱？"),
    ("comment", f"my number is {SECRETS['american']} call me"),
    ("comment", f"车牌{SECRETS['plate']}挡路了"),
]
ORDERLY: list[tuple[Kind, str]] = [
    ("speech", "订单号13812345678901已经发货，这件199元，原价1380元"),
    ("comment", "订单号20260101138001380001什么时候到"),
    ("comment", "客服400-820-8820打不通"),
]


def records() -> Iterator[TimedRecord]:
    now_ms = int(time.time() * 1000) // MINUTE_MS * MINUTE_MS
    yield _record(LIVE, ROOM, "session_start", f"周三专场 咨询{SECRETS['phone']}", now_ms - 40 * MINUTE_MS, 0)
    for room, said in ((ROOM, TOLD), (ORDERLY_ROOM, ORDERLY)):
        for number, (kind, text) in enumerate(said):
            yield _record(LIVE, room, kind, text, now_ms - 30 * MINUTE_MS + 1_000 * number, number)
    for number in range(140):  # an hour of talk, and five minutes of outrage at its end
        outraged = number >= 60
        at_ms = now_ms - 5 * MINUTE_MS + 3_700 * (number - 60) if outraged else now_ms - (65 - number) * MINUTE_MS
        text = (
            f"吃了过敏住院，还我钱！{number} 打我电话{SECRETS['crisis']}"
            if outraged
            else f"今天看了看面霜 第{number}条"
        )
        yield _record(SOCIAL, None, "post", text, at_ms, number)
    yield _record(SOCIAL, None, "review", f"不好用，微信{SECRETS['wechat']}，电话{SECRETS['phone']}", now_ms, 999)
    for room in (ROOM, ORDERLY_ROOM):  # a brand's time is that of the partition that lags
        for number in range(6):
            yield _record(LIVE, room, "comment", "好看", now_ms - number * MINUTE_MS, 900 + number)
    broken = {"event_id": SECRETS["phone"], "kind": SECRETS["phone"], "text": SECRETS["id card"], "value": "x"}
    yield TimedRecord(LIVE, ROOM.encode(), json.dumps(broken).encode(), now_ms, now_ms)
    yield TimedRecord(LIVE, ROOM.encode(), ("{" + SECRETS["phone"]).encode(), now_ms, now_ms)


def _record(topic: str, room: str | None, kind: Kind, text: str, at_ms: int, number: int) -> TimedRecord:
    event = Event(
        event_id=f"{kind}-{room}-{number}", source="test-feed", platform="douyin", kind=kind, brand_id=BRAND,
        event_time_ms=at_ms, ingest_time_ms=at_ms, room_id=room, session_id=room and f"{room}-s", text=text,
        subject_id=f"{kind}-{room}-{number}", actor=Actor(f"person-{number}", followers=10),
    )  # fmt: skip
    return TimedRecord(topic, (room or BRAND).encode(), msgspec.json.encode(event), at_ms, at_ms)


def topic_bytes(site: Site, topic: str) -> list[tuple[bytes, bytes]]:
    """Every record of a topic: (value, key and headers)."""
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    with closing(KafkaConsumer(bootstrap_servers=site.kafka.bootstrap, group_id=None)) as consumer:
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends, found = consumer.end_offsets(partitions), list[tuple[bytes, bytes]]()
        while any(consumer.position(tp) < ends[tp] for tp in partitions):
            for batch in consumer.poll(200).values():
                found += [(one.value or b"", (one.key or b"") + repr(one.headers).encode()) for one in batch]
    return found


def redis_bytes(site: Site) -> dict[str, bytes]:
    """What every key of the namespace holds, and its name."""
    held: dict[str, bytes] = {}
    with closing(Redis.from_url(site.redis.url)) as client:
        for key in client.scan_iter(f"{site.settings.namespace}:*"):
            readers: dict[bytes, Callable[[bytes], Any]] = {
                b"string": lambda k: [client.get(k)], b"hash": lambda k: client.hgetall(k).items(),
                b"list": lambda k: client.lrange(k, 0, -1), b"set": client.smembers,
                b"zset": lambda k: client.zrange(k, 0, -1, withscores=True), b"stream": client.xrange,
            }  # fmt: skip
            kind: Any = client.type(key)
            held[key.decode()] = key + b"\0" + b"\0".join(_flat(readers[kind](key)))
    return held


def _flat(value: object) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, int | float):
        yield str(value).encode()
    elif value is not None:
        for part in value:  # type: ignore[attr-defined]  # a list, a set or the items of a hash
            yield from _flat(part)


def leaks(place: str, content: bytes | str) -> list[str]:
    """Which of the planted values a place has, as they came, without what breaks them up, or as JSON escapes them."""
    held = content if isinstance(content, bytes) else content.encode()
    return [
        f"{name} in {place}"
        for name, secret in SECRETS.items()
        for form in {secret, secret.lower(), secret.replace(" ", "").replace("-", ""), json.dumps(secret)[1:-1]}
        if form.encode() in held
    ]


@pytest.fixture
def flown(site: Site, tmp_path: Path) -> Site:
    """All of it through all three workers, which say all that they can."""
    site.settings = site.settings.model_copy(update={"log_level": "DEBUG"})
    site.feed(sorted(records(), key=lambda record: record.due_ms))
    ends = site.ends((SOCIAL, LIVE))
    for stage in ("engagement", "scoring", "detection"):
        site.worker(stage).launch()
    for stage in ("engagement", "scoring"):
        until(partial(site.caught_up, stage, ends), f"{stage} has read all")
    until(lambda: site.caught_up("detection", site.ends((SCORED, LIVE))), "detection has read all")
    until(lambda: {"privacy", "crisis"} <= {alert.kind for alert in alerts(site)}, "the alerts are written")
    return site


def alerts(site: Site) -> list[Alert]:
    return [msgspec.json.decode(value, type=Alert) for value, _ in topic_bytes(site, ALERTS)]


def test_personal_data_leaves_by_no_output_and_reading_it_aloud_raises_an_alert(flown: Site) -> None:
    site, found = flown, list[str]()
    scored = topic_bytes(site, SCORED)
    for topic in (SCORED, ALERTS):
        for value, beside in topic_bytes(site, topic):
            found += leaks(topic, value) + leaks(f"{topic}'s keys and headers", beside)
    letters = topic_bytes(site, DEAD_LETTERS)
    for _, beside in letters:
        found += leaks("the headers of dead letters", beside)

    raised = alerts(site)
    private = [alert for alert in raised if alert.kind == "privacy"]
    assert {alert.room_id for alert in private} == {ROOM}
    assert private[-1].severity == "critical"
    assert any(alert.kind == "crisis" and alert.evidence for alert in raised)

    found += _shown(site, private[-1].fingerprint)
    for key, held in redis_bytes(site).items():
        found += leaks(f"Redis at {key}", held)
    for log in (worker.log for worker in site.workers):
        found += leaks(str(log), log.read_bytes())
    assert sorted(set(found)) == []

    # The test itself: it would have seen them, and what is nobody's is left alone.
    assert len(letters) == 2
    assert leaks("the input", b"".join(value for value, _ in topic_bytes(site, LIVE)))
    texts = {msgspec.json.decode(value, type=ScoredText).text for value, _ in scored}
    assert {text for _, text in ORDERLY} <= texts
    assert "****，记一下，点小黄车" in texts


def _shown(site: Site, fingerprint: str) -> list[str]:
    """What people see: the console's pages, notes and reports, the command line, and the exporter's page, from whose
    labels alone the relay writes its messages."""
    found: list[str] = []
    with served(site.settings) as console:
        note = {"fingerprint": fingerprint, "verdict": "confirmed", "note": f"called {SECRETS['note']}"}
        assert console.post("decide", note).status_code == 200
        now_ms = int(time.time() * 1000)
        draft = {
            "name": "spring", "scope": "room", "scope_id": ROOM, "brand_id": BRAND,
            "starts_ms": now_ms - 120 * MINUTE_MS, "ends_ms": now_ms + 60 * MINUTE_MS,
        }  # fmt: skip
        campaign = console.post("campaigns", draft).json()["campaign_id"]
        for kind in ("html", "csv"):
            found += leaks(f"a report's {kind}", console.client.get(f"/campaign/{campaign}/report.{kind}").content)
        pages = (
            f"campaign/{campaign}",
            "start",
            "alert/" + fingerprint,
            f"room/{ROOM}",
            f"brand/{BRAND}",
            "operations",
            "quality",
        )
        for page in pages:
            found += leaks(f"the console's {page}", json.dumps(console.get(page), ensure_ascii=False))
    registry = CollectorRegistry()
    with (
        Readers(site.settings) as readers,
        BackgroundSnapshot(readers.snapshots.read, readers.alerts.active) as latest,
    ):
        registry.register(FigureCollector(latest, SeriesLimits.of(site.settings)))
        found += leaks("the exporter", generate_latest(registry))
    for arguments in (["alerts", "--json"], ["alerts"], ["dead-letters", "list"], ["dead-letters", "list", "--json"]):
        command = [sys.executable, "-m", "deploy.cli", *arguments]
        shown = subprocess.run(command, env=os.environ | variables(site.settings), capture_output=True, check=True)
        assert shown.stdout
        found += leaks(f"pulsewatch {' '.join(arguments)}", shown.stdout + shown.stderr)
    return found
