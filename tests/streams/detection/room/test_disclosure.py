"""Rooms that sell without saying so: when the alert opens, fires and resolves, and when there is none."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.alerts.alert import Alert
from streams.compliance.disclosure_timers import load_timers
from streams.detection.config import DetectionConfig
from streams.detection.room.disclosure import DisclosureDetector
from streams.detection.room.room import LOG, Room, Rooms
from streams.detection.room_event import RoomEvent
from streams.detection.watermark import SourceProgress
from streams.events.schema import Coordinates
from streams.simulate.alert_comparison import compare_alerts
from streams.simulate.generate import generate
from streams.simulate.scenarios import scenario
from streams.topology import LIVE
from streams.transport.batch import Batch
from tests.builders.records import at, room_batch, room_event
from tests.fakes.detection_worker import Worker

CONFIG = DetectionConfig(timers=load_timers())
SPONSORED = "Quick reminder, this live is sponsored by Velvet"


def session_event(minute: float, kind: str, text: str | None = None, **changes: Any) -> RoomEvent:
    facts: dict[str, Any] = {
        "text": text, "platform": "tiktok", "session_id": "s1", "origin": Coordinates(LIVE, 0, int(minute * 100)),
        "lang": "en" if kind == "speech" else None,
    }  # fmt: skip
    return room_event(minute, kind, **(facts | changes))


def said(minute: float, text: str = "it weighs around two pounds", **changes: Any) -> RoomEvent:
    return session_event(minute, "speech", text, **changes)


def talk(minutes: Iterable[int], **changes: Any) -> list[RoomEvent]:
    """Something innocent every half minute."""
    return [said(minute + half, **changes) for minute in minutes for half in (0.1, 0.6)]


def shown(minute: float, **changes: Any) -> RoomEvent:
    return session_event(minute, "product_shown", product_id="velvet-cream", **changes)


def play(
    *events: RoomEvent, until: float | None = None, config: DetectionConfig = CONFIG, restored: bool = False
) -> list[Alert]:
    """The alerts of disclosure timers over events in the order of time."""
    ordered = sorted(events, key=lambda event: event.event_time_ms)
    return play_in_order(ordered, until=until, config=config, restored=restored)


def play_in_order(
    ordered: Sequence[RoomEvent],
    *,
    until: float | None = None,
    config: DetectionConfig = CONFIG,
    restored: bool = False,
) -> list[Alert]:
    """The same in the order given; `restored` puts the state away and takes it back after every event."""
    room, log, alerts = Room.create(ordered[0], config), SourceProgress(), list[Alert]()
    for event in ordered:
        log.observe(LOG, event.event_time_ms)
        alerts += room.process(event, log)
        if restored:
            room = Rooms(config).restore(room.snapshot())
    if until is not None:
        log.observe(LOG, at(until))
        alerts += room.advance(log)
    return [alert for alert in alerts if alert.kind == "compliance"]


STORY = [
    session_event(0, "session_start", "Friday with Maya"),
    *talk(range(45)),
    *(shown(minute) for minute in (1.2, 11, 22, 33)),
    said(31.2, SPONSORED),
    said(40.2, SPONSORED),
]


def test_room_that_sells_and_does_not_say_so_is_one_alert_until_it_does() -> None:
    opened, fired, resolved = play(*STORY)
    assert [alert.state for alert in (opened, fired, resolved)] == ["pending", "firing", "resolved"]
    assert len({alert.fingerprint for alert in (opened, fired, resolved)}) == 1
    assert opened.started_at == at(1)
    assert at(16.2) <= opened.updated_at < at(17)
    assert at(18) <= (fired.fired_at or 0) < at(19)
    assert at(31.2) <= (resolved.resolved_at or 0) < at(32)


def test_alert_says_what_how_long_how_much_is_allowed_on_what_evidence_and_what_to_do() -> None:
    _, fired, _ = play(*STORY)
    assert (fired.kind, fired.family, fired.severity, fired.room_id, fired.brand_id, fired.platform) == (
        "compliance", "ad_disclosure", "warning", "r1", "acme", "tiktok",
    )  # fmt: skip
    assert fired.runbook == "compliance.md"
    assert "16 CFR 255.5" in fired.summary
    assert "17 minutes" in fired.explanation
    assert "allows 15 minutes" in fired.explanation
    assert 16.5 <= fired.observed["undisclosed_minutes"] <= 17.5
    assert fired.baseline == {"allowed_minutes": 15.0}
    assert [one.text for one in fired.evidence] == ["product shown: velvet-cream"] * 2
    (finding,) = fired.evidence[0].findings
    assert (finding.rule, finding.family, finding.severity) == ("ad_disclosure.live_us", "ad_disclosure", "warning")
    assert finding.article.startswith("16 CFR 255.5")
    assert fired.evidence[0].origin == Coordinates(LIVE, 0, 120)


def test_words_that_sell_are_evidence_with_their_span_and_no_personal_data() -> None:
    words = said(2, "call me at 415-555-0134 or Tap the yellow basket")
    _, fired = play(words, *talk(range(20)))
    (evidence,) = fired.evidence
    (finding,) = evidence.findings
    assert "0134" not in evidence.text
    assert evidence.text[slice(*finding.span)] == finding.matched == "Tap the yellow basket"


def test_disclosure_is_due_again_after_the_interval() -> None:
    alerts = play(*talk(range(60)), *(shown(minute) for minute in (1, 20, 40)), said(5, SPONSORED), said(30, SPONSORED))
    assert [(alert.state, alert.started_at) for alert in alerts] == [
        ("pending", at(5)), ("firing", at(5)), ("resolved", at(5)), ("pending", at(30)), ("firing", at(30)),
    ]  # fmt: skip
    assert len({alert.fingerprint for alert in alerts}) == 2


def test_host_who_says_so_every_ten_minutes_is_let_alone() -> None:
    disclosures = [said(minute, SPONSORED) for minute in range(2, 60, 10)]
    assert play(*talk(range(60)), *disclosures, *(shown(minute) for minute in range(1, 60, 7))) == []


def test_disclosure_that_is_broken_over_two_captions_counts() -> None:
    broken = [said(14.2, "by the way this is a paid"), said(14.25, "partnership with Velvet")]
    assert play(*talk(range(14)), *broken, *talk(range(15, 28)), shown(1)) == []


def test_caption_that_is_not_final_counts_for_nothing() -> None:
    alerts = play(*talk(range(20)), shown(1), said(10, SPONSORED, final=False))
    assert [alert.state for alert in alerts] == ["pending", "firing"]


def test_disclosure_that_arrives_late_spares_the_page() -> None:
    ordered = sorted([*talk(range(25)), shown(1), shown(17)], key=lambda event: event.event_time_ms)
    late = next(number for number, event in enumerate(ordered) if event.event_time_ms >= at(17))
    alerts = play_in_order([*ordered[:late], said(15.5, SPONSORED), *ordered[late:]])
    assert [(alert.state, alert.fired_at) for alert in alerts] == [("pending", None), ("resolved", None)]


def test_feed_that_falls_idle_makes_no_alert_of_its_own() -> None:
    assert play(*talk(range(10)), shown(1), until=300) == []


def test_room_whose_host_is_not_heard_makes_none_though_its_shop_is() -> None:
    assert play(*(shown(minute) for minute in range(1, 90))) == []


def test_room_that_does_not_sell_makes_none() -> None:
    assert play(*talk(range(120))) == []


def test_room_whose_jurisdiction_has_no_timer_makes_none() -> None:
    assert play(*talk(range(40), jurisdiction="GB"), shown(1, jurisdiction="GB")) == []
    assert play(*talk(range(40), lang="id"), shown(1)) == []
    assert play(*talk(range(40), platform="mastodon"), shown(1, platform="mastodon")) == []


def test_language_that_no_feed_names_is_told_by_its_words() -> None:
    indonesian = [said(minute + 0.3, "harga spesial hari ini, beratnya satu kilo", lang=None) for minute in range(40)]
    assert play(*indonesian, shown(1), shown(25)) == []
    english = [said(minute + 0.3, "just look at the colour", lang=None) for minute in range(20)]
    assert [alert.state for alert in play(*english, shown(1))] == ["pending", "firing"]


def test_jurisdiction_that_the_feed_names_is_the_one_that_holds() -> None:
    alerts = play(*talk(range(20), platform="douyin", jurisdiction="US"), shown(1, platform="douyin"))
    assert [alert.state for alert in alerts] == ["pending", "firing"]
    assert alerts[0].evidence[0].findings[0].rule == "ad_disclosure.live_us"


def test_chinese_room_is_told_by_its_platform_and_one_disclosure_is_enough() -> None:
    facts = {"platform": "douyin", "lang": None}
    words = {"text": "这个重量是五百克左右", **facts}
    silent = [session_event(minute, "speech", **words) for minute in range(100)]
    cards = [shown(minute, platform="douyin") for minute in range(1, 100, 20)]
    assert [alert.state for alert in play(*silent, *cards)] == ["pending", "firing"]
    honest = said(20.5, "欢迎来到丝绒官方旗舰店直播间", **facts)
    assert play(*silent, *cards, honest) == []


def test_title_that_discloses_is_enough_in_china_and_not_in_the_united_states() -> None:
    facts = {"platform": "taobao", "lang": None}
    chinese = [session_event(minute, "speech", "面料摸起来偏软", **facts) for minute in range(60)]
    start = session_event(0, "session_start", "【广告】周三专场", platform="taobao")
    assert play(start, *chinese, shown(1, platform="taobao"), shown(30, platform="taobao")) == []
    american = play(session_event(0, "session_start", "#ad Friday with Maya"), *talk(range(20)), shown(1))
    assert [alert.state for alert in american] == ["pending", "firing"]


def test_session_that_its_feed_declares_to_sell_is_one() -> None:
    start = session_event(0, "session_start", "Friday with Maya", commercial=True)
    assert [alert.state for alert in play(start, *talk(range(20)))] == ["pending", "firing"]


def test_end_of_the_session_resolves_and_the_next_begins_anew() -> None:
    next_session = [*talk(range(26, 38), session_id="s2"), shown(27, session_id="s2")]
    alerts = play(*talk(range(25)), shown(1), session_event(25, "session_end"), *next_session)
    assert [alert.state for alert in alerts] == ["pending", "firing", "resolved"]


def test_room_that_stops_selling_is_let_go() -> None:
    alerts = play(*talk(range(45)), shown(1))
    assert [alert.state for alert in alerts] == ["pending", "firing", "resolved"]
    assert at(31) < (alerts[-1].resolved_at or 0) <= at(32)


def test_timer_that_leaves_the_packs_takes_its_alert_with_it() -> None:
    room, log = Room.create(STORY[0], CONFIG), SourceProgress()
    ordered = sorted(STORY, key=lambda event: event.event_time_ms)
    for event in ordered[: len(ordered) // 2]:
        log.observe(LOG, event.event_time_ms)
        room.process(event, log)
    room = Rooms(DetectionConfig()).restore(room.snapshot())
    log.observe(LOG, log.low_ms + 60_000)
    assert [alert.state for alert in room.advance(log)] == ["resolved"]
    assert room.state.disclosures.timers == {}


def test_state_stays_small_and_holds_no_personal_data() -> None:
    room = Room.create(STORY[0], CONFIG)
    detector = DisclosureDetector(room.state, CONFIG)
    for minute in range(600):
        for event in (said(minute, "my number is 415-555-0134"), shown(minute)):
            list(detector.on_event(event, event.event_time_ms))
    assert room.state.disclosures.timers
    assert len(room.snapshot()) < 4_000
    assert b"0134" not in room.snapshot()


def test_same_records_give_the_same_alerts_from_any_snapshot() -> None:
    assert play(*STORY, restored=True) == play(*STORY)


@pytest.mark.parametrize("name", ["undisclosed", "calm"])
async def test_simulated_hosts_are_told_apart(name: str) -> None:
    traffic = generate(scenario(name), at(60))
    worker = Worker(config=CONFIG)
    handler = worker.start()
    await handler.assigned(LIVE, 0)
    records = [record for record in traffic.records if record.topic == LIVE]
    times, values = [record.due_ms for record in records], [record.value for record in records]
    await handler.apply(handler.prepare(Batch(LIVE, 0, range(len(records)), times, values)))
    verdicts = compare_alerts(traffic.truth.alerts, worker.publisher.alerts())
    assert [(verdict.fault, verdict.raised is not None) for verdict in verdicts] == (
        [(None, True)] if name == "undisclosed" else []
    )


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(1, len(STORY) - 1), max_size=8), deaths=st.sets(st.integers(0, 8)))
def test_same_records_give_the_same_alerts_whatever_the_batches_and_restarts(cuts: list[int], deaths: set[int]) -> None:
    assert asyncio.run(handled(cuts, deaths)) == EXPECTED
    assert [alert.state for alert in EXPECTED] == ["pending", "firing", "resolved"]


async def handled(cuts: list[int], deaths: set[int]) -> list[Alert]:
    """The story through the stage in batches that end at the cuts, with a new worker before each one in `deaths`."""
    ordered = sorted(STORY, key=lambda event: event.event_time_ms)
    worker = Worker(config=CONFIG)
    handler = worker.start()
    await handler.assigned(LIVE, 0)
    for number, (start, end) in enumerate(pairwise(sorted({0, *cuts, len(ordered)}))):
        if number in deaths:
            handler = worker.start()
            assert await handler.assigned(LIVE, 0) == start
        await handler.apply(handler.prepare(room_batch(ordered[start:end], start)))
    return [alert for alert in worker.publisher.alerts() if alert.kind == "compliance"]


EXPECTED = asyncio.run(handled([], set()))


def test_law_of_the_brand_holds_where_the_feed_names_none() -> None:
    """A stream on Weibo in English says nothing of its market; its brand's catalogue does."""
    events = [shown(0, platform="other"), *talk(range(30), platform="other")]
    of_brand = DetectionConfig(timers=load_timers(), jurisdictions={events[0].brand_id: "US"})
    elsewhere = DetectionConfig(timers=load_timers(), jurisdictions={events[0].brand_id: "FR"})
    assert play(*events, config=of_brand)
    assert play(*events, config=elsewhere) == []
    assert play(*[msgspec.structs.replace(event, jurisdiction="FR") for event in events], config=of_brand) == []
