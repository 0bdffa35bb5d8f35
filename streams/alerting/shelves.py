"""Where detection keeps in its ledger what others read: hashes by suffix, below each partition's prefix.

    alerts                     fingerprint → the alert as JSON, while it is pending or firing
    resolved                   the same for the last that resolved
    heard                      brand → event time of its newest text, in milliseconds
    texts:<hour>:<brand>       <minute of the hour>|<platform>|<label> → scored texts; the hour counts from the epoch

Labels are `texts`, `unscored`, the sentiments and the flagged risks.
"""

STAGE = "detection"
ACTIVE = "alerts"
RESOLVED = "resolved"
HEARD = "heard"
TEXTS_TTL_SECONDS = 3 * 3600


def texts_suffix(hour: int, brand_id: str) -> str:
    return f"texts:{hour}:{brand_id}"


def texts_field(minute: int, platform: str, label: str) -> str:
    return f"{minute}|{platform}|{label}"
