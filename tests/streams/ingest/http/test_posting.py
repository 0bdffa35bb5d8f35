"""Requests and their answers, with publishers that keep, refuse or hang."""

import asyncio
import gzip
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from streams.errors import Unavailable
from streams.events.codec import decode_one
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event
from streams.ingest.http import app as module
from streams.ingest.http.app import Ingest
from streams.ingest.http.keys import Senders, new_key, read_senders
from streams.ingest.http.openapi import Answer
from streams.topology import LIVE, SOCIAL
from streams.web_server import BodyDeadline
from tests.fakes.publisher import Kept

NOW_MS = 1_790_000_000_000


class Place:
    def __init__(self, senders: Senders | None = None) -> None:
        self.topics = {SOCIAL: Kept(), LIVE: Kept()}
        self.now = 0.0
        ingest = Ingest(self.topics, senders, Pseudonyms(b"key"), None, lambda: NOW_MS, lambda: self.now)  # type: ignore[arg-type]
        self.application = ingest.application()
        transport = httpx.ASGITransport(self.application)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://ingest")

    async def post(self, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post("/v1/events", content=content, headers=sent)

    def events(self, topic: str) -> list[Event]:
        decoded = [decode_one(value, 0, NOW_MS) for _, value in self.topics[topic].records]
        assert all(isinstance(event, Event) for event in decoded)
        return decoded  # type: ignore[return-value]


def posted(number: int = 1, **changed: Any) -> dict[str, Any]:
    return {
        "event_id": f"e{number}", "source": "shop", "platform": "douyin", "kind": "payment", "brand_id": "acme",
        "room_id": "105", "event_time": NOW_MS - 1000, "amount": 19900, **changed,
    }  # fmt: skip


async def test_body_of_a_stranger_is_not_read() -> None:
    place, read = Place(Senders([], {})), list[int]()

    async def body() -> AsyncIterator[bytes]:
        for number in range(100):
            read.append(number)
            yield b" " * 10_000

    for headers in ({}, {"authorization": "Bearer pw_wrong"}):
        answer = await place.client.post("/v1/events", content=body(), headers=headers)
        assert answer.status_code == 401
    assert read == []


async def test_body_that_comes_too_slowly_is_told_so() -> None:
    place = Place()
    app = BodyDeadline(place.application, 0.05)

    async def body() -> AsyncIterator[bytes]:
        yield b"["
        await asyncio.sleep(10)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ingest") as client:
        answer = await client.post("/v1/events", content=body(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["connection"]) == (408, "close")
    assert answer.json() == {"error": "the request's body did not come within 0 seconds"}


async def test_each_event_is_answered_and_the_good_ones_are_kept() -> None:
    place = Place()
    bad = posted(2, kind="payments")
    answer = await place.post([posted(1), bad, posted(3, room_id=None, kind="comment", text="好")])
    assert answer.status_code == 200
    said = answer.json()
    assert (said["accepted"], said["refused"]) == (2, 1)
    assert [row["status"] for row in said["results"]] == ["accepted", "refused", "accepted"]
    assert said["results"][1]["reason"] == "unknown_kind"
    assert [key for key, _ in place.topics[LIVE].records] == ["105"]
    assert [key for key, _ in place.topics[SOCIAL].records] == ["acme"]


async def test_time_of_ingest_is_ours_and_people_are_pseudonyms_as_decoders_make_them() -> None:
    place = Place()
    await place.post(posted(actor={"id": "6812345678901234567", "followers": "120"}, ingest_time=5))
    event = place.events(LIVE)[0]
    assert event.ingest_time_ms == NOW_MS
    assert event.actor is not None
    assert event.actor.id == Pseudonyms(b"key").pseudonym("douyin", "6812345678901234567")
    assert event.actor.followers == 120


async def test_text_without_a_brand_is_refused_without_a_catalogue() -> None:
    answer = (await Place().post(posted(brand_id="", room_id=None, kind="post", text="阿尔法"))).json()
    assert [row["reason"] for row in answer["results"]] == ["missing_field"]


async def test_numbers_may_be_strings() -> None:
    place = Place()
    await place.post(posted(event_time=str(NOW_MS), amount="19900", value="2"))
    event = place.events(LIVE)[0]
    assert (event.event_time_ms, event.amount, event.value) == (NOW_MS, 19900, 2)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"value": 1e30}, "wrong_type"),
        ({"value": 2**70}, "out_of_range"),
        ({"event_time": 0}, "time_out_of_range"),
        ({"event_time": NOW_MS + 30 * 3_600_000}, "time_out_of_range"),
        ({"event_id": "x" * 200}, "out_of_range"),
        ({"kind": "retraction"}, "missing_field"),
        ({"platform": "myspace"}, "unknown_value"),
    ],
)
async def test_an_event_that_no_stage_would_take_is_refused_with_the_stages_reason(
    changed: dict[str, Any], reason: str
) -> None:
    place = Place()
    said = (await place.post(posted(**changed))).json()
    assert said["results"][0]["reason"] in {reason, "out_of_range"}
    assert not place.topics[LIVE].records


async def test_lines_may_be_packed_and_one_bad_line_spoils_itself() -> None:
    place = Place()
    lines = b"\n".join(
        [json.dumps(posted(1)).encode(), b"{", b'"\\ud800"', b"[" * 5000, json.dumps(posted(2)).encode()]
    )
    answer = await place.post(gzip.compress(lines), content_type="application/x-ndjson", content_encoding="gzip")
    assert [row["status"] for row in answer.json()["results"]] == ["accepted", *["refused"] * 3, "accepted"]


async def test_nothing_is_acknowledged_that_kafka_has_not() -> None:
    place = Place()
    place.topics[LIVE].failure = Unavailable("Kafka is away")
    answer = await place.post([posted(1)])
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert (await place.client.get("/health")).status_code == 503
    assert (await place.client.get("/health", headers={"host": "evil.example"})).status_code == 421
    place.topics[LIVE].failure = None
    assert (await place.post([posted(1)])).status_code == 200
    assert (await place.client.get("/health")).status_code == 200


async def test_more_than_kafka_takes_is_told_to_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IN_FLIGHT_EVENTS", 3)
    place = Place()
    held = place.topics[LIVE].hold = asyncio.Event()
    waiting = asyncio.create_task(place.post([posted(1), posted(2)]))
    await place.topics[LIVE].asked.wait()
    answer = await place.post([posted(3), posted(4)])
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    held.set()
    assert (await waiting).status_code == 200


@pytest.fixture
def keyed(tmp_path: Path) -> tuple[Place, str]:
    key, digest = new_key()
    (tmp_path / "secret").write_text("a secret of enough bytes")
    (tmp_path / "keys.yaml").write_text(
        f"keys:\n- {{name: shop, sha256: {digest}, sources: [shop], brands: [acme], kinds: [payment],"
        " events_per_second: 5}\n- {name: hook, webhook_secret_file: secret}\n"
    )
    return Place(read_senders(tmp_path / "keys.yaml")), key


async def test_key_has_a_scope(keyed: tuple[Place, str]) -> None:
    place, key = keyed
    events = [posted(1), posted(2, source="other"), posted(3, brand_id="rival"), posted(4, kind="refund")]
    said = (await place.post(events, authorization=f"Bearer {key}")).json()
    assert [row.get("reason") for row in said["results"]] == [None, "not_allowed", "not_allowed", "not_allowed"]


async def test_key_has_a_rate(keyed: tuple[Place, str]) -> None:
    place, key = keyed
    assert (await place.post([posted(n) for n in range(5)], authorization=f"Bearer {key}")).status_code == 200
    late = await place.post([posted(9)], authorization=f"Bearer {key}")
    assert late.status_code == 429
    place.now += float(late.headers["retry-after"])
    assert (await place.post([posted(9)], authorization=f"Bearer {key}")).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic abc", "bearer \u00fc"])
async def test_without_a_known_key_nothing_is_taken(keyed: tuple[Place, str], header: str) -> None:
    place, _ = keyed
    content = json.dumps(posted()).encode()
    headers = {"content-type": "application/json", "authorization": header.encode("latin-1").decode("latin-1")}
    answer = await place.client.post(
        "/v1/events", content=content, headers=[(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
    )
    assert answer.status_code == 401
    assert not place.topics[LIVE].records


async def test_signed_request_is_taken_once(keyed: tuple[Place, str]) -> None:
    place, _ = keyed
    body = json.dumps(posted()).encode()
    stamp = str(NOW_MS // 1000)
    signature = "v1=" + hmac.new(b"a secret of enough bytes", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    signed = {"x_pulsewatch_sender": "hook", "x_pulsewatch_timestamp": stamp, "x_pulsewatch_signature": signature}
    assert (await place.post(body, **signed)).status_code == 200
    assert (await place.post(body, **signed)).status_code == 401
    assert len(place.topics[LIVE].records) == 1


async def test_interface_is_described() -> None:
    described = (await Place().client.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    kinds = described["components"]["schemas"]["PostedEvent"]["properties"]["kind"]["enum"]
    assert "payment" in kinds
    assert "ingest_time" not in described["components"]["schemas"]["PostedEvent"]["required"]


def test_answer_is_what_the_description_says() -> None:
    assert msgspec.json.decode(b'{"accepted":1,"refused":0,"unmatched":0,"results":[]}', type=Answer).accepted == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "127.0.0.1:9109"}, 200),
        ({"host": "[::1]:9109"}, 200),
        ({"host": "rebound.evil.example"}, 421),
        ({"host": "127.0.0.1.evil.example:9109"}, 421),
        ({"host": "localhost."}, 421),
        ({"host": "127.0.0.1:9109", "origin": "null"}, 403),
        ({"host": "127.0.0.1:9109", "origin": "http://127.0.0.1:9109"}, 403),
        ({"host": "127.0.0.1:9109", "sec_fetch_site": "cross-site"}, 403),
    ],
)
async def test_web_pages_send_nothing_where_no_keys_are_set(headers: dict[str, str], status: int) -> None:
    place = Place()
    assert (await place.post(posted(), **headers)).status_code == status
    assert len(place.events(LIVE)) == (status == 200)


async def test_key_lets_in_by_any_name(tmp_path: Path) -> None:
    key, digest = new_key()
    (tmp_path / "keys.yaml").write_text(f"keys:\n  - name: shop\n    sha256: {digest}\n")
    place = Place(read_senders(tmp_path / "keys.yaml"))
    answer = await place.post(posted(), host="events.example.net", authorization=f"Bearer {key}")
    assert answer.status_code == 200
