"""Each receiver's whole body, word for word, as a person on call would get it.

`python -m tests.streams.notification.test_golden` writes tests/data/messages anew: read what changed.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from streams.notification.formats import FORMATS, Address, ReceiverKind, RenderInput
from streams.notification.message import Links, compose
from streams.notification.sentences import KnownAlert, Reader
from streams.notification.words import Language
from tests.builders.episodes import MINUTE_MS, NOW_MS, ONSET_MS, breach, crisis, known, of_room
from tests.builders.notifications import notice, notification

FOLDER = Path(__file__).parents[2] / "data" / "messages"
LINKS = Links("http://console", "http://git/runbooks")
ADDRESS = Address("http://robot/send", "s3cret")
ZONES: Mapping[str, str] = {"en": "UTC", "zh-CN": "Asia/Shanghai", "zh-TW": "Asia/Taipei", "zh-HK": "Asia/Hong_Kong"}
NAMES: Mapping[str, str] = {"acme": "Acme & Söhne <旗舰店> [官方](1) @all"}
"""How the catalogue calls brands; it knows nothing of 山野."""
FORMAT_LANGUAGES: list[tuple[ReceiverKind, Language]] = [
    ("webhook", "en"), ("slack", "en"), ("pagerduty", "en"), ("feishu", "zh-CN"), ("dingtalk", "zh-TW"),
    ("wecom", "zh-HK"), ("slack", "zh-CN"), ("pagerduty", "zh-CN"),
]  # fmt: skip


def stories() -> dict[str, tuple[dict[str, Any], dict[str, KnownAlert]]]:
    """What Alertmanager sends, and what Redis knows of it."""
    room = {"brand": "acme", "room": "room-105", "platform": "douyin"}
    over = crisis(state="resolved", resolved_at=ONSET_MS + 40 * MINUTE_MS)
    return {
        "grown": (
            {"alerts": [notice(severity="warning", status="resolved", brand="山野"), notice(brand="山野")]},
            known(crisis(), "acknowledged"),
        ),
        "resolved": ({"alerts": [notice(brand="山野", status="resolved")], "status": "resolved"}, known(over)),
        "room": (
            {
                "alerts": [
                    notice("f2", severity="warning", alertname="Compliance", kind="compliance", **room),
                    notice("f3", severity="warning", alertname="RoomCollapse", kind="room_collapse", **room),
                ]
            },
            known(breach()) | known(of_room("room_collapse", fingerprint="f3")),
        ),
        # What a desk is told of a minute in which a room went wrong in four ways.
        "minute": (
            {
                "alerts": [
                    notice("f4", severity="warning", alertname="FakeTraffic", kind="fake_traffic", **room),
                    notice("f2", severity="warning", alertname="Compliance", kind="compliance", **room),
                    notice("f5", severity="critical", alertname="Compliance", kind="compliance", **room),
                    notice("f3", severity="warning", alertname="RoomCollapse", kind="room_collapse", **room),
                ]
            },
            known(breach())
            | known(of_room("room_collapse", fingerprint="f3"))
            | known(of_room("fake_traffic", fingerprint="f4"))
            | known(breach(fingerprint="f5", family="absolute_claim", severity="critical", first_severity="critical")),
        ),
    }


def bodies(story: str, kind: ReceiverKind, language: Language) -> list[Any]:
    given, records = stories()[story]
    told = notification(*given["alerts"], status=given.get("status", "firing"))
    reader = Reader(language, ZoneInfo(ZONES[language]), NOW_MS, lambda brand: NAMES.get(brand, brand))
    message = compose(told, LINKS, reader, records)
    assert message is not None
    return [post.body for post in FORMATS[kind].write(RenderInput(told, message, ADDRESS, NOW_MS))]


def golden(story: str, kind: ReceiverKind, language: Language) -> Path:
    return FOLDER / f"{story}.{kind}.{language}.json"


@pytest.mark.parametrize("story", stories())
@pytest.mark.parametrize(("kind", "language"), FORMAT_LANGUAGES)
def test_body_is_word_for_word_as_agreed(story: str, kind: ReceiverKind, language: Language) -> None:
    assert bodies(story, kind, language) == json.loads(golden(story, kind, language).read_text())


def test_episode_has_one_key_in_pagerduty_whatever_its_severity() -> None:
    keys = {event["dedup_key"] for story in ("grown", "resolved") for event in bodies(story, "pagerduty", "en")}
    assert keys == {"f1"}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for story in stories():
        for kind, language in FORMAT_LANGUAGES:
            text = json.dumps(bodies(story, kind, language), ensure_ascii=False, indent=1)
            golden(story, kind, language).write_text(text + "\n")
