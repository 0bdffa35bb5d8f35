"""Which records are one event, and what rooms of one id are called."""

from typing import Any

import pytest

from streams.events.identity import event_identity, parted, qualified, retracted_identity
from tests.builders.events import event

Given = tuple[str, str, Any]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("0", "feed-a", "douyin"), ("0", "feed-b", "douyin")),
        (("feed-a:0", "feed-a", "douyin"), ("feed-a:0", "feed-b", "douyin")),
        (("douyin-live:7", "a", "douyin"), ("tiktok-live:7", "a", "tiktok")),
        (("douyin-live-a:7", "x", "douyin"), ("douyin-live-b:7", "x", "douyin")),
        (("douyin-live-a7", "douyin-live-a", "douyin"), ("douyin-live-b7", "douyin-live-b", "douyin")),
        (("douyin-lively:7", "douyin-lively", "douyin"), ("douyin-live:7", "douyin-live", "douyin")),
    ],
)  # fmt: skip
def test_ids_of_two_sources_or_platforms_are_two_events(one: Given, other: Given) -> None:
    assert event_identity(*one) != event_identity(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("douyin-live-a:70010", "douyin-live-a", "douyin"), ("douyin-live-b:70010", "douyin-live-b", "douyin")),
        (("bilibili-live:b2", "bilibili-live", "bilibili"), ("bilibili-live:b2", "second-camera", "bilibili")),
        (("tiktok-live-eu:9", "tiktok-live-eu", "tiktok"), ("tiktok-live:9", "tiktok-live", "tiktok")),
    ],
)  # fmt: skip
def test_ids_that_the_platform_gave_are_one_event_for_all_collectors(one: Given, other: Given) -> None:
    assert event_identity(*one) == event_identity(*other)


def test_retraction_names_an_event_of_its_source_or_of_the_platform() -> None:
    own = event("retraction", event_id="r1", source="shop", retracts="7")
    assert retracted_identity(own) == event_identity("7", "shop", "douyin")
    others = event("retraction", event_id="r2", source="moderators", retracts="douyin-live:7")
    assert retracted_identity(others) == event_identity("douyin-live:7", "douyin-live", "douyin")
    assert retracted_identity(event("comment")) is None


def test_name_with_a_platform_is_told_from_an_id_with_a_sign() -> None:
    assert parted(qualified("room-1", "tiktok")) == ("room-1", "tiktok")
    assert parted("room-1") == ("room-1", None)
    assert parted("a@b") == ("a@b", None)
    assert parted("@tiktok") == ("@tiktok", None)
