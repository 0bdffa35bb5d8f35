"""The panel of feeds in a real Chromium, of feeds that a real `pulsewatch feeds run` runs, or has run."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from aiohttp import web
from playwright.sync_api import Locator, expect
from redis import Redis

from deploy.local.kafka import LocalKafka
from deploy.local.redis import LocalRedis
from streams.clock import MINUTE_MS, system_clock
from streams.events.schema import ScoredText
from streams.ingest.feed_status import FeedStatus, read_statuses
from streams.settings import Settings
from tests.browser.browser import DESKTOP, PATIENCE_MS, PHONE, Browser
from tests.builders.events import event
from tests.builders.records import at, text
from tests.builders.stored import count, detect
from tests.servers.console import Served, served
from tests.servers.feed_server import FeedServer
from tests.servers.feeds_process import FeedsProcess
from tests.servers.site import fresh_topics
from tests.servers.waiting import until

pytestmark = pytest.mark.usefixtures("no_complaints")

HOUR_MS = 60 * MINUTE_MS
FILE = """
feeds:
  - {{name: room, kind: websocket, url: "ws://127.0.0.1:{port}/ws", platform: tiktok, room: "105", brand: acme}}
  - {{name: jumps, kind: sse, url: "{address}/jumps", brand: acme, numbered: true, mapping: &post {{kind: post, id: id,
     time: at, text: text}}}}
  - {{name: slow, kind: sse, url: "{address}/slow", brand: acme, mapping: *post}}
  - {{name: fast, kind: sse, url: "{address}/fast", brand: acme, mapping: *post}}
  - {{name: closed, kind: sse, url: "{address}/nothing-here", brand: acme, mapping: *post}}
"""
RUNNING = ("room", "jumps", "slow", "fast")
UNKNOWN = [*3 * ['{"type": "Novel"}'], '{"type": "<b>bold</b>"}', "no JSON"]


@pytest.fixture(scope="module")
def settings(kafka: LocalKafka, redis_server: LocalRedis) -> Settings:
    fresh_topics(kafka)
    return Settings(kafka=kafka.bootstrap, redis=redis_server.url, namespace="feeds-panel")


@pytest.fixture(scope="module")
def console(settings: Settings) -> Iterator[Served]:
    with served(settings) as running:
        yield running


@pytest.fixture(scope="module")
def heard(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FeedsProcess]:
    """A process that has heard all that the feeds tell, and still runs."""
    server = FeedServer(sent=list(UNKNOWN))
    folder = tmp_path_factory.mktemp("feeds-panel")
    file = folder / "feeds.yaml"
    file.write_text(FILE.format(address=server.address, port=server.port))
    process = FeedsProcess(folder, settings, file)

    def all_heard() -> bool:
        found = statuses(settings)
        return all(name in found and found[name].messages for name in RUNNING) and found["closed"].state == "refused"

    now_ms = system_clock()
    routes = [
        events("/jumps", (1, now_ms), (2, now_ms), (7, now_ms)),
        events("/slow", (1, now_ms - 3 * HOUR_MS)),
        events("/fast", (1, now_ms + 5 * MINUTE_MS)),
    ]
    with in_a_thread(server, routes):
        process.launch()
        try:
            until(all_heard, "all feeds are heard")
            yield process
        finally:
            process.kill()


def statuses(settings: Settings) -> dict[str, FeedStatus]:
    with Redis.from_url(settings.redis) as client:
        return {one.name: one for one in read_statuses(client, settings.namespace)}


def events(path: str, *told: tuple[int, int]) -> web.RouteDef:
    """Server-sent events with these ids and times, and then nothing for ever."""

    async def answer(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        for number, at_ms in told:
            post = json.dumps({"id": f"{path}{number}", "at": at_ms, "text": "said"})
            await stream.write(f"id: {number}\ndata: {post}\n\n".encode())
        await asyncio.Event().wait()
        return stream

    return web.get(path, answer)


@contextmanager
def in_a_thread(server: FeedServer, routes: list[web.RouteDef]) -> Iterator[None]:
    """It serves until the block ends: the browser has this thread's loop."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    over = asyncio.Event()

    async def serve() -> None:
        async with server.serving(*routes):
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(10)
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def row(connections: Locator, name: str) -> Locator:
    return connections.locator(f'[data-feed="{name}"]')


def test_where_no_feed_ever_ran_the_panel_says_how_one_is_run(settings: Settings, chromium: Browser) -> None:
    fresh = settings.model_copy(update={"namespace": "feeds-panel-fresh"})
    with served(fresh) as console, chromium.page(f"{console.url}/operations?lang=en") as page:
        panel = page.locator('[data-panel="connections"]')
        expect(panel).to_have_attribute("data-state", "empty")
        expect(panel).to_contain_text("pulsewatch feeds run")
        assert panel.locator("table").count() == 0


@pytest.mark.usefixtures("heard")
def test_running_feeds_show_what_they_hear_and_what_they_miss(console: Served, chromium: Browser) -> None:
    with chromium.page(f"{console.url}/operations?lang=en") as page:
        panel = page.locator('[data-panel="connections"]')
        expect(panel).to_have_attribute("data-state", "ready", timeout=PATIENCE_MS)
        cells = {name: row(panel, name).locator("td").all_inner_texts() for name in (*RUNNING, "closed")}
        assert [name for name in cells if cells[name][0].startswith("Connected")] == list(RUNNING)
        assert cells["closed"][0].startswith("Refused")
        assert "404" in cells["closed"][0]
        # Not one message of the room was an event: nothing is known of its time.
        assert cells["room"][2:4] == ["–", "–"]
        assert cells["room"][4].splitlines() == [
            "3 × Novel unknown type", "1 × <b>bold</b> unknown type", "1 × no type not JSON",
        ]  # fmt: skip
        assert cells["jumps"][3] == "1 gap · 4 messages missing"
        assert re.fullmatch(r"3 hrs( 1 min)?", cells["slow"][2])
        assert re.fullmatch(r"clock 4 mins \d+ secs? ahead", cells["fast"][2])
        assert panel.locator("tbody tr").first.get_attribute("data-feed") == "closed"
        assert panel.locator("b", has_text="bold").count() == 0


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("size", [(360, 800), PHONE, DESKTOP], ids=["narrow", "phone", "desktop"])
def test_panel_of_feeds_is_whole_or_reached_by_the_keyboard(
    console: Served, chromium: Browser, size: tuple[int, int]
) -> None:
    with chromium.page(f"{console.url}/operations?lang=en", size) as page:
        body = page.locator('[data-panel="connections"] .body')
        page.wait_for_selector('[data-panel="connections"][data-state="ready"] .body')
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if size == DESKTOP:
            expect(body).to_have_attribute("data-wider", "false")
            return
        expect(body).to_have_attribute("data-wider", "true")
        body.focus()
        page.keyboard.press("End")
        page.keyboard.press("ArrowRight")
        page.wait_for_function("box => box.scrollLeft > 0", arg=body.element_handle())


def test_feed_that_is_stopped_says_so_and_since_when(
    settings: Settings, console: Served, heard: FeedsProcess, chromium: Browser
) -> None:
    heard.stop()
    assert statuses(settings)["room"].state == "stopped"
    with chromium.page(f"{console.url}/operations?lang=en") as page:
        room = row(page.locator('[data-panel="connections"]'), "room")
        expect(room.locator("td").first).to_have_text(
            re.compile(r"Stopped (just now|\d+ s ago|\d+ min ago)"), timeout=PATIENCE_MS
        )
        expect(room).to_contain_text("3 × Novel")


def test_source_whose_clock_is_off_says_by_how_much(settings: Settings, console: Served, chromium: Browser) -> None:
    """As detection has corrected it: of what feeds wrote, not of how they are run."""
    clocks = (("fast", 4), ("late", -4), ("right", 0))
    with ThreadPoolExecutor(1) as thread:
        thread.submit(detect, settings, *told_until(system_clock(), clocks)).result()
        thread.submit(count, settings, event("like", event_time_ms=system_clock()), log_ms=system_clock()).result()
    with chromium.page(f"{console.url}/operations?lang=en") as page:
        feeds = page.locator('[data-panel="feeds"] tbody tr')
        for source, said in [("fast", "clock 4 mins ahead, corrected"), ("late", "comes up to 5 mins late")]:
            expect(feeds.filter(has_text=source)).to_contain_text(said, timeout=PATIENCE_MS)
        expect(feeds.filter(has_text="right").locator("td").nth(2)).to_have_text("–")


def told_until(now_ms: int, clocks: Sequence[tuple[str, int]]) -> Iterator[ScoredText]:
    """A text a minute of each source, whose clock is so many minutes ahead, in the order in which they arrive."""
    for minute in range(60, 160):
        for number, (source, ahead) in enumerate(clocks):
            log_ms = now_ms + at(minute) - at(160)
            yield text(
                minute, len(clocks) * minute + number, source=source, log_time_ms=log_ms,
                event_time_ms=log_ms + ahead * MINUTE_MS,
            )  # fmt: skip
