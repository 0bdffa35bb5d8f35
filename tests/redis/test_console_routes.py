"""The console's web server on a real Redis: figures, events, decisions, and who may do what."""

import csv
import json
import re
import time
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from itertools import islice
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from redis import Redis

from dashboards.console.auth import COOKIE
from dashboards.console.limits import MAX_STREAMS_OF_PERSON, WRONG_TOKENS_A_MINUTE
from dashboards.console.pages import overview
from dashboards.console.security import HEADER, SECURITY
from deploy.local.process import free_port
from deploy.local.redis import LocalRedis
from streams.alerts.alert import Alert
from streams.alerts.keys import ACTIVE
from streams.clock import MINUTE_MS
from streams.detection.room_event import Account
from streams.events.schema import Actor
from streams.ingest.feed_status import FEED, INGEST, FeedStatus, UnreadStatus, encode_status
from streams.ledger.redis import key_prefix, partitions_key
from streams.settings import Settings
from streams.topology import DETECTION, SCORED
from tests.builders.alerts import an_alert
from tests.builders.events import TEN_MS, event
from tests.builders.records import room_event, speech, text
from tests.builders.stored import count, detect, detect_in_rooms
from tests.servers.console import NAME, Served, served
from tests.servers.waiting import until

LOG_MS = TEN_MS + 30 * MINUTE_MS
PAYLOADS = ("<img src=x onerror=alert(1)>", "{{7*7}}", "‮evil", "a/b?c#d", "..%2f..", "间")


@pytest.fixture
def settings(redis_server: LocalRedis, namespace: str) -> Settings:
    return Settings(redis=redis_server.url, namespace=namespace, kafka=f"127.0.0.1:{free_port()}")


def keep(settings: Settings, *alerts: Alert) -> None:
    """Alerts as detection stores them."""
    with closing(Redis.from_url(settings.redis)) as client:
        client.sadd(partitions_key(settings.namespace, DETECTION), f"{SCORED}:0")
        key = key_prefix(settings.namespace, DETECTION, SCORED, 0) + ACTIVE
        client.hset(key, mapping={alert.fingerprint: msgspec.json.encode(alert) for alert in alerts})


def breach(settings: Settings) -> str:
    """An alert that fires; its fingerprint."""
    at = TEN_MS + MINUTE_MS
    facts: dict[str, Any] = {"event_time_ms": at, "log_time_ms": at, "text": "全网最好的面霜"}
    detect(settings, speech(0, 1, "absolute_claim", brand_id="b1", **facts))
    with served(settings) as reading:
        [alert] = reading.readers.alerts.active()
    return alert.fingerprint


def test_operations_show_how_the_feeds_stand_that_are_run(settings: Settings, console: Served) -> None:
    now_ms = console.readers.clock()
    good = FeedStatus("press", "rss", "https://h.test/", "connected", now_ms - 9_000, now_ms, last_event_ms=1_000,
                      last_message_ms=3_500)  # fmt: skip
    bad = FeedStatus(
        "sky", "jetstream", "wss://h.test/", "blocked", now_ms - 5_000, now_ms, error="Kafka is \u202eaway", gaps=2,
        gap_ms=61_000, gap_messages=4, unread=[UnreadStatus("New", "unknown_type", 5, "", "{}")],
    )  # fmt: skip
    gone = FeedStatus("old", "sse", "https://h.test/", "connected", 1_000, now_ms - 3_600_000)
    with closing(Redis.from_url(settings.redis)) as client:
        for one in (good, bad, gone):
            client.sadd(partitions_key(settings.namespace, INGEST), f"{one.name}:0")
            client.hset(key_prefix(settings.namespace, INGEST, one.name, 0) + FEED, "status", encode_status(one))
    shown = console.get("operations")["connections"]
    assert [(one["name"], one["state"]) for one in shown] == [
        ("old", "gone"), ("sky", "blocked"), ("press", "connected"),
    ]  # fmt: skip
    assert (shown[1]["error"], shown[1]["unread"]) == (
        "Kafka is �away", [{"type": "New", "reason": "unknown_type", "count": 5}],
    )  # fmt: skip
    assert [shown[1][name] for name in ("gaps", "gap_ms", "gap_messages", "lag_ms")] == [2, 61_000, 4, None]
    assert (shown[2]["lag_ms"], shown[0]["since_ms"], shown[0]["last_message_ms"]) == (2_500, gone.written_ms, None)


def test_room_has_the_figures_of_its_session(settings: Settings, console: Served) -> None:
    count(
        settings,
        event("viewers", 0, value=30, value_mode="snapshot", session_id="s"),
        event("viewers", 1, value=20, value_mode="snapshot", session_id="s"),
        *(event("enter", 1, f"p{number}", session_id="s") for number in range(4)),
        event("comment", 1, "p1", session_id="s"),
        event("follow", 1, "p2", session_id="s"),
        event("notice", 1, session_id="s"),
        log_ms=LOG_MS,
    )
    page = console.get("room/r1")
    figures = page["now"]["figures"]
    assert (figures["viewers_now"], figures["viewers_peak"], figures["interaction_rate"]) == (20, 30, 0.5)
    assert (page["now"]["new_followers"], page["now"]["viewers"], figures["gpm_pv"]) == (1, 4, 0)
    assert (figures["conversion_rate"], figures["refund_rate"]) == (None, None)
    assert page["halves"]["last"]["comments"] == 1
    assert page["notices"]["platform"] == [[TEN_MS + MINUTE_MS, 1]]
    assert page["minutes"]["viewers"][-2:] == [30, 20]


def test_room_shows_the_fake_share_once_there_is_enough_to_tell(settings: Settings, console: Served) -> None:
    tapping = [room_event(number / 20, "like", 100, actor=Account("machine")) for number in range(40)]
    detect_in_rooms(settings, room_event(0, "viewers", 100), *tapping, room_event(3, "viewers", 100))
    fakes = console.get("room/r1")["now"]["fakes"]
    assert fakes == {"likes": {"share": 1.0, "alarming": True}}


def test_room_that_nobody_heard_of_is_unknown_and_empty(console: Served) -> None:
    page = console.get("room/nowhere")
    assert page["head"]["state"] == "unknown"
    assert page["questions"] == []


@pytest.mark.parametrize("name", PAYLOADS)
def test_id_is_data_whatever_it_holds(settings: Settings, console: Served, name: str) -> None:
    count(settings, event("like", 0, "p", room_id=name, value=3), log_ms=LOG_MS)
    page = console.client.get(f"/api/room/{quote(name, safe='')}")
    assert page.headers["content-type"] == "application/json"
    assert page.json()["head"]["room_id"] == name
    assert page.json()["halves"]["last"]["likes"] == 3
    assert [room["room_id"] for room in console.get("start")["rooms"]] == [name]


def test_brand_shows_what_is_said_by_whom_and_beside_its_rivals(settings: Settings, console: Served) -> None:
    count(settings, event("like", 5), log_ms=LOG_MS)
    at = {"event_time_ms": TEN_MS, "log_time_ms": TEN_MS}
    loud = Actor("loud", followers=900)
    detect(
        settings,
        text(0, 1, mood="negative", flagged=["crisis"], brand_id="b1", actor=loud, **at),
        text(0, 2, mood="positive", brand_id="b1", actor=loud, **at),
        text(0, 3, mood="positive", brand_id="b2", platform="douyin", **at),
    )
    page = console.get("brand/b1")
    assert (page["said"]["texts"], page["said"]["sentiments"]["negative"], page["said"]["risks"]) == (
        2,
        1,
        {"crisis": 1},
    )
    assert [(one["platform"], one["texts"], one["risky"]) for one in page["platforms"]] == [("weibo", 2, 1)]
    assert page["spread"] == {
        "voices": [{"actor_id": "loud", "texts": 2, "share": 1.0, "followers": 900}], "accounts": 1,
    }  # fmt: skip
    assert [(one["brand_id"], round(one["share_of_voice"], 2)) for one in page["rivals"]] == [
        ("b1", 0.67),
        ("b2", 0.33),
    ]
    assert page["volume"]["texts"][-6:] == [2, 0, 0, 0, 0, 0]
    assert set(page["volume"]["texts"][:-6]) == {None}
    assert page["volume"]["usual"] is None


def test_brand_says_for_an_hour_that_a_platform_hid_names(settings: Settings, console: Served) -> None:
    count(settings, event("like", 5), log_ms=LOG_MS)
    at: dict[str, Any] = {"event_time_ms": TEN_MS, "log_time_ms": TEN_MS}
    detect(settings, text(0, 1, brand_id="b1", actor=Actor("m1", masked=True), **at), text(0, 2, brand_id="b2", **at))
    assert [console.get(f"brand/{brand}")["head"]["names_hidden"] for brand in ("b1", "b2")] == [True, False]
    count(settings, event("like", 90), log_ms=LOG_MS + 90 * MINUTE_MS)
    assert console.get("brand/b1")["head"]["names_hidden"] is False


def test_alert_carries_its_evidence_and_runbook(settings: Settings, console: Served) -> None:
    page = console.get(f"alert/{breach(settings)}")
    [evidence] = page["alert"]["evidence"]
    assert evidence["findings"][0]["article"] == "广告法 9(3)"
    assert evidence["origin"]["offset"] == 1
    assert page["runbook"].startswith("# ")
    assert [change["state"] for change in page["timeline"]] == ["firing"]
    assert console.get("alert/0000")["alert"] is None


def test_overview_has_the_gravest_first_a_room_together_and_counts_what_it_hides(
    settings: Settings, console: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "MAX_ALERTS", 4)
    keep(settings, *(an_alert(f"w{at}", severity="warning", room_id=f"r{at}") for at in range(4)))
    keep(settings, an_alert("c1", room_id="r1"), an_alert("c2", room_id="r9"), an_alert("i1", severity="info"))
    alerts = console.get("start")["alerts"]
    assert [one["fingerprint"] for one in alerts["shown"]] == ["c2", "c1", "w3", "w2"]
    monkeypatch.setattr(overview, "MAX_ALERTS", 5)
    shown = console.get("start")["alerts"]["shown"]
    assert [one["fingerprint"] for one in shown] == ["c2", "c1", "w1", "w3", "w2"]
    assert (alerts["firing"], alerts["hidden"]) == (7, 3)
    assert alerts["by_severity"] == {"critical": 2, "warning": 4, "info": 1}


def test_what_was_decided_is_on_every_list(settings: Settings, console: Served) -> None:
    keep(settings, msgspec.structs.replace(an_alert("c1", room_id="r1"), fired_at=TEN_MS))
    console.post("decide", {"fingerprint": "c1", "verdict": "acknowledged", "note": ""})
    shown = [
        *console.get("start")["alerts"]["shown"],
        *console.get("brand/b-1")["alerts"]["shown"],
        *console.get("room/r1")["notices"]["raised"],
    ]
    assert [one["decision"]["verdict"] for one in shown] == ["acknowledged"] * 3


def test_false_alarm_is_counted_beside_no_brand(settings: Settings, console: Served) -> None:
    keep(settings, msgspec.structs.replace(an_alert("c1", room_id="r1"), fired_at=TEN_MS))
    detect(settings, text(0, 1, brand_id="b-1", event_time_ms=TEN_MS, log_time_ms=TEN_MS))
    count(settings, event("like", 1), log_ms=LOG_MS)

    def firing() -> list[int]:
        return [console.get("start")["brands"][0]["firing"], console.get("brand/b-1")["rivals"][0]["firing"]]

    assert firing() == [1, 1]
    console.post("decide", {"fingerprint": "c1", "verdict": "false_alarm", "note": ""})
    assert firing() == [0, 0]


def test_acknowledgement_is_silent_for_the_time_that_was_chosen_until_it_is_ended(
    settings: Settings, console: Served
) -> None:
    keep(settings, an_alert("c1"))
    decision = {"fingerprint": "c1", "verdict": "acknowledged", "note": ""}
    console.post("decide", decision)
    assert console.get("alert/c1")["judged"]["silence"]["until_ms"] is None
    console.post("decide", {**decision, "silence_minutes": 60})
    until_ms = console.get("alert/c1")["judged"]["silence"]["until_ms"]
    assert until_ms == pytest.approx(console.readers.clock() + 60 * MINUTE_MS, abs=60_000)
    console.post("decide", {**decision, "silence_minutes": 0})
    page = console.get("alert/c1")["judged"]
    assert (page["silence"], page["standing"]["verdict"]) == (None, "acknowledged")


def test_false_alarm_is_over_on_the_overview(settings: Settings, console: Served) -> None:
    keep(settings, an_alert("c1"), an_alert("w1", severity="warning"))
    console.post("decide", {"fingerprint": "c1", "verdict": "false_alarm", "note": ""})
    alerts = console.get("start")["alerts"]
    assert [one["fingerprint"] for one in alerts["shown"]] == ["w1", "c1"]
    assert (alerts["firing"], alerts["by_severity"]) == (1, {"warning": 1})


def test_alert_is_said_in_the_languages_of_the_pages(settings: Settings, console: Served) -> None:
    keep(settings, msgspec.structs.replace(an_alert("c1"), observed={"texts": 392.0}, baseline={"texts": 12.0}))
    said = console.get("alert/c1")["said"]
    assert said["en"].startswith("392 texts")
    assert said["zh-Hans"] != said["zh-Hant"]
    assert "392" in said["zh-Hant"]


def test_minutes_before_the_first_event_are_unknown_not_zero(settings: Settings, console: Served) -> None:
    count(settings, event("comment", 0, "p1", session_id="s"), event("like", 3, "p1", session_id="s"), log_ms=LOG_MS)
    comments = console.get("room/r1")["minutes"]["comments"]
    assert comments[-4:] == [1, 0, 0, 0]
    assert set(comments[:-4]) == {None}


def test_decision_is_kept_with_its_author_and_feeds_the_quality_report(settings: Settings, console: Served) -> None:
    fingerprint = breach(settings)
    decided = console.post("decide", {"fingerprint": fingerprint, "verdict": "false_alarm", "note": " a joke "})
    assert (decided.status_code, decided.json()["author"], decided.json()["note"]) == (200, "local", "a joke")
    with served(settings) as restarted:
        standing = restarted.get(f"alert/{fingerprint}")["judged"]["standing"]
        assert (standing["verdict"], standing["author"]) == ("false_alarm", "local")
        [row] = restarted.get("quality")["rows"]
        assert (row["quality"]["kind"], row["quality"]["family"], row["false_share"]) == (
            "compliance",
            "absolute_claim",
            1.0,
        )
        table = restarted.client.get("/quality.csv").text
        assert table.splitlines()[1] == "compliance,absolute_claim,1,0,0,1,1.000"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"fingerprint": "none", "verdict": "confirmed"}, "no alert none"),
        ({"fingerprint": "none", "verdict": "hidden"}, "verdict"),
        ({"verdict": "confirmed"}, "fingerprint"),
        ([], "object"),
        ({"fingerprint": "x" * 30_000, "verdict": "confirmed"}, "bytes"),
    ],
)
def test_decision_that_cannot_be_is_told(console: Served, body: Any, told: str) -> None:
    answer = console.post("decide", body)
    assert answer.status_code == 400
    assert told in answer.json()["error"]


def test_campaign_is_created_and_ended_by_the_page(settings: Settings, console: Served) -> None:
    count(settings, event("like", 5), log_ms=LOG_MS)
    draft = {
        "name": "spring", "scope": "room", "scope_id": "r1", "brand_id": "b1", "tags": ["sale"],
        "starts_ms": TEN_MS, "ends_ms": TEN_MS + 60 * MINUTE_MS,
    }  # fmt: skip
    created = console.post("campaigns", draft)
    assert (created.status_code, created.json()["author"]) == (201, "local")
    name = created.json()["campaign_id"]
    assert console.get(f"campaign/{name}")["head"]["status"] == "running"
    assert console.post("campaigns/end", {"campaign_id": name}).status_code == 200
    assert console.get(f"campaign/{name}")["head"]["status"] == "over"
    assert console.post("campaigns/end", {"campaign_id": name}).json()["error"] == "spring does not run now"
    report = console.client.get(f"/campaign/{name}/report.html")
    assert "spring" in report.text
    assert "script-src" not in report.headers["content-security-policy"]
    assert console.client.get(f"/campaign/{name}/report.csv").headers["content-disposition"].startswith("attachment")
    assert console.client.get("/campaign/none/report.html").status_code == 400


def test_campaign_in_a_room_that_nobody_heard_of_is_refused_unless_it_is_to_come(
    settings: Settings, console: Served
) -> None:
    count(settings, event("like", 5), log_ms=LOG_MS)
    draft = {"name": "x", "scope": "room", "brand_id": "b1", "tags": [], "ends_ms": TEN_MS + 300 * MINUTE_MS}
    refused = console.post("campaigns", {**draft, "scope_id": "nowhere", "starts_ms": TEN_MS})
    assert refused.status_code == 400
    assert "nothing was heard of the room nowhere" in refused.json()["error"]
    assert (refused.json()["why"], refused.json()["facts"]) == ("place_unheard", {"scope": "room", "id": "nowhere"})
    later = console.post("campaigns", {**draft, "scope_id": "nowhere", "starts_ms": TEN_MS + 200 * MINUTE_MS})
    assert later.status_code == 201
    assert "r1" in console.get("known")["room"]


def test_report_is_in_the_readers_language_and_zone_with_money_in_major_units(
    settings: Settings, console: Served
) -> None:
    count(settings, event("payment", 5, "p1", subject_id="o1", amount=12_345, session_id="s"), log_ms=LOG_MS)
    draft = {
        "name": "春", "scope": "room", "scope_id": "r1", "brand_id": "b1", "tags": ["促销"], "starts_ms": TEN_MS,
        "ends_ms": TEN_MS + 60 * MINUTE_MS,
    }  # fmt: skip
    name = console.post("campaigns", draft).json()["campaign_id"]
    url = f"/campaign/{name}/report"
    chinese = console.client.get(f"{url}.html?lang=zh-Hant&zone=Asia/Shanghai").text
    assert "活動前後對比" in chinese
    assert "<svg" in chinese
    assert "T18:00+08:00" in chinese
    words = re.sub(r"<style>.*</style>|<[^>]+>", "", chinese, flags=re.DOTALL)
    assert re.findall(r"[A-Za-z]{4,} [a-z]{3,}", words) == []
    english = console.client.get(f"{url}.html").text
    assert "T10:00+00:00" in english
    assert "促销</bdi>.\nCreated by" in english
    header, *rows = csv.reader(console.client.get(f"{url}.csv?zone=Asia/Kolkata").text.lstrip("\ufeff").splitlines())
    paid = header.index("paid_value")
    assert [row[paid] for row in rows if row[paid] != "0.00"] == ["123.45"]
    assert all(row[0].endswith("+05:30") for row in rows)
    for query in ("lang=fr", "zone=Nowhere/Land", "zone=../../etc/passwd"):
        assert console.client.get(f"{url}.html?{query}").status_code == 400, query


def events(console: Served, path: str) -> Iterator[tuple[str, Any]]:
    """The first twenty server-sent events: what a test waits for comes before, or never."""
    yield from islice(_events(console, path), 20)


def _events(console: Served, path: str) -> Iterator[tuple[str, Any]]:
    with console.client.stream("GET", f"/api/{path}?live") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))


def test_stream_sends_all_panels_and_then_those_that_changed(settings: Settings, console: Served) -> None:
    count(settings, event("like", 5, session_id="s"), log_ms=LOG_MS)
    stream = events(console, "room/r1")
    first = next(data for name, data in stream if name == "panels")
    assert set(first) == {"head", "now", "halves", "minutes", "questions", "notices"}
    count(settings, event("like", 5, session_id="s", value=7), log_ms=LOG_MS)
    later = next(data for name, data in stream if name == "panels" and "now" in data)
    assert later["now"]["sums"]["likes"] == 8
    assert "questions" not in later
    assert "notices" not in later


def test_stream_beats_without_trouble_while_nothing_happens(console: Served) -> None:
    beats = (data["trouble"] for name, data in events(console, "start") if name == "beat")
    assert list(islice(beats, 3)) == [None] * 3


def test_stream_says_when_its_panels_were_read(settings: Settings, console: Served) -> None:
    names = [(name, data.get("read_ms")) for name, data in islice(events(console, "start"), 4)]
    first = names.index(next(one for one in names if one[0] == "panels"))
    assert all(read_ms == 0 for _, read_ms in names[:first])
    assert all(read_ms for name, read_ms in names[first:] if name == "beat")


def test_page_reports_an_absent_redis_and_goes_on_when_it_returns(settings: Settings, redis_server: LocalRedis) -> None:
    away = settings.model_copy(update={"redis": f"redis://127.0.0.1:{free_port()}/0"})
    with served(away) as console:
        assert console.client.get("/api/start").status_code == 503
        assert "Redis does not answer" in console.client.get("/api/start").json()["error"]
        trouble = next(data["trouble"] for name, data in events(console, "start") if name == "beat" and data["trouble"])
        assert "Redis does not answer" in trouble["error"]
        assert trouble["why"] == "redis_away"


def test_every_answer_carries_the_policy_and_no_script_is_inline(console: Served) -> None:
    for path in ("/", "/room/x", "/api/start", "/healthz", "/nowhere", "/static/icon.svg"):
        headers = console.client.get(path).headers
        assert headers["content-security-policy"] == SECURITY["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in SECURITY["content-security-policy"]
    page = console.client.get("/").text
    assert all("src=" in tag for tag in page.split("<script")[1:])


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/json"},
        {HEADER: "1", "content-type": "text/plain"},
        {HEADER: "1", "content-type": "application/json", "origin": "https://evil.example"},
        {"content-type": "application/x-www-form-urlencoded", "origin": "null"},
    ],
)
def test_post_of_another_site_is_refused(console: Served, headers: dict[str, str]) -> None:
    body = b'{"fingerprint": "f1", "verdict": "confirmed"}'
    assert console.client.post("/api/decide", content=body, headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1", 200), ("[::1]:9107", 200), ("LOCALHOST:1", 200), (NAME, 200), ("rebound.example", 400)],
)
def test_console_answers_to_addresses_and_its_own_names_only(console: Served, host: str, status: int) -> None:
    assert console.client.get("/api/start", headers={"host": host}).status_code == status


def test_nobody_reads_without_a_token(closed: Served) -> None:
    for path in (
        "/api/start",
        "/api/room/r1?live",
        "/quality.csv",
        "/campaign/c1/report.html",
        "/campaign/c1/report.csv",
    ):
        assert closed.client.get(path).status_code == 401, path
    assert closed.client.get("/").status_code == 200
    assert closed.client.get("/api/me").json() == {"name": None, "role": None, "login": True}
    assert closed.post("decide", {"fingerprint": "f1", "verdict": "confirmed"}).status_code == 401
    assert closed.post("login", {"token": "wrong"}).status_code == 401


def test_viewer_looks_and_operator_decides(settings: Settings, closed: Served) -> None:
    fingerprint = breach(settings)
    entered = closed.post("login", {"token": "another-long-one"})
    cookie = entered.headers["set-cookie"].lower()
    assert cookie.startswith(COOKIE)
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert closed.get("start")["alerts"]["firing"] == 1
    verdict = {"fingerprint": fingerprint, "verdict": "acknowledged"}
    assert closed.post("decide", verdict).status_code == 403
    assert closed.post("campaigns", {}).status_code == 403
    closed.post("logout", {})
    closed.post("login", {"token": "correct-horse-battery"})
    assert closed.post("decide", verdict).json()["author"] == "alice"


def test_cookie_with_a_known_name_and_a_rest_of_any_bytes_is_refused(closed: Served) -> None:
    for rest in (b".9999999999999.\xe9", b".9999999999999.\xff\xfe", b".\xd9\xa9.x"):
        cookie = COOKIE.encode() + b"=" + urlsafe_b64encode(b"alice") + rest
        answer = closed.client.get("/api/start", headers={b"cookie": cookie})
        assert answer.status_code == 401, rest


@pytest.mark.parametrize("name", ["host", "origin"])
def test_header_that_is_no_address_is_refused(console: Served, name: str) -> None:
    headers = {HEADER: "1", "content-type": "application/json", name: "http://[" if name == "origin" else "[::1"}
    answer = console.client.post("/api/decide", content=b"{}", headers=headers)
    assert answer.status_code in (400, 403)


def test_right_token_passes_at_once_while_wrong_ones_are_tried(closed: Served) -> None:
    with ThreadPoolExecutor(60) as guessing:
        wrong = [guessing.submit(closed.post, "login", {"token": f"wrong-{number}"}) for number in range(60)]
        began = time.monotonic()
        assert closed.post("login", {"token": "correct-horse-battery"}).status_code == 200
        assert time.monotonic() - began < 2
        answers = Counter(one.result().status_code for one in wrong)
    assert answers == {401: WRONG_TOKENS_A_MINUTE, 429: 60 - WRONG_TOKENS_A_MINUTE}
    assert closed.post("login", {"token": "another-long-one"}).status_code == 200


def test_five_hundred_streams_take_no_page_from_a_person(settings: Settings, closed: Served) -> None:
    count(
        settings, *(event("like", 5, f"p{n}", room_id=f"r{n}", session_id=f"s{n}") for n in range(500)), log_ms=LOG_MS
    )
    closed.post("login", {"token": "another-long-one"})
    cookie = closed.client.cookies[COOKIE]
    with ExitStack() as held:
        statuses = Counter(_stream(closed, f"room/r{number}", cookie, held) for number in range(500))
        assert statuses == {200: MAX_STREAMS_OF_PERSON, 429: 500 - MAX_STREAMS_OF_PERSON}
        closed.post("login", {"token": "correct-horse-battery"})
        began = time.monotonic()
        panels = next(data for name, data in events(closed, "room/r1") if name == "panels")
        assert panels["now"]["sums"]["likes"] == 1
        assert closed.get("room/r499")["now"]["sums"]["likes"] == 1
        assert time.monotonic() - began < 1
    until(lambda: _stream(closed, "room/r1", cookie, None) == 200, "streams that ended make room", 15)


def _stream(console: Served, path: str, cookie: str, held: ExitStack | None) -> int:
    """The status of a stream; it is held open where a stack is given."""
    connection = HTTPConnection(console.url.removeprefix("http://"), timeout=15)
    connection.request("GET", f"/api/{path}?live", headers={"cookie": f"{COOKIE}={cookie}"})
    status = connection.getresponse().status
    if held is not None and status == 200:
        held.callback(connection.close)
    else:
        connection.close()
    return status
