"""The metric families of a reading, as Prometheus reads them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from dashboards.exporter.collector import (
    OTHER,
    PLATFORMS,
    ROOM_AUDIENCES,
    ROOM_COUNTERS,
    FigureCollector,
    SeriesLimits,
    families,
)
from dashboards.lag import Lag
from dashboards.snapshot import RoomFigures, Snapshot, TextCount
from streams import metrics
from streams.alerts.alert import SEVERITIES, Alert
from streams.alerts.kinds import KINDS
from streams.catalogue.facts import NO_CATALOGUE, BrandFacts
from streams.detection.room.fake_traffic import FIGURES
from streams.engagement.dictionary import AudienceMetric
from streams.settings import Settings
from tests.builders.alerts import NOON_MS, an_alert

Labels = dict[str, str]
UNLIMITED = SeriesLimits()


def non_zero(samples: list[tuple[Labels, float]]) -> list[tuple[Labels, float]]:
    return [(labels, value) for labels, value in samples if value]


def scraped(
    snapshot: Snapshot, limits: SeriesLimits = UNLIMITED, facts: BrandFacts = NO_CATALOGUE
) -> dict[str, list[tuple[Labels, float]]]:
    """Samples by metric name, through the exposition format and back."""
    registry = CollectorRegistry()
    registry.register(FigureCollector(lambda: snapshot, limits, facts))
    page = generate_latest(registry).decode()
    found: dict[str, list[tuple[Labels, float]]] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def up(rooms: Sequence[RoomFigures] = (), texts: Sequence[TextCount] = ()) -> Snapshot:
    return Snapshot(NOON_MS, redis_up=True, kafka_up=True, rooms=rooms, texts=texts)


def test_firing_alert_has_a_series_and_others_none() -> None:
    active = [an_alert("f1", room_id="r-1"), an_alert("f2", "pending")]
    assert scraped(replace(up(), active=active))[metrics.ALERT_FIRING] == [
        ({"kind": "crisis", "severity": "critical", "brand": "b-1", "room": "r-1", "platform": "", "family": "",
          "fingerprint": "f1", "runbook": "crisis.md", "first_severity": "critical"}, 1.0),
    ]  # fmt: skip


def test_small_rooms_are_added_up() -> None:
    rooms = [RoomFigures(f"r-{number}", {"likes": number}, number) for number in (9, 8, 2, 1)]
    found = scraped(up(rooms), SeriesLimits(rooms=2))
    assert found[metrics.ROOM_VIEWERS] == [({"room": "r-9"}, 9), ({"room": "r-8"}, 8), ({"room": OTHER}, 3)]
    likes = {labels["room"]: value for labels, value in found[metrics.ROOM_EVENTS] if labels["counter"] == "likes"}
    assert likes == {"r-9": 9, "r-8": 8, OTHER: 3}


def test_room_without_viewers_told_has_no_viewers_series() -> None:
    found = scraped(up([RoomFigures("r-1", {"likes": 1})]))
    assert metrics.ROOM_VIEWERS not in found
    assert found[metrics.ROOM_EVENTS]


def test_fake_traffic_stands_beside_the_rooms_figures() -> None:
    rooms = [RoomFigures("r-1", {"likes": 900}, 9, {"likes": 0.75, "enters": 0.0}), RoomFigures("r-2", {"likes": 1})]
    assert scraped(up(rooms))[metrics.ROOM_FAKE_SHARE] == [
        ({"room": "r-1", "counter": "enters"}, 0.0),
        ({"room": "r-1", "counter": "likes"}, 0.75),
    ]


def test_room_has_the_people_that_its_conversion_is_made_of() -> None:
    people: dict[AudienceMetric, int] = {"viewers": 900, "clickers": 40, "payers": 10}
    rooms = [RoomFigures("r-1", {"likes": 9}, people=people), RoomFigures("r-2", {"likes": 1})]
    assert scraped(up(rooms))[metrics.ROOM_PEOPLE] == [
        ({"room": "r-1", "audience": "clickers"}, 40), ({"room": "r-1", "audience": "payers"}, 10),
    ]  # fmt: skip


def test_paid_money_is_in_major_units_of_the_brands_currency_and_brands_have_names(tmp_path: Path) -> None:
    path = tmp_path / "brands.yaml"
    path.write_text(
        """brands:
  - {id: velvet, names: [x], display_name: '丝绒 "\\n{}', currency: CNY}
  - {id: kiku, names: [y], currency: JPY}
"""
    )
    facts = BrandFacts.of(Settings(brands=path))
    rooms = [
        RoomFigures(f"r-{number}", {"paid_value": 1_250}, 9 - number, brand_id=brand)
        for number, brand in enumerate(("velvet", "kiku", "nobody", "kiku", "", "velvet"))
    ]
    texts = [TextCount("velvet", "weibo", 9), TextCount("kiku", "weibo", 8)]
    found = scraped(up(rooms, texts), SeriesLimits(rooms=3), facts)
    assert found[metrics.ROOM_PAID] == [
        ({"room": "r-0", "brand": "velvet", "currency": "CNY"}, 12.5),
        ({"room": "r-1", "brand": "kiku", "currency": "JPY"}, 1_250),
        ({"room": "r-2", "brand": "nobody", "currency": ""}, 12.5),
        ({"room": OTHER, "brand": "", "currency": ""}, 12.5),
        ({"room": OTHER, "brand": "", "currency": "CNY"}, 12.5),
        ({"room": OTHER, "brand": "", "currency": "JPY"}, 1_250),
    ]
    assert [labels for labels, _ in found[metrics.BRAND_INFO]] == [
        {"brand": "kiku", "name": "kiku"}, {"brand": "velvet", "name": '丝绒 "\\n{}'},
    ]  # fmt: skip


def test_small_brands_are_added_up_by_platform() -> None:
    texts = [
        TextCount("big", "weibo", 9, {"negative": 9}, {"abuse": 2}),
        TextCount("small", "weibo", 2, {"negative": 2}),
        TextCount("tiny", "weibo", 1, {"positive": 1}),
    ]
    found = scraped(up(texts=texts), SeriesLimits(brands=1))
    assert non_zero(found[metrics.BRAND_TEXTS]) == [
        ({"brand": "big", "platform": "weibo", "sentiment": "negative"}, 9),
        ({"brand": OTHER, "platform": "weibo", "sentiment": "negative"}, 2),
        ({"brand": OTHER, "platform": "weibo", "sentiment": "positive"}, 1),
    ]
    assert non_zero(found[metrics.BRAND_RISKS]) == [({"brand": "big", "platform": "weibo", "risk": "abuse"}, 2)]


def test_alerts_beyond_the_cap_still_page_as_one_of_their_kind() -> None:
    info = [an_alert(f"i{number}", severity="info") for number in range(3)]
    critical = [an_alert(f"c{number}") for number in range(2)]
    found = scraped(replace(up(), active=[*info, *critical]), SeriesLimits(alerts=3))
    shown = [(labels["severity"], labels["fingerprint"], labels["brand"]) for labels, _ in found[metrics.ALERT_FIRING]]
    assert sorted(shown) == [
        ("critical", "c0", "b-1"), ("critical", "c1", "b-1"), ("info", "i0", "b-1"), ("info", OTHER, OTHER),
    ]  # fmt: skip
    assert non_zero(found[metrics.ALERTS]) == [
        ({"kind": "crisis", "severity": "info"}, 3), ({"kind": "crisis", "severity": "critical"}, 2),
    ]  # fmt: skip


names = st.text(min_size=1, max_size=4)
rooms = st.builds(
    RoomFigures, names, st.dictionaries(st.sampled_from(ROOM_COUNTERS), st.integers(0, 9)), st.none() | st.integers(0)
)
texts = st.builds(
    TextCount,
    names,
    names,
    st.integers(0, 9),
    st.dictionaries(names, st.integers(0)),
    st.dictionaries(names, st.integers(0)),
)
fired = st.builds(
    an_alert, names, st.just("firing"), st.sampled_from(SEVERITIES), names, st.none() | names
)  # fmt: skip
"""What a stranger may name is anything; what our own code names (counters, states, severities) is not."""


@given(
    st.lists(rooms, max_size=30, unique_by=lambda room: room.room_id),
    st.lists(texts, max_size=30, unique_by=lambda count: (count.brand_id, count.platform)),
    st.lists(fired, max_size=30, unique_by=lambda alert: alert.fingerprint),
    st.builds(SeriesLimits, st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)),
)
def test_no_input_makes_more_series_than_the_limits_allow(
    rooms: list[RoomFigures], texts: list[TextCount], alerts: list[Alert], limits: SeriesLimits
) -> None:
    lags = [Lag("scoring", "live.events", 0, 1)]
    snapshot = replace(up(rooms, texts), active=alerts, lags=lags, newest_event_ms={"live.events": 1})
    found = list(families(snapshot, limits))
    series = [(family.name, *sorted(sample.labels.items())) for family in found for sample in family.samples]
    assert len(series) == len(set(series)) <= limits.most_series(partitions=1, topics=1)
    closed: dict[str, set[str]] = {"platform": {*PLATFORMS, ""}, "severity": set(SEVERITIES), "kind": set(KINDS)}
    for family in found:
        for sample in family.samples:
            assert all(value in closed.get(name, {value}) for name, value in sample.labels.items())


def test_cap_is_reached_by_ten_thousand_rooms_brands_and_alerts() -> None:
    limits, many = SeriesLimits(rooms=20, brands=20, alerts=20), range(10_000)
    snapshot = replace(
        up(
            [
                RoomFigures(
                    f"r-{number}", {"likes": 1}, 1, dict.fromkeys(FIGURES, 0.1), dict.fromkeys(ROOM_AUDIENCES, 2)
                )
                for number in many
            ],
            [TextCount(f"b-{number}", "weibo", 1, {"neutral": 1}) for number in many],
        ),
        active=[an_alert(f"f-{number}") for number in many],
    )
    count = sum(len(family.samples) for family in families(snapshot, limits))
    assert count == 2 + 21 * 14 + 20 * 3 + 20 * 2 + 21 * 14 + 21 + 3 * len(KINDS) + 21 + 21
    assert count <= limits.most_series(partitions=0, topics=0)


def test_room_or_brand_called_other_makes_no_second_series() -> None:
    rooms = [RoomFigures(OTHER, {"likes": 5}, 50), RoomFigures("r-1", {"likes": 3}), RoomFigures("r-2", {"likes": 1})]
    texts = [TextCount(OTHER, "x", 9, {"neutral": 9}), TextCount("b", "x", 1, {"neutral": 1})]
    found = scraped(up(rooms, texts), SeriesLimits(rooms=1, brands=1))
    for name in (metrics.ROOM_EVENTS, metrics.BRAND_TEXTS, metrics.ROOM_VIEWERS):
        series = [tuple(sorted(labels.items())) for labels, _ in found[name]]
        assert len(series) == len(set(series))
    assert ({"room": OTHER, "counter": "likes"}, 6.0) in found[metrics.ROOM_EVENTS]


def test_lag_and_newest_event_have_their_labels_and_units() -> None:
    found = scraped(replace(up(), lags=[Lag("scoring", "live.events", 3, 42)], newest_event_ms={"live.events": 1_500}))
    assert found[metrics.CONSUMER_LAG] == [({"stage": "scoring", "topic": "live.events", "partition": "3"}, 42)]
    assert found[metrics.FEED_LAST_EVENT] == [({"topic": "live.events"}, 1.5)]


def test_without_redis_only_its_absence_is_told() -> None:
    assert scraped(Snapshot(NOON_MS, redis_up=False, kafka_up=True)) == {
        metrics.EXPORTER_REDIS_UP: [({}, 0.0)],
        metrics.EXPORTER_KAFKA_UP: [({}, 1.0)],
    }


def test_hostile_names_stay_inside_their_label() -> None:
    hostile = 'x"} 1\npulsewatch_alert_firing{kind="crisis'
    found = scraped(up([RoomFigures(hostile, {"likes": 1}, 1)]))
    assert metrics.ALERT_FIRING not in found
    assert found[metrics.ROOM_VIEWERS] == [({"room": hostile}, 1)]
