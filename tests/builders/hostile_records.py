"""Records as a hostile or broken feed brings them, valid ones of odd contents, nearly valid ones and bytes of any kind;
and the honest ones around them."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import msgspec
from hypothesis import strategies as st

from streams.clock import DAY_MS, HOUR_MS, MINUTE_MS
from streams.events.schema import Actor, Event, Kind, Platform, ScoredText, ValueMode

NOW_MS = 1_795_000_000_000
HONEST = "honest"
"""The brand, and the room, of those who do no harm."""

NUMBERS: Sequence[Any] = (
    0, 1, 7, -1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), 10**20, 10**40, 1.5, -0.0, 1e20,
    1e308, True,
)  # fmt: skip
TIMES: Sequence[int] = (
    0, 1, -1, NOW_MS // 1000, NOW_MS * 1000, 1_104_537_599_999, 1_104_537_600_000, NOW_MS - 2 * DAY_MS,
    NOW_MS - DAY_MS, NOW_MS - HOUR_MS, NOW_MS - 20 * MINUTE_MS, NOW_MS + 4 * MINUTE_MS, NOW_MS + 6 * MINUTE_MS,
    NOW_MS + DAY_MS, 4_070_908_800_000, 4_102_444_800_000, 2**53,
)  # fmt: skip
"""From 1970 to beyond 2099, in seconds and microseconds too."""
TEXTS: Sequence[str] = (
    "", " ", "\n\n", "最好的面料，全网最低价", "电话１３８００１３８０００", "加薇❤abc_12345",
    "#1 brand, guaranteed cure",
    "\ufeff好看", "\u202e\u2066backwards\u2069", "ﷺ" * 40, "a\u0300\u0301\u0302" * 30, "👩‍👩‍👧‍👦" * 20,
    "\x00\x07\x1b[31m",
    "<b>最<i>好</i></b>&#26368;&amp;lt;", "<" * 300, "&" * 300, "((((((((((", "1 " * 200, "一二三四五六七八九十" * 30,
    "ı̇İßẞﬃ", "\U000e0041\U0010ffff", "とても良い", "ดีมาก", "muy buena calidad", "http://a.b/" + "x" * 500,
)  # fmt: skip
IDS: Sequence[str] = (
    "e1", "e2", "e3", "douyin-live:7", "douyin-live-b:7", "bilibili-live:7", "r1", "r1@douyin", "@", "a@b@c", ":",
    "s:1\x1fx",
    "{tag}", "\u202e", "人" * 128, "x" * 128, "x" * 129, "", " ", "*", "minute:1", "\ud7ff", "p:r:b",
)  # fmt: skip
ODD: Sequence[Any] = (*NUMBERS, None, "", "x", [], {}, [[]], {"id": 1}, {"id": "p", "followers": 10**11}, "\0")
KINDS: Sequence[str] = (*get_args(get_args(Kind)[0]), *get_args(get_args(Kind)[1]), "retraction", "account_deletion")
ENDINGS: Sequence[bytes] = (
    b',"value":1e400', b',"value":NaN', b',"value":-Infinity', rb',"text":"\ud800"', b',"value":7', b',"text":"\xff"',
    b',"z":[[', b',"actor":{"id":"p","id":"q"}', b',"amount":123456789012345678901234567890', b',"kind":"like"',
    b',"z":' + b"[" * 2_000 + b"]" * 2_000, b',"z":' + b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
    b',"' + b"k" * 5_000 + b'":1',
)  # fmt: skip
FINDING = {"family": "absolute_claim", "rule": "r", "article": "a", "span": [0, 2], "matched": "最好"}
NO_JSON: Sequence[bytes | None] = (
    None, b"", b" ", b"null", b"[]", b"{}", b"0", b'"x"', b"\xef\xbb\xbf{}", b"\x00", b"\xff\xfe", b"{" * 3_000,
    b"[" * 9_000,
)  # fmt: skip


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Any]:
    """The fields of an event; most are valid."""
    pick = st.sampled_from
    made: dict[str, Any] = {
        "event_id": draw(pick(IDS)), "source": draw(pick(("feed", "douyin-live", "douyin-live-b", "weibo-search"))),
        "platform": draw(pick(get_args(Platform))), "kind": draw(pick(KINDS)),
        "brand_id": draw(pick(("acme", "b2", "@"))),
        "event_time": draw(st.one_of(st.integers(NOW_MS - HOUR_MS, NOW_MS), pick(TIMES))), "ingest_time": NOW_MS,
    }  # fmt: skip
    some: dict[str, st.SearchStrategy[Any]] = {
        "room_id": pick(IDS), "session_id": pick(IDS), "product_id": pick(IDS), "subject_id": pick(IDS),
        "retracts": pick(IDS), "text": st.one_of(pick(TEXTS), st.text(max_size=40)),
        "lang": pick(("zh", "en", "xx-YY", "")),
        "value": st.one_of(st.integers(0, 9), pick(NUMBERS)), "amount": pick(NUMBERS),
        "value_mode": pick(get_args(ValueMode)),
        "final": st.booleans(), "is_mirror": st.booleans(), "commercial": st.booleans(), "source_seq": pick(NUMBERS),
        "jurisdiction": pick(("CN", "US", "cn", "")), "total": pick(NUMBERS), "schema_version": pick((1, 2, 0, 99)),
        "actor": st.fixed_dictionaries({"id": pick(("p1", "p2", "人"))}, optional={
            "followers": pick(NUMBERS), "official": st.booleans(), "masked": st.booleans()}),
    }  # fmt: skip
    for name in draw(st.lists(pick(sorted(some)), unique=True, max_size=9)):
        made[name] = draw(some[name])
    return made


@st.composite
def hostile_events(draw: st.DrawFn) -> bytes | None:
    """One record of a topic of events."""
    if not draw(st.integers(0, 11)):
        return draw(st.one_of(st.sampled_from(NO_JSON), st.binary(max_size=60)))
    return draw(spoiled(draw(fields())))


@st.composite
def spoiled(draw: st.DrawFn, good: dict[str, Any]) -> bytes:
    """The record of these fields, a few of which may be odd or missing, with bytes of it changed now and then."""
    made = dict(good)
    for name in draw(st.lists(st.sampled_from(sorted(made)), max_size=2)):
        made[name] = draw(st.sampled_from(ODD))
    for name in draw(st.lists(st.sampled_from(sorted(made)), max_size=1)):
        del made[name]
    raw = msgspec.json.encode(made)
    harm = draw(st.integers(0, 9))
    if harm == 0:
        raw = raw[:-1] + draw(st.sampled_from(ENDINGS)) + b"}"
    elif harm == 1:
        at = draw(st.integers(0, len(raw) - 1))
        raw = raw[:at] + draw(st.binary(max_size=3)) + raw[at + draw(st.integers(0, 3)) :]
    return raw


def _odd(**fields: Any) -> bytes:
    """A comment in a room of its own, but for these fields; None leaves one out."""
    made = {
        "event_id": "x", "source": "feed", "platform": "douyin", "kind": "comment", "brand_id": "acme", "text": "hi",
        "event_time": NOW_MS, "ingest_time": NOW_MS, "room_id": "r1", "session_id": "s1",
    } | fields  # fmt: skip
    return msgspec.json.encode({name: value for name, value in made.items() if value is not None})


_IN_HONEST: Mapping[str, Any] = {"room_id": HONEST, "session_id": HONEST, "platform": "kuaishou", "text": None}
ODD_LOGS: Mapping[str, Sequence[bytes]] = {
    "clock eight hours ahead": [
        _odd(event_id=f"a{n}", kind="like", text=None, event_time=NOW_MS + 8 * HOUR_MS) for n in range(25)
    ],
    "end of the honest stream, hours ahead": [_odd(kind="session_end", event_time=NOW_MS + 8 * HOUR_MS, **_IN_HONEST)],
    "start of it, a day ahead": [_odd(kind="session_start", event_time=NOW_MS + DAY_MS, **_IN_HONEST)],
    "more than a time zone ahead": [_odd(event_time=NOW_MS + 27 * HOUR_MS)],
    "retraction by a stranger": [_odd(kind="retraction", retracts="honest-live:0", text=None)],
    "retraction of itself": [_odd(kind="retraction", event_id="q", retracts="q", text=None)],
    "retraction as a mirror": [_odd(kind="retraction", is_mirror=True, retracts="honest-live:0", text=None)],
    "account of a viewer deleted by a stranger": [_odd(kind="account_deletion", actor={"id": "h1"}, text=None)],
    "room of one's own with a key's signs": [_odd(room_id="minute:1|r:x@douyin", brand_id="a:b|c*{}\u202e")],
    "running total that falls and leaps": [
        _odd(event_id=f"g{n}", kind="like", value=n, value_mode="snapshot", subject_id="p", text=None)
        for n in (100, 5, 2**53, 0)
    ],
    "payments of one order": [_odd(kind="payment", subject_id="o", amount=9, event_id=f"p{n}") for n in range(3)],
    "refund of nothing": [_odd(kind="refund", subject_id="o", amount=10, text=None)],
    "follow of nobody": [_odd(kind="follow", text=None), _odd(kind="unfollow", event_id="y", actor={"id": "n"})],
    "words that are signs alone": [_odd(text="\u200b\u200d\u2060"), _odd(event_id="y", text="e" + "\u0301" * 5_000)],
    "longest bait for patterns": [_odd(text="aaaaaaaaaaaaaaaaaaaa@" * 900), _odd(event_id="y", text="1" * 20_000)],
    "twice the same key": [_odd().replace(b'"text"', b'"text":"a","text"')],
    "two objects in one": [_odd() + _odd()],
    "byte-order mark": [b"\xef\xbb\xbf" + _odd()],
    "a string of JSON": [msgspec.json.encode(_odd().decode())],
    "more sources than are watched": [_odd(event_id=f"m{n}", source=f"s{n}") for n in range(90)],
    "a session for each": [_odd(event_id=f"m{n}", session_id=f"t{n}", room_id=f"r{n % 9}") for n in range(40)],
}
"""Logs that feeds brought, or might: none harms the honest ones around it."""


def honest_event(number: int, stamp_ms: int) -> Event:
    """A like or a comment in a room whose feed is right."""
    is_text = number % 2 == 0
    return Event(
        event_id=f"honest-live:{number}", source="honest-live", platform="kuaishou", brand_id=HONEST,
        kind="comment" if is_text else "like", event_time_ms=stamp_ms - 1_000, ingest_time_ms=stamp_ms,
        actor=Actor(f"h{number % 5}"), room_id=HONEST, session_id=HONEST,
        text=f"好看 第 {number} 件" if is_text else None,
    )  # fmt: skip


@st.composite
def hostile_texts(draw: st.DrawFn) -> bytes | None:
    """One record of scored.texts that scoring did not write."""
    if not draw(st.integers(0, 11)):
        return draw(st.one_of(st.sampled_from(NO_JSON), st.binary(max_size=60)))
    pick = st.sampled_from
    made = {
        "event_id": draw(pick(IDS)),
        "log_time": draw(st.one_of(st.integers(NOW_MS, NOW_MS + HOUR_MS), pick(TIMES))),
        "origin": {"topic": "social.interactions", "partition": draw(st.integers(0, 2)),
                   "offset": draw(st.integers(0, 99))},
        "platform": draw(pick(get_args(Platform))), "source": draw(pick(("feed", "weibo-search"))), "brand_id": "acme",
        "kind": draw(pick(("comment", "host_speech", "brand_post", "review", "retraction"))),
        "event_time": draw(st.one_of(st.integers(NOW_MS - HOUR_MS, NOW_MS), pick(TIMES))), "text": draw(pick(TEXTS)),
        "scored": draw(st.booleans()), "sentiment": draw(pick((None, "negative", "neutral", "positive"))),
        "sentiment_scores": {"negative": draw(pick((0, 0.9, 1, 1.1)))}, "risks": {"complaint": draw(pick((0, 1, 0.5)))},
        "flagged": draw(st.lists(pick(("complaint", "abuse", "unheard_of", "")), max_size=3)),
        "findings": draw(st.lists(st.just(FINDING), max_size=2)),
    }  # fmt: skip
    for name in draw(st.lists(pick(("room_id", "session_id", "product_id", "retracts")), unique=True)):
        made[name] = draw(pick(IDS))
    if draw(st.booleans()):
        made["actor"] = {"id": draw(pick(("p1", "p2"))), "followers": draw(pick((0, 5, 10**9)))}
    return draw(spoiled(made))


def decoded_text(value: bytes) -> ScoredText:
    """A record that scoring wrote."""
    return msgspec.json.decode(value, type=ScoredText)
