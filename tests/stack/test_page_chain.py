"""A real Alertmanager, the relay as a process, and a robot that checks its signature: away at first, told at last."""

import asyncio
import base64
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.local.alertmanager import LocalAlertmanager
from deploy.local.http import answers
from deploy.local.process import ServerProcess, free_port
from deploy.local.programs import RELAY_CONFIG
from streams.notification.receivers import load

SECRET = "s3cret"


class RelayProcess(ServerProcess):
    """`pulsewatch relay` with a configuration of the test's own."""

    name = "relay"

    def command(self) -> Sequence[str]:
        config = str(self.folder / "relay.yml")
        return [sys.executable, "-m", "deploy.cli", "relay", "--port", str(self.port), "--config", config]

    def ready(self) -> bool:
        return answers(f"http://127.0.0.1:{self.port}/healthz")


class Feishu:
    """Takes what is signed and fresh; away until it is opened."""

    def __init__(self) -> None:
        self.open = False
        self.turned_away = 0
        self.insisted, self.told = asyncio.Event(), asyncio.Event()
        self.cards: list[Any] = []

    async def take(self, request: web.Request) -> web.Response:
        if not self.open:
            self.turned_away += 1
            if self.turned_away == 2:
                self.insisted.set()
            return web.Response(status=503)
        body = await request.json()
        key = f"{body['timestamp']}\n{SECRET}".encode()
        signed = base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
        if body["sign"] != signed or abs(time.time() - int(body["timestamp"])) > 3600:
            return web.json_response({"code": 19021, "msg": "sign match fail or timestamp is not within one hour"})
        self.cards.append(body["card"])
        self.told.set()
        return web.json_response({"code": 0, "msg": "success"})


async def test_page_waits_in_alertmanager_until_the_robot_takes_it(tmp_path: Path) -> None:
    feishu = Feishu()
    app = web.Application()
    app.router.add_post("/hook", feishu.take)
    relay = RelayProcess(tmp_path / "relay")
    async with TestServer(app, host="127.0.0.1") as robot:
        _configure(relay.folder, str(robot.make_url("/hook")))
        with (
            relay,
            LocalAlertmanager(tmp_path / "am", receiver=f"127.0.0.1:{free_port()}", relay=_at(relay)) as manager,
        ):
            await _fire(manager.url)
            async with asyncio.timeout(60):
                await feishu.insisted.wait()
                feishu.open = True
                await feishu.told.wait()
    assert 1 <= len(feishu.cards) <= 2, "on-call's, and the brand desk's where it was as quick"
    for card in feishu.cards:
        assert card["header"]["title"]["content"] == "告警 · 严重 · 舆情危机 · b1"
        assert "暂时读不到数字和原文" in json.dumps(card, ensure_ascii=False)


def _at(relay: ServerProcess) -> str:
    return f"127.0.0.1:{relay.port}"


def _configure(folder: Path, url: str) -> None:
    folder.mkdir()
    (folder / "url").write_text(url)
    (folder / "secret").write_text(SECRET)
    target = {"kind": "feishu", "url_file": "url", "secret_file": "secret", "language": "zh"}
    (folder / "relay.yml").write_text(yaml.safe_dump({"targets": dict.fromkeys(load(RELAY_CONFIG), target)}))


async def _fire(url: str) -> None:
    labels = {"alertname": "Crisis", "kind": "crisis", "severity": "critical", "brand": "b1", "fingerprint": "f1"}
    body = [{"labels": labels, "annotations": {"summary": "crisis: brand b1"}}]
    async with aiohttp.ClientSession() as session, session.post(f"{url}/api/v2/alerts", json=body) as response:
        assert response.status == 200
