"""Each receiver's body, its signature, what its answers mean, and what a stranger's text becomes in it."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from streams.notification.alertmanager import Notification
from streams.notification.formats import FORMATS, WECOM_BYTES, Address, ReceiverKind, RenderInput
from streams.notification.message import Links, compose
from streams.notification.sentences import Reader
from streams.notification.words import Language
from tests.builders.notifications import HOSTILE, notice, notification

LINKS = Links("http://console", "http://git/runbooks")
NOW_MS = 1_790_000_000_123
ADDRESS = Address("http://robot/send?token=t", "s3cret")
KINDS: list[ReceiverKind] = ["webhook", "slack", "pagerduty", "feishu", "dingtalk", "wecom"]
CHAT: list[ReceiverKind] = ["slack", "feishu", "dingtalk", "wecom"]


def written(kind: ReceiverKind, told: Notification, language: str = "en") -> list[Any]:
    return [post.body for post in FORMATS[kind].write(given(told, "zh" if language == "zh" else "en"))]


def given(told: Notification, language: Language = "zh", address: Address = ADDRESS) -> RenderInput:
    message = compose(told, LINKS, Reader(language, now_ms=NOW_MS))
    assert message is not None
    return RenderInput(told, message, address, NOW_MS)


@pytest.mark.parametrize("kind", KINDS)
def test_body_is_json_and_names_what_fired(kind: ReceiverKind) -> None:
    [body] = written(kind, notification(notice()))
    assert "brand b1" in json.dumps(body)


@pytest.mark.parametrize("kind", CHAT)
def test_chat_message_leads_to_the_alert_and_its_runbook(kind: ReceiverKind) -> None:
    text = json.dumps(written(kind, notification(notice())))
    assert "http://console/alert/f1" in text
    assert "http://git/runbooks/crisis.md" in text


@pytest.mark.parametrize("kind", CHAT)
def test_resolved_message_says_so(kind: ReceiverKind) -> None:
    text = json.dumps(written(kind, notification(notice(status="resolved"), status="resolved")), ensure_ascii=False)
    assert "RESOLVED" in text
    assert "FIRING" not in text


@pytest.mark.parametrize("kind", CHAT)
def test_message_is_written_in_chinese_where_asked(kind: ReceiverKind) -> None:
    text = json.dumps(written(kind, notification(notice()), "zh"), ensure_ascii=False)
    assert "告警" in text
    assert "舆情危机" in text
    assert "严重" in text


@pytest.mark.parametrize("kind", CHAT)
def test_message_shows_ten_and_counts_the_rest(kind: ReceiverKind) -> None:
    told = notification(*(notice(f"f{number}") for number in range(14)), truncated=3)
    text = json.dumps(written(kind, told), ensure_ascii=False)
    assert "and 7 more" in text
    assert "17 alerts" in text


@pytest.mark.parametrize("kind", ["slack", "dingtalk", "wecom"])
def test_strangers_text_is_no_markup(kind: ReceiverKind) -> None:
    alert = notice(brand=HOSTILE)
    text = json.dumps(written(kind, notification(alert)), ensure_ascii=False)
    for markup in ("<b>", "<!channel>", "<at ", "](http://evil", "\u202e", "\x1b"):
        assert markup not in text
    assert "://evil" not in text
    assert "@all" not in text


def test_feishu_shows_strangers_text_in_plain_elements_only() -> None:
    [body] = written("feishu", notification(notice(brand=HOSTILE)))
    tags = {element["text"]["tag"] for element in body["card"]["elements"] if "text" in element}
    assert tags == {"plain_text"}
    assert body["card"]["header"]["title"]["tag"] == "plain_text"
    assert "\u202e" not in json.dumps(body, ensure_ascii=False)


def test_feishu_signature_is_keyed_with_time_and_secret_over_nothing() -> None:
    [body] = written("feishu", notification(notice()))
    expected = hmac.new(b"1790000000\ns3cret", b"", hashlib.sha256).digest()
    assert (body["timestamp"], body["sign"]) == ("1790000000", base64.b64encode(expected).decode())


def test_dingtalk_signature_stands_in_the_address() -> None:
    told = notification(notice())
    [post] = FORMATS["dingtalk"].write(given(told))
    query = parse_qs(urlsplit(post.url).query)
    expected = hmac.new(b"s3cret", b"1790000000123\ns3cret", hashlib.sha256).digest()
    assert query == {
        "token": ["t"],
        "timestamp": ["1790000000123"],
        "sign": [base64.b64encode(expected).decode()],
    }


def test_robots_without_a_secret_are_not_signed() -> None:
    told = notification(notice())
    for kind in ("feishu", "dingtalk"):
        [post] = FORMATS[kind].write(given(told, address=Address("http://robot/send")))
        assert post.url == "http://robot/send"
        assert "sign" not in post.body


def test_wecom_message_fits_its_limit_and_counts_what_it_leaves_out() -> None:
    told = notification(*(notice(f"f{number}", brand="品牌" * 150) for number in range(30)))
    [body] = written("wecom", told, "zh")
    content = body["markdown"]["content"]
    assert len(content.encode()) <= WECOM_BYTES
    shown = content.count("**") // 2
    assert f"另有 {30 - shown} 条" in content


def test_pagerduty_gets_an_event_an_alert_each_with_its_own_key() -> None:
    told = notification(*(notice(f"f{number}") for number in range(12)), notice("gone", status="resolved"))
    events = written("pagerduty", told)
    assert [event["event_action"] for event in events] == ["trigger"] * 12 + ["resolve"]
    assert len({event["dedup_key"] for event in events}) == 13
    assert "f3" in {event["dedup_key"] for event in events}
    assert {event["routing_key"] for event in events} == {"s3cret"}
    assert events[0]["payload"]["severity"] == "critical"
    assert events[0]["payload"]["custom_details"]["brand"] == "b1"
    assert "payload" not in events[-1]


def test_webhook_passes_on_what_alertmanager_sent() -> None:
    [body] = written("webhook", notification(notice()))
    assert body["version"] == "4"
    assert body["alerts"][0]["startsAt"] == "2026-11-25T10:00:00.123Z"
    assert body["alerts"][0]["labels"]["fingerprint"] == "f1"


@pytest.mark.parametrize(
    ("kind", "status", "body", "fate"),
    [
        ("webhook", 204, b"", "delivered"),
        ("webhook", 503, b"", "again"),
        ("webhook", 404, b"", "refused"),
        ("slack", 200, b"ok", "delivered"),
        ("slack", 429, b"", "again"),
        ("slack", 403, b"invalid_token", "refused"),
        ("pagerduty", 202, b"{}", "delivered"),
        ("pagerduty", 400, b"{}", "refused"),
        ("feishu", 200, b'{"code": 0}', "delivered"),
        ("feishu", 200, b'{"StatusCode": 0}', "delivered"),
        ("feishu", 200, b'{"code": 11232}', "again"),
        ("feishu", 200, b'{"code": 19021, "msg": "sign match fail"}', "refused"),
        ("dingtalk", 200, b'{"errcode": 0}', "delivered"),
        ("dingtalk", 200, b'{"errcode": 130101}', "again"),
        ("dingtalk", 200, b'{"errcode": 310000, "errmsg": "sign not match"}', "refused"),
        ("wecom", 200, b'{"errcode": 0}', "delivered"),
        ("wecom", 200, b'{"errcode": 45009}', "again"),
        ("wecom", 200, b'{"errcode": 93000}', "refused"),
        ("wecom", 200, b"<html>", "again"),
        ("wecom", 200, b"{}", "refused"),
    ],
)
def test_answer_has_its_fate(kind: ReceiverKind, status: int, body: bytes, fate: str) -> None:
    assert FORMATS[kind].parse_response(status, body).fate == fate
