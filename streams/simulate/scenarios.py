"""The scenarios that can be asked for by name, and their brands and rooms: made up, all of them."""

from dataclasses import replace

from streams.errors import UsageError
from streams.simulate.scenario import (
    Brand,
    Disorder,
    Incident,
    IncidentKind,
    Product,
    Room,
    Scenario,
    SocialFeed,
    Unkindness,
)

SHANYE = Brand(
    "shanye",
    "山野食记",
    "Shanye Foods",
    "food",
    (
        Product("shanye-noodles", "酸辣粉", "hot and sour noodles", 3_990),
        Product("shanye-jerky", "牛肉干", "beef jerky", 5_900),
        Product("shanye-oats", "烤燕麦", "baked oats", 2_990),
    ),
    (
        SocialFeed("weibo", "weibo-search", "zh", 1.8),
        SocialFeed("xiaohongshu", "xiaohongshu-notes", "zh", 1.2),
    ),
)
LUMO = Brand(
    "lumo",
    "露摩",
    "Lumo",
    "electronics",
    (
        Product("lumo-powerbank", "充电宝", "power bank", 12_900),
        Product("lumo-dryer", "吹风机", "hair dryer", 29_900),
        Product("lumo-lamp", "小夜灯", "night light", 6_900),
    ),
    (
        SocialFeed("weibo", "weibo-search", "zh", 1.5),
        SocialFeed("bilibili", "bilibili-replies", "zh", 1.5),
    ),
)
VELVET = Brand(
    "velvet",
    "丝绒",
    "Velvet",
    "care",
    (
        Product("velvet-cream", "面霜", "face cream", 18_900),
        Product("velvet-mask", "面膜", "sheet mask", 7_900),
        Product("velvet-shampoo", "洗发水", "shampoo", 6_900),
    ),
    (
        SocialFeed("xiaohongshu", "xiaohongshu-notes", "zh", 1.8),
        SocialFeed("youtube", "youtube-comments", "en", 1.2),
    ),
)
NORTHPEAK = Brand(
    "northpeak",
    "北峰",
    "Northpeak",
    "care",
    (
        Product("northpeak-jacket", "冲锋衣", "shell jacket", 69_900),
        Product("northpeak-fleece", "抓绒衣", "fleece", 29_900),
        Product("northpeak-socks", "徒步袜", "hiking socks", 4_900),
    ),
    (
        SocialFeed("weibo", "weibo-search", "zh", 1.5),
        SocialFeed("x", "x-stream", "en", 1.5),
    ),
)
MUMU = Brand(
    "mumu",
    "木木家",
    "Mumu Home",
    "care",
    (
        Product("mumu-bottle", "儿童水杯", "kids' bottle", 8_900),
        Product("mumu-blanket", "小毯子", "baby blanket", 15_900),
    ),
    (
        SocialFeed("xiaohongshu", "xiaohongshu-notes", "zh", 1.8),
        SocialFeed("mastodon", "mastodon-streaming", "en", 0.8),
    ),
)
TIDEWEAR = Brand(
    "tidewear",
    "潮汐",
    "Tidewear",
    "care",
    (
        Product("tidewear-runner", "跑鞋", "running shoes", 45_900),
        Product("tidewear-slides", "拖鞋", "slides", 12_900),
    ),
    (
        SocialFeed("bluesky", "bluesky-jetstream", "en", 2.4),
        SocialFeed("x", "x-stream", "en", 1.2),
    ),
)

BRANDS = (SHANYE, LUMO, VELVET, NORTHPEAK, MUMU, TIDEWEAR)

ROOMS = (
    Room("room-101", "shanye", "douyin", "douyin-live", "zh", "小鹿", audience=110),
    Room("room-102", "shanye", "douyin", "douyin-live", "zh", "老周", audience=55, closes_minute=30),
    Room("room-103", "lumo", "bilibili", "bilibili-live", "zh", "阿泽", audience=60, watch_heartbeats=True),
    Room("room-104", "lumo", "bilibili", "bilibili-live", "zh", "大鹏", audience=40, watch_heartbeats=True),
    Room("room-105", "velvet", "douyin", "douyin-live", "zh", "晴晴", audience=90, captions_per_minute=4),
    Room(
        "room-106",
        "velvet",
        "tiktok",
        "tiktok-live",
        "en",
        "Maya",
        audience=60,
        discloses_minutes=6,
        watch_heartbeats=True,
    ),
    Room("room-107", "northpeak", "kuaishou", "kuaishou-live", "zh", "老周", audience=45),
    Room(
        "room-108",
        "northpeak",
        "tiktok",
        "tiktok-live",
        "en",
        "Leo",
        audience=50,
        discloses_minutes=6,
        watch_heartbeats=True,
    ),
    Room("room-109", "mumu", "taobao", "taobao-live", "zh", "苗苗", audience=100),
    Room("room-110", "mumu", "taobao", "taobao-live", "zh", "小鹿", audience=40, opens_minute=6),
    Room(
        "room-113",
        "tidewear",
        "tiktok",
        "tiktok-live",
        "en",
        "Jess",
        audience=80,
        discloses_minutes=6,
        watch_heartbeats=True,
    ),
    Room(
        "room-120", "tidewear", "tiktok", "tiktok-live", "en", "Tom", audience=35, discloses_minutes=6, stay_seconds=120
    ),
)

FALSE_CLAIMS = ("absolute_claim", "medical_claim", "off_platform_diversion", "privacy_leak")

INCIDENTS = (
    Incident("crisis", "shanye", onset_minute=13, minutes=8, texts_per_minute=70),
    Incident("false_advertising", "velvet", 14, 7, room_id="room-105", families=FALSE_CLAIMS),
    Incident("silent_feed", "tidewear", 13, 20, source="bluesky-jetstream"),
    Incident("coordinated", "lumo", 15, 6, texts_per_minute=60),
    Incident("praise", "northpeak", 16, 6, texts_per_minute=60),
    Incident("room_collapse", "mumu", 17, 9, room_id="room-109"),
    Incident("fake_traffic", "tidewear", 15, 7, room_id="room-113"),
    Incident("undisclosed", "northpeak", 13, 20, room_id="room-108"),
)

DEMO = Scenario(
    "demo",
    40,
    BRANDS,
    ROOMS,
    INCIDENTS,
    Disorder(absurd_numbers=True),
    Unkindness(
        platform_messages=frozenset({"room-102", "room-104", "room-106"}),
        clocks_off_seconds={"room-104": -90, "youtube-comments": -40},
        polled_minutes={"xiaohongshu-notes": 4},
        silent_ends=frozenset({"room-102"}),
        masked_users=0.3,
        sampled=0.2,
        reordered_seconds=8,
        strange_languages=0.03,
    ),
)
"""Forty minutes, the first twelve of them calm; then everything, and time to recover.

Three of its rooms speak in their platforms' own messages, and its feeds are as unkind as its truth can carry; `UNKIND`
has the rest."""

CALM = Scenario("calm", 40, BRANDS, ROOMS, disorder=Disorder(malformed_rounds=0, huge_records=False))
"""An ordinary hour on a sound line: nothing may fire."""

COUNTERS = Scenario(
    "counters",
    30,
    BRANDS,
    tuple(replace(room, opens_minute=0, closes_minute=None) for room in ROOMS),
    disorder=Disorder(duplicates=0.05, mirrors=0.2, retractions=0.1, late=100, malformed_rounds=2, huge_records=False),
)
"""Many events in much disorder and few texts: for the proof that counters are exact."""

MALFORMED = replace(CALM, name="malformed", disorder=Disorder(malformed_rounds=25))
"""Every kind of unreadable record, again and again, the huge ones too; all else must be unharmed."""

DUPLICATES = replace(CALM, name="duplicates", disorder=replace(CALM.disorder, duplicates=0.3, mirrors=0.5))
LATE = replace(CALM, name="late-events", disorder=replace(CALM.disorder, late=600))

YESTERDAY = -1_470
"""A stream that opens in this minute and lasts less than half an hour is over 24 hours before the scenario's end."""

UNKIND = Scenario(
    "unkind",
    40,
    (SHANYE, LUMO, VELVET, NORTHPEAK),
    (
        Room("room-201", "shanye", "douyin", "douyin-live", "zh", "小鹿", audience=90),
        Room("room-203", "lumo", "bilibili", "bilibili-live", "zh", "阿泽", audience=60, closes_minute=13),
        Room("room-203", "lumo", "bilibili", "bilibili-live", "zh", "阿泽", audience=60, opens_minute=20),
        Room("room-206", "velvet", "tiktok", "tiktok-live", "en", "Maya", audience=70, discloses_minutes=6),
        Room("room-208", "northpeak", "tiktok", "tiktok-live", "en", "Leo", 60, closes_minute=16, discloses_minutes=6),
        Room("room-207", "velvet", "kuaishou", "kuaishou-live", "zh", "晴晴", 40, YESTERDAY, YESTERDAY + 25),
        Room("room-207", "velvet", "kuaishou", "kuaishou-live", "zh", "晴晴", 40, opens_minute=4),
    ),
    (
        Incident("crisis", "shanye", onset_minute=15, minutes=8, texts_per_minute=70),
        Incident("false_advertising", "velvet", 16, 7, room_id="room-206", families=FALSE_CLAIMS),
    ),
    Disorder(duplicates=0.03, mirrors=0, retractions=0.03, huge_records=False, absurd_numbers=True),
    Unkindness(
        platform_messages=frozenset({"room-201", "room-203", "room-206", "room-208"}),
        clocks_off_seconds={"room-201": -150, "room-208": 75, "xiaohongshu-notes": -40},
        polled_minutes={"weibo-search": 5},
        silent_ends=frozenset({"room-207", "room-208"}),
        masked_users=0.5,
        sampled=0.3,
        reordered_seconds=12,
        deleted_accounts=6,
        strange_languages=0.05,
    ),
)
"""Real platforms, clocks and collectors: what they do not tell is in its truth, as what cannot be known."""

_MIXES = {
    DEMO: "twelve calm minutes, then every incident at once, and time to recover",
    CALM: "an ordinary evening: nothing may fire",
    COUNTERS: "few texts, much disorder: duplicates, mirrors, retractions, late and malformed records",
    MALFORMED: "an ordinary evening among records that cannot be read",
    DUPLICATES: "three in ten events come twice, half of the mirrored comments from another room",
    UNKIND: "rooms in their platforms' own messages, clocks that are off, a polled feed, hidden users, ends never said",
    LATE: "hundreds of events that come too late for every window",
}
_INCIDENTS: dict[IncidentKind, str] = {
    "crisis": "a food scare about a brand",
    "praise": "a burst of goodwill, which pages nobody",
    "coordinated": "an attack by a handful of accounts",
    "false_advertising": "a host's false claims, a diversion and a phone number read aloud",
    "room_collapse": "a room that loses its audience",
    "silent_feed": "a feed that goes silent",
    "fake_traffic": "a room with bought enters, likes and comments",
    "undisclosed": "a host who sells and stops saying that it is an advertisement",
}
_BY_NAME = {scenario.name: scenario for scenario in _MIXES}
_SINGLE = {incident.kind.replace("_", "-"): incident for incident in INCIDENTS}


def names() -> dict[str, str]:
    """The names that `scenario` knows with what happens in each: whole mixes, and each incident alone."""
    mixes = {scenario.name: summary for scenario, summary in _MIXES.items()}
    return mixes | {name: _INCIDENTS[incident.kind] for name, incident in _SINGLE.items()}


def scenario(name: str, seed: int = 7) -> Scenario:
    """A scenario by name. Raises UsageError, which lists the names."""
    if name in _BY_NAME:
        return replace(_BY_NAME[name], seed=seed)
    if name in _SINGLE:
        return replace(CALM, name=name, incidents=(_SINGLE[name],), seed=seed)
    raise UsageError(f"no scenario {name!r}; there are {', '.join(names())}")
