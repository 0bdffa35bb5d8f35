"""Where detection keeps in its ledger what others read: hashes by suffix, below each partition's prefix.

    alerts                     fingerprint → the alert as JSON, while it is pending or firing
    resolved                   the same for the last that resolved
    shadow                     the same for the last alerts of draft rules, whatever their state
    heard                      brand → event time of its newest text, in milliseconds
    texts:<hour>:<brand>       <minute of the hour>|<platform>|<label> → scored texts; the hour counts from the epoch

    moods:<hour>:<room>        <minute of the hour>|<label> → scored comments of a room
    voices:<tenth>:<brand>     pseudonym → texts about the brand; the tenth is a stretch of ten minutes since the epoch
    reach:<tenth>:<brand>      pseudonym → followers, where a feed tells them
    terms:<tenth>:<brand>      term → texts that have it          (streams.detection.views.topics)
    asked:<tenth>:<room>       question's key → times asked       (streams.detection.views.questions)
    worded:<tenth>:<room>      question's key → its last wording, personal data masked

Labels are `texts`, `unscored`, the sentiments and the flagged risks. What is counted by the tenth has a field for each
person, term or question, so its time to live is what bounds it.
"""

from typing import Literal

from streams.clock import MINUTE_MS

ACTIVE = "alerts"
RESOLVED = "resolved"
SHADOW = "shadow"
HEARD = "heard"
TEXTS_TTL_SECONDS = MOODS_TTL_SECONDS = 3 * 3600
TENTH_MINUTES = 10
TENTHS_TTL_SECONDS = 80 * 60
"""An hour is looked at, and the tenths that it cuts."""

Tally = Literal["voices", "reach", "terms", "asked", "worded"]


def texts_suffix(hour: int, brand_id: str) -> str:
    return f"texts:{hour}:{brand_id}"


def texts_field(minute: int, platform: str, label: str) -> str:
    return f"{minute}|{platform}|{label}"


def moods_suffix(hour: int, room_id: str) -> str:
    return f"moods:{hour}:{room_id}"


def moods_field(minute: int, label: str) -> str:
    return f"{minute}|{label}"


def tenth_of(event_ms: int) -> int:
    return event_ms // (TENTH_MINUTES * MINUTE_MS)


def tenth_suffix(tally: Tally, tenth: int, key: str) -> str:
    """`key` is a brand or a room."""
    return f"{tally}:{tenth}:{key}"
