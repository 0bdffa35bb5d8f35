"""Where detection keeps its views, which screens read: hashes in its ledger, by suffix below each partition's prefix.

    brand_views                brand → usual volume and feeds, msgpack    (streams.detection.views.summaries)
    room_views                 room → brand, source, end and inauthentic shares, msgpack    (the same)

    heard                      brand → event time of its newest text, in milliseconds
    texts:<hour>:<brand>       <minute of the hour>|<platform>|<label> → scored texts; the hour counts from the epoch

    moods:<hour>:<room>        <minute of the hour>|<label> → scored comments of a room, named with its platform
    voices:<number>:<brand>    pseudonym → texts about the brand; the number is of ten minutes since the epoch
    reach:<number>:<brand>     pseudonym → followers, where a feed has them
    terms:<number>:<brand>     term → texts that have it          (streams.detection.views.topics)
    samples:<number>:<brand>   slot → a text of the ten minutes, personal data masked: examples of topics
    asked:<number>:<room>      question's key → times asked       (streams.detection.views.questions)
    worded:<number>:<room>     question's key → its last wording, personal data masked

Labels are `texts`, `unscored`, the sentiments and the flagged risks. Counts of ten minutes have a field for each
person, term or question; their time to live bounds them. The two hashes of views have the keys of the states `brands`
and `rooms`, and are written with these; a key that was stored before there were views has none until its next record.
"""

from typing import Literal

from streams.clock import HOUR_MS, MINUTE_MS

BRAND_VIEWS, ROOM_VIEWS = "brand_views", "room_views"
HEARD = "heard"
TEXTS_TTL_SECONDS = SENTIMENTS_TTL_SECONDS = 3 * 3600
TEN_MINUTES = 10
TEN_MINUTES_TTL_SECONDS = 80 * 60
"""An hour is read, and the ten minutes that it cuts."""

TenMinuteCount = Literal["voices", "reach", "terms", "samples", "asked", "worded"]
SAMPLES = 64
"""Texts of ten minutes that are kept as examples, whatever the volume."""
SAMPLE_CHARS = 120


def texts_suffix(hour: int, brand_id: str) -> str:
    return f"texts:{hour}:{brand_id}"


def texts_field(minute: int, platform: str, label: str) -> str:
    return f"{minute}|{platform}|{label}"


def sentiments_suffix(hour: int, room_id: str) -> str:
    return f"moods:{hour}:{room_id}"


def sentiments_field(minute: int, label: str) -> str:
    return f"{minute}|{label}"


def at_minute(suffix: str, field: str, minute: int) -> tuple[str, str]:
    """Where a count stands for another minute since the epoch; `suffix` and `field` are those of its own."""
    kind, _, rest = suffix.partition(":")
    _, _, key = rest.partition(":")
    if kind not in ("texts", "moods"):
        return f"{kind}:{minute // TEN_MINUTES}:{key}", field
    hour, of_hour = divmod(minute, HOUR_MS // MINUTE_MS)
    return f"{kind}:{hour}:{key}", f"{of_hour}|{field.partition('|')[2]}"


def minute_of(hour_and_key: str, field: str) -> int:
    """The minute since the epoch that a count by minutes is of; `hour_and_key` is its suffix behind the kind."""
    return int(hour_and_key.partition(":")[0]) * (HOUR_MS // MINUTE_MS) + int(field.partition("|")[0])


def ten_minutes_of(event_ms: int) -> int:
    """The number of the ten minutes, since the epoch, that a time lies in."""
    return event_ms // (TEN_MINUTES * MINUTE_MS)


def ten_minute_suffix(kind: TenMinuteCount, number: int, key: str) -> str:
    """`key` is a brand or a room."""
    return f"{kind}:{number}:{key}"
