"""What detection found, for exporter and screens: alerts that run and that ran, and each brand's texts by the minute.

A client is a synchronous one that returns bytes. Every call raises Unavailable where Redis does not answer.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from streams.alerts.alert import Alert
from streams.alerts.keys import ACTIVE, RESOLVED, SHADOW
from streams.clock import MINUTE_MS
from streams.detection.room import room
from streams.detection.room.fake_traffic import TrafficFigure
from streams.detection.views.keys import HEARD, texts_suffix
from streams.ledger.reader import ShardDirectory, answers
from streams.topology import DETECTION, LIVE, SCORED

SHOWN_MINUTES = 60
_alert = msgspec.json.Decoder(Alert).decode


@dataclass(frozen=True, slots=True)
class BrandTexts:
    """A brand's texts on one platform over the last hour, by label (streams.detection.views.keys)."""

    brand_id: str
    platform: str
    counts: Mapping[str, int]


class AlertReader:
    """Over all partitions of the stage."""

    def __init__(self, client: Any, namespace: str, directory: ShardDirectory | None = None) -> None:
        self._client = client
        self._directory = directory or ShardDirectory(client, namespace)

    def active(self) -> list[Alert]:
        """Pending and firing alerts, the first begun first."""
        return self._alerts(ACTIVE)

    def resolved(self) -> list[Alert]:
        """Alerts that fired and resolved, as many as are kept."""
        return self._alerts(RESOLVED)

    def shadow(self) -> list[Alert]:
        """The last alerts of draft rules, whatever their state; `active` and `resolved` have none of them."""
        return self._alerts(SHADOW)

    def fake_shares(self, room_ids: Sequence[str]) -> dict[str, Mapping[TrafficFigure, float]]:
        """What no people made of these rooms' enters, likes and comments over the last minutes in which they had any;
        rooms and figures of which too little is known are left out."""
        if not room_ids:
            return {}
        prefixes = [prefix for topic, prefix in self._prefixes() if topic == LIVE]
        replies = answers(self._client, (("HMGET", prefix + "rooms", *room_ids) for prefix in prefixes))
        states = [room.CODEC.decode(state) for states in replies for state in states if state is not None]
        return {state.room_id: shares for state in states if (shares := state.traffic.shares())}

    def texts(self, at_ms: int) -> list[BrandTexts]:
        """The texts of the hour of event time that ends with the minute of `at_ms`."""
        minutes = range(at_ms // MINUTE_MS - SHOWN_MINUTES + 1, at_ms // MINUTE_MS + 1)
        keys = [
            (brand, hour, prefix + texts_suffix(hour, brand))
            for prefix, brand in self._brands_since(minutes.start * MINUTE_MS)
            for hour in range(minutes.start // 60, minutes[-1] // 60 + 1)
        ]
        found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        replies = answers(self._client, (("HGETALL", key) for *_, key in keys))
        for (brand, hour, _), fields in zip(keys, replies, strict=True):
            for field, count in fields.items():
                minute, platform, label = field.decode().split("|")
                if hour * 60 + int(minute) in minutes:
                    found[brand, platform][label] += int(count)
        return [BrandTexts(brand, platform, counts) for (brand, platform), counts in sorted(found.items())]

    def _brands_since(self, since_ms: int) -> Sequence[tuple[str, str]]:
        """(prefix of the partition, brand) of all that were heard since."""
        prefixes = [prefix for topic, prefix in self._prefixes() if topic == SCORED]
        replies = answers(self._client, (("HGETALL", prefix + HEARD) for prefix in prefixes))
        return [
            (prefix, brand.decode())
            for prefix, heard in zip(prefixes, replies, strict=True)
            for brand, heard_ms in heard.items()
            if int(heard_ms) >= since_ms
        ]

    def _alerts(self, hash_suffix: str) -> list[Alert]:
        replies = answers(self._client, (("HVALS", prefix + hash_suffix) for _, prefix in self._prefixes()))
        alerts = [_alert(value) for values in replies for value in values]
        return sorted(alerts, key=lambda alert: (alert.started_at, alert.fingerprint))

    def _prefixes(self) -> list[tuple[str, str]]:
        held = self._directory.partitions(DETECTION)
        return [(topic, self._directory.prefix(DETECTION, topic, number)) for topic, number in held]
