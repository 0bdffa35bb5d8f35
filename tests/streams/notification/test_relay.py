"""Alertmanager's side of the relay, over real sockets to robots on loopback."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession
from starlette.types import ASGIApp

from deploy.local.process import free_port
from streams.notification import delivery
from streams.notification import relay as relay_server
from streams.notification.formats import FORMATS
from streams.notification.gate import Gate
from streams.notification.message import Links
from streams.notification.receivers import Receiver
from streams.notification.relay import application
from streams.notification.trial import send_test
from streams.web_server import served
from tests.builders.notifications import notice, sent
from tests.servers.robots import OK, Robot

Client = ClientSession


@asynccontextmanager
async def calling(app: ASGIApp) -> AsyncIterator[Client]:
    port = free_port()
    async with served(app, "127.0.0.1", port), ClientSession(f"http://127.0.0.1:{port}") as client:
        yield client


@pytest.fixture(autouse=True)
def _little_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_WAIT_SECONDS", 0.02)


@pytest.fixture
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """For receivers that never answer; one that does has the whole budget, on a busy machine too."""
    monkeypatch.setattr(relay_server, "ReceiverClient", partial(delivery.ReceiverClient, budget_seconds=1.0))


def target(tmp_path: Path, kind: Any, url: str, name: str = "desk") -> Receiver:
    (tmp_path / f"{name}-url").write_text(url)
    (tmp_path / f"{name}-secret").write_text("s3cret")
    secret = tmp_path / f"{name}-secret" if kind in ("feishu", "dingtalk", "pagerduty") else None
    return Receiver(name, kind, "en", None, tmp_path / f"{name}-url", secret)


@asynccontextmanager
async def relay(targets: Mapping[str, Receiver]) -> AsyncIterator[Client]:
    async with calling(application(targets, Links())) as client:
        yield client


@asynccontextmanager
async def relay_to(robot: Robot, tmp_path: Path, kind: str = "webhook") -> AsyncIterator[Client]:
    async with (
        robot.server() as server,
        relay({"desk": target(tmp_path, kind, str(server.make_url("/send")))}) as client,
    ):
        yield client


async def told(client: Client, body: Any = None) -> int:
    async with client.post("/alerts/desk", json=body or sent(notice())) as response:
        return response.status


async def test_metrics_are_for_whoever_calls_the_relay_by_its_name() -> None:
    async with relay({}) as client:
        for host, status in (("relay:9110", 200), ("evil.example", 421)):
            async with client.get("/metrics", headers={"Host": host}) as response:
                assert response.status == status


async def outcomes(client: Client) -> dict[str, float]:
    async with client.get("/metrics") as response:
        lines = (await response.text()).splitlines()
    prefix = 'pulsewatch_relay_messages_total{outcome="'
    rows = [line for line in lines if line.startswith(prefix) and 'target="desk"' in line]
    return {row[len(prefix) :].split('"')[0]: float(row.rsplit(" ", 1)[1]) for row in rows}


@pytest.mark.parametrize("kind", ["webhook", "slack", "pagerduty", "feishu", "dingtalk", "wecom"])
async def test_notification_reaches_its_receiver(kind: str, tmp_path: Path) -> None:
    robot = Robot()
    async with relay_to(robot, tmp_path, kind) as client:
        assert await told(client) == 200
    assert len(robot.got) == 1


async def test_receiver_that_fails_twice_is_tried_until_it_answers(tmp_path: Path) -> None:
    robot = Robot([(503, b""), (500, b""), OK])
    async with relay_to(robot, tmp_path) as client:
        before = await outcomes(client)
        assert await told(client) == 200
        after = await outcomes(client)
    assert len(robot.got) == 3
    assert after["delivered"] - before["delivered"] == 1


async def test_refused_message_is_not_tried_again(tmp_path: Path) -> None:
    robot = Robot([(200, b'{"code": 19021, "msg": "sign match fail"}')])
    async with relay_to(robot, tmp_path, "feishu") as client:
        assert await told(client) == 422
    assert len(robot.got) == 1


@pytest.mark.usefixtures("_little_patience")
async def test_receiver_that_stays_away_is_alertmanagers_to_try_again(tmp_path: Path) -> None:
    async with relay({"desk": target(tmp_path, "webhook", "http://127.0.0.1:9/send")}) as client:
        before = await outcomes(client)
        assert await told(client) == 503
        after = await outcomes(client)
    assert after["unavailable"] - before["unavailable"] == 1


async def test_retry_after_is_obeyed(tmp_path: Path) -> None:
    robot = Robot([(429, b""), OK], headers={"Retry-After": "30"})
    async with relay_to(robot, tmp_path, "slack") as client:
        assert await told(client) == 503
    assert len(robot.got) == 1


async def test_rate_limit_is_kept_and_what_does_not_fit_comes_again(tmp_path: Path) -> None:
    robot = Robot()
    async with relay_to(robot, tmp_path, "wecom") as client:
        before = await outcomes(client)
        statuses = [await told(client) for _ in range(21)]
        after = await outcomes(client)
    assert statuses == [200] * 20 + [503]
    assert len(robot.got) == 20
    assert after["limited"] - before["limited"] == 1


async def test_secret_that_changes_is_used_at_once(tmp_path: Path) -> None:
    robot = Robot()
    async with robot.server() as server:
        held = target(tmp_path, "pagerduty", str(server.make_url("/send")))
        async with relay({"desk": held}) as client:
            await told(client)
            (tmp_path / "desk-secret").write_text("rotated\n")
            await told(client)
    assert [event["routing_key"] for event in robot.got] == ["s3cret", "rotated"]


@pytest.mark.usefixtures("_little_patience")
async def test_slow_receiver_costs_no_other_target_its_message(tmp_path: Path) -> None:
    robot = Robot()
    async with robot.server() as server:
        targets = {
            "desk": target(tmp_path, "webhook", str(server.make_url("/send"))),
            "dead": target(tmp_path, "webhook", "http://127.0.0.1:9/send", "dead"),
        }
        async with relay(targets) as client:
            stuck = asyncio.create_task(client.post("/alerts/dead", json=sent(notice())).__aenter__())
            assert await told(client) == 200
            assert (await stuck).status == 503


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"receiver": "x", "status": "firing", "alerts": []}'])
async def test_what_is_no_notification_is_refused(body: bytes, tmp_path: Path) -> None:
    robot = Robot()
    headers = {"Content-Type": "application/json"}
    async with (
        relay_to(robot, tmp_path) as client,
        client.post("/alerts/desk", data=body, headers=headers) as response,
    ):
        assert response.status == 400
    assert robot.got == []


async def test_unknown_target_is_told_and_makes_no_series(tmp_path: Path) -> None:
    async with relay_to(Robot(), tmp_path) as client:
        async with client.post("/alerts/stranger", json=sent(notice())) as response:
            assert response.status == 404
        async with client.get("/metrics") as response:
            assert "stranger" not in await response.text()


@pytest.mark.usefixtures("_little_patience")
async def test_no_log_line_has_the_address_of_a_robot(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    held = target(tmp_path, "wecom", "http://127.0.0.1:9/send?key=t0ken")
    async with relay({"desk": held}) as client:
        assert await told(client) == 503
    assert caplog.messages
    assert "t0ken" not in caplog.text


async def test_test_message_takes_the_same_way(tmp_path: Path) -> None:
    robot = Robot()
    async with robot.server() as server:
        result = await send_test(target(tmp_path, "feishu", str(server.make_url("/send"))), Links())
    assert result.outcome == "delivered"
    assert "RelayTest" in str(robot.got)


async def test_notification_of_many_megabytes_is_refused(tmp_path: Path) -> None:
    async with (
        relay_to(Robot(), tmp_path) as client,
        client.post(
            "/alerts/desk", data=BytesIO(b" " * 10_000_001), headers={"Content-Type": "application/json"}
        ) as response,
    ):
        assert response.status == 413


async def test_health_is_told(tmp_path: Path) -> None:
    async with relay_to(Robot(), tmp_path) as client, client.get("/healthz") as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer other"}, 401),
        ({"Authorization": "Bearer t0ken", "Origin": "http://evil.example"}, 403),
        ({"Authorization": "Bearer t0ken", "Host": "evil.example"}, 421),
        ({"Authorization": "Bearer t0ken", "Content-Type": "text/plain"}, 415),
        ({"Authorization": "Bearer t0ken"}, 200),
    ],
    ids=["nothing", "other", "origin", "host", "form", "token"],
)
async def test_who_may_page(headers: dict[str, str], status: int, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken")
    robot = Robot()
    async with robot.server() as server:
        held = {"desk": target(tmp_path, "webhook", str(server.make_url("/send")))}
        app = application(held, Links(), gate=Gate(tmp_path / "token"))
        async with calling(app) as client:
            body = msgspec.json.encode(sent(notice()))
            given = {"Content-Type": "application/json"} | headers
            async with client.post("/alerts/desk", data=body, headers=given) as response:
                assert response.status == status
    assert len(robot.got) == (status == 200)


async def test_webhook_shows_its_token(tmp_path: Path) -> None:
    robot = Robot()
    async with robot.server() as server:
        held = replace(target(tmp_path, "webhook", str(server.make_url("/send"))), secret_file=tmp_path / "desk-secret")
        async with relay({"desk": held}) as client:
            assert await told(client) == 200
    assert robot.authorizations == ["Bearer s3cret"]


async def test_webhook_has_a_rate(tmp_path: Path) -> None:
    robot = Robot()
    async with relay_to(robot, tmp_path) as client:
        statuses = [await told(client) for _ in range(21)]
    assert statuses.count(200) >= 20
    assert FORMATS["webhook"].limits
    assert FORMATS["pagerduty"].limits


async def test_end_that_comes_again_is_told_once(tmp_path: Path) -> None:
    """Prometheus tells of an alert that is over for a quarter of an hour; it comes with what its place raises then."""
    robot = Robot()
    over = notice("f1", "resolved")
    async with relay_to(robot, tmp_path, "slack") as client:
        for alerts in ((notice("f1"),), (over,), (over,), (over, notice("f2")), (notice("f1"),), (over,)):
            assert await told(client, sent(*alerts)) == 200
    heads = ["RESOLVED" in str(body) for body in robot.got]
    assert heads == [False, True, False, False, True]


async def test_nested_body_is_no_notification_and_no_error_of_ours(tmp_path: Path) -> None:
    nested = b'{"alerts": ' + b"[" * 100_000 + b"]" * 100_000 + b', "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    async with relay_to(Robot([OK]), tmp_path) as client:
        for body in (nested, b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"):
            headers = {"Content-Type": "application/json"}
            async with client.post("/alerts/desk", data=body, headers=headers) as answer:
                assert answer.status == 400


async def test_token_file_that_cannot_be_read_is_told_as_not_now(tmp_path: Path) -> None:
    app = application({}, Links(), gate=Gate(tmp_path / "gone"))
    headers = {"Authorization": "Bearer t0ken"}
    async with calling(app) as client, client.post("/alerts/desk", json={}, headers=headers) as answer:
        assert answer.status == 503
        assert str(tmp_path) not in await answer.text()
