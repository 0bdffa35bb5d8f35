"""A campaign's minutes, kept beyond the counters that they were; on a real Redis. Minutes are counted from TEN."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import redis as sync_redis

from dashboards.console.pages.campaign import campaign_page, listed
from dashboards.console.report import cell, html, table
from dashboards.console.sources import PageSources
from dashboards.console.topic_follower import TopicFollower
from dashboards.readers import Readers
from deploy.local.redis import LocalRedis
from streams.clock import MINUTE_MS
from streams.control.campaigns import Campaign, CampaignRequest, CampaignScope, campaign_from
from streams.detection.room_event import Account
from streams.errors import UsageError
from streams.events.schema import Actor, Coordinates
from streams.kafka.connection import KafkaConnection
from streams.settings import Settings
from streams.topology import LIVE
from tests.builders.events import TEN_MS, event
from tests.builders.records import room_event, speech, text
from tests.builders.stored import count, detect, detect_in_rooms

TEN = TEN_MS // MINUTE_MS


def campaign(**changes: Any) -> Campaign:
    """Ten minutes in room r1: 9:50 to 10:00 before, 10:00 to 10:10 during, 10:10 to 10:20 after."""
    facts: dict[str, Any] = {
        "campaign_id": "c1", "name": "spring", "scope": "room", "scope_id": "r1", "brand_id": "b1",
        "starts_ms": TEN_MS, "ends_ms": TEN_MS + 10 * MINUTE_MS, "tags": ["sale"], "author": "alice", "created_ms": 0,
    }  # fmt: skip
    return Campaign(**(facts | changes))


@pytest.fixture
def settings(redis_server: LocalRedis, namespace: str) -> Settings:
    return Settings(redis=redis_server.url, namespace=namespace)


@pytest.fixture
def readers(settings: Settings) -> Iterator[Readers]:
    with Readers(settings) as opened:
        yield opened


def sell(settings: Settings, *at: float) -> None:
    """A purchase by one person each."""
    bought: tuple[tuple[str, dict[str, int]], ...] = (
        ("enter", {}), ("product_shown", {}), ("product_click", {}), ("payment", {"amount": 500}),
    )  # fmt: skip
    events = [
        event(kind, minute, f"p{number}", product_id="x", **facts)
        for number, minute in enumerate(at)
        for kind, facts in bought
    ]
    count(settings, *events, log_ms=TEN_MS + 30 * MINUTE_MS)


def test_parts_lie_around_the_campaign() -> None:
    assert [campaign().minutes(part) for part in ("before", "during", "after")] == [
        range(TEN - 10, TEN), range(TEN, TEN + 10), range(TEN + 10, TEN + 20),
    ]  # fmt: skip


def test_during_stands_against_before(settings: Settings, readers: Readers) -> None:
    sell(settings, -5, 1, 2, 3)
    readers.campaigns.save(campaign())
    readers.recorder.sweep(TEN_MS + 4 * MINUTE_MS)
    parts = campaign_page(readers, "c1", ()).parts
    assert [parts[part].figures.paid_gmv for part in ("before", "during", "after")] == [500, 1500, 0]
    assert [parts[part].figures.funnel["payers"] for part in ("before", "during")] == [1, 3]
    assert [parts[part].kept for part in ("before", "during")] == [10, 5]
    assert parts["after"].figures.gpm_pv is None


def test_campaign_minutes_outlive_the_counters_and_copying_again_changes_nothing(
    settings: Settings, readers: Readers, redis_server: LocalRedis
) -> None:
    sell(settings, -5, 1, 2)
    readers.campaigns.save(campaign())
    readers.recorder.sweep(TEN_MS + 4 * MINUTE_MS)
    kept = campaign_page(readers, "c1", ()).parts
    readers.recorder.sweep(TEN_MS + 4 * MINUTE_MS)
    assert campaign_page(readers, "c1", ()).parts == kept
    with sync_redis.Redis.from_url(redis_server.url) as client:
        client.delete(*client.keys(f"{settings.namespace}:engagement:*minute*"))
    found = campaign_page(readers, "c1", ()).parts
    assert [found[part].figures.funnel for part in found] == [kept[part].figures.funnel for part in kept]
    assert found["before"].sums == kept["before"].sums


def test_campaign_counts_minutes_that_were_not_kept(settings: Settings, readers: Readers) -> None:
    sell(settings, 8)
    readers.campaigns.save(campaign())
    page = campaign_page(readers, "c1", ())
    assert (page.parts["during"].kept, page.parts["during"].passed) == (3, 9)
    assert "During: Minutes of this part were not kept, its figures are incomplete: 6 / 9" in html(readers, "c1")


def test_mood_is_joined_with_conversion(settings: Settings, readers: Readers) -> None:
    sell(settings, 1, 2)
    said = [("negative", 1, 1), ("positive", 2, 1), ("positive", 3, 2)]
    detect(settings, *(
        text(0, number, mood=mood, brand_id="b1", room_id="r1", event_time_ms=TEN_MS + minute * MINUTE_MS,
             log_time_ms=TEN_MS + minute * MINUTE_MS, origin=Coordinates(LIVE, 0, number))
        for mood, number, minute in said
    ))  # fmt: skip
    readers.campaigns.save(campaign())
    readers.recorder.sweep(TEN_MS + 2 * MINUTE_MS)
    joined = campaign_page(readers, "c1", ()).joined
    assert joined is not None
    assert (joined.negative_share[10:13], joined.payments[10:13]) == ([None, 0.5, 0.0], [0, 1, 1])


def test_campaign_lists_always_checked_rules_without_findings(settings: Settings, readers: Readers) -> None:
    sell(settings, 1)
    at = TEN_MS + MINUTE_MS
    detect(settings, speech(0, 1, "prize_draw", brand_id="b1", room_id="r1", event_time_ms=at, log_time_ms=at))
    readers.campaigns.save(campaign())
    rules = {rule.family: len(rule.alerts) for rule in campaign_page(readers, "c1", ()).rules}
    assert rules == {"prize_draw": 1, "ad_disclosure": 0}


@pytest.mark.parametrize("scope", ["room", "brand"])
def test_campaign_says_where_a_platform_hid_names(settings: Settings, readers: Readers, scope: CampaignScope) -> None:
    sell(settings, 1)
    at = TEN_MS + MINUTE_MS
    readers.campaigns.save(campaign(scope=scope, scope_id="r1" if scope == "room" else "b1"))
    readers.recorder.sweep(at)
    assert not any(part.names_hidden for part in campaign_page(readers, "c1", ()).parts.values())
    hidden = "The platform hides some people’s names"
    assert hidden not in html(readers, "c1")
    detect(settings, text(0, 1, brand_id="b1", event_time_ms=at, log_time_ms=at, actor=Actor("m1", masked=True)))
    detect_in_rooms(settings, room_event(0, "enter", brand_id="b1", event_time_ms=at, actor=Account("m1", masked=True)))
    readers.recorder.sweep(at)
    assert campaign_page(readers, "c1", ()).parts["during"].names_hidden
    assert hidden in html(readers, "c1")


def test_report_escapes_what_people_wrote(settings: Settings, readers: Readers) -> None:
    sell(settings, 1)
    readers.campaigns.save(campaign(name="<script>alert(1)</script>{{7*7}}", tags=["<b>"]))
    page = html(readers, "c1")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in page
    assert "<script" not in page
    assert "<b>" not in page


def test_table_has_every_kept_minute(settings: Settings, readers: Readers) -> None:
    sell(settings, 1)
    readers.campaigns.save(campaign())
    readers.recorder.sweep(TEN_MS + 2 * MINUTE_MS)
    head, *rows = table(readers, "c1").splitlines()
    assert head.startswith("minute,part,viewers,exposures,views")
    assert [row.split(",")[1] for row in rows] == ["before"] * 10 + ["during"] * 3


def test_formula_in_a_table_is_text() -> None:
    assert (cell("=1+1"), cell("@x"), cell("plain")) == ("'=1+1", "'@x", "plain")


def test_campaigns_are_listed_with_their_status(settings: Settings, readers: Readers) -> None:
    sell(settings, 5)
    spans = {"c1": (0, 10), "c2": (10, 20), "c3": (-20, -10)}
    for name, (start, end) in spans.items():
        readers.campaigns.save(
            campaign(campaign_id=name, starts_ms=TEN_MS + start * MINUTE_MS, ends_ms=TEN_MS + end * MINUTE_MS)
        )
    lines = listed(PageSources(readers, TopicFollower(KafkaConnection.of(settings)))).campaigns
    assert [(line.campaign.campaign_id, line.status) for line in lines] == [
        ("c2", "planned"), ("c1", "running"), ("c3", "over"),
    ]  # fmt: skip


def test_campaign_that_is_removed_leaves_nothing(
    settings: Settings, readers: Readers, redis_server: LocalRedis
) -> None:
    sell(settings, 1)
    readers.campaigns.save(campaign())
    readers.recorder.sweep(TEN_MS + MINUTE_MS)
    readers.campaigns.remove("c1")
    assert campaign_page(readers, "c1", ()).head is None
    with sync_redis.Redis.from_url(redis_server.url) as client:
        assert client.keys(f"{settings.namespace}:campaign*") == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": " "}, "a name"),
        ({"scope_id": ""}, "name the room"),
        ({"brand_id": ""}, "name the brand"),
        ({"ends_ms": TEN_MS}, "ends after it starts"),
        ({"ends_ms": TEN_MS + 40 * 86_400_000}, "31 days"),
    ],
)
def test_impossible_campaign_is_refused(changes: dict[str, Any], told: str) -> None:
    draft = CampaignRequest("spring", "room", "r1", TEN_MS, TEN_MS + MINUTE_MS, "b1")
    with pytest.raises(UsageError, match=told):
        campaign_from(msgspec.structs.replace(draft, **changes), "alice", 0)
