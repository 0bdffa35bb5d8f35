"""What is said, for screens: a room's sentiments and questions, a brand's minutes, topics, voices and usual volume.

A client is a synchronous one that returns bytes. Every call raises Unavailable where Redis does not answer. Where they
are kept is said in streams.detection.views.keys; stretches end with the minute, or the tenth, of `at_ms`:

    at 10:07      tenths   09:10 … 10:00     the hour so far
                  now      09:50 … 10:07     questions and topics that are looked at: this tenth and the one before
                  before   09:10 … 09:50     topics are compared with these
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streams.clock import MINUTE_MS
from streams.detection.baseline.burst import WINDOW_MINUTES
from streams.detection.baseline.seasonality import hour_of_day
from streams.detection.brand import brand
from streams.detection.brand.brand import BrandState
from streams.detection.room import room
from streams.detection.room.fake_traffic import TrafficFigure
from streams.detection.views.keys import (
    TEN_MINUTES,
    Tally,
    sentiments_suffix,
    ten_minute_suffix,
    ten_minutes_of,
    texts_suffix,
)
from streams.detection.views.questions import Question, grouped
from streams.detection.views.topics import Topic, rising
from streams.ledger.reader import ShardDirectory, answers
from streams.topology import DETECTION, LIVE, SCORED

HOUR_STRETCHES = 6
NOW_STRETCHES = 2
MAX_ACCOUNTS = 10


@dataclass(frozen=True, slots=True)
class TopAccount:
    """An account that speaks of a brand, over the hour."""

    actor_id: str
    texts: int
    share: float
    """Of the texts whose account is known."""
    followers: int


@dataclass(frozen=True, slots=True)
class VolumeBaseline:
    """What a brand's volume is compared with."""

    texts_per_minute: float
    windows: int
    """Five-minute windows that this rests on."""


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """A source that a brand was heard from."""

    brand_id: str
    source: str
    last_ms: int
    texts: int
    silent: bool


@dataclass(frozen=True, slots=True)
class RoomSummary:
    """What is known of a room beside its counters."""

    room_id: str
    brand_id: str
    source: str
    ended: bool
    fake_shares: Mapping[TrafficFigure, float]
    """What no people made of the last minutes' enters, likes and comments, where there was enough to tell."""


class ViewReader:
    """Over all partitions of detection."""

    def __init__(self, client: Any, namespace: str, directory: ShardDirectory | None = None) -> None:
        self._client = client
        self._directory = directory or ShardDirectory(client, namespace)

    def minutes(self, brand_id: str, first: int, last: int) -> dict[tuple[int, str], Counter[str]]:
        """A brand's texts by label, for each minute (of event time since the epoch) and platform with any."""
        found: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
        for hour, field, count in self._by_hour(first, last, lambda hour: texts_suffix(hour, brand_id)):
            within, platform, label = field.split("|")
            found[hour * 60 + int(within), platform][label] += count
        return {where: counts for where, counts in sorted(found.items()) if first <= where[0] <= last}

    def sentiments(self, room_id: str, first: int, last: int) -> dict[int, Counter[str]]:
        """A room's comments by label, for each minute with any."""
        found: dict[int, Counter[str]] = defaultdict(Counter)
        for hour, field, count in self._by_hour(first, last, lambda hour: sentiments_suffix(hour, room_id)):
            within, label = field.split("|")
            found[hour * 60 + int(within)][label] += count
        return {minute: counts for minute, counts in sorted(found.items()) if first <= minute <= last}

    def questions(self, room_id: str, at_ms: int) -> Sequence[Question]:
        """What viewers ask in this tenth and the one before, against the two before those."""
        last = ten_minutes_of(at_ms)
        now = self._tally("asked", room_id, range(last - NOW_STRETCHES + 1, last + 1))
        before = self._tally("asked", room_id, range(last - 2 * NOW_STRETCHES + 1, last - NOW_STRETCHES + 1))
        return grouped(now, before, self._worded(room_id, range(last - 2 * NOW_STRETCHES + 1, last + 1)))

    def topics(self, brand_id: str, at_ms: int) -> Sequence[Topic]:
        """Terms that rise in this tenth and the one before, against the rest of the hour."""
        last = ten_minutes_of(at_ms)
        now = self._tally("terms", brand_id, range(last - NOW_STRETCHES + 1, last + 1))
        before = self._tally("terms", brand_id, range(last - HOUR_STRETCHES + 1, last - NOW_STRETCHES + 1))
        begun_minutes = at_ms // MINUTE_MS % TEN_MINUTES + 1
        now_minutes = (NOW_STRETCHES - 1) * TEN_MINUTES + begun_minutes
        return rising(now, before, now_minutes / ((HOUR_STRETCHES - NOW_STRETCHES) * TEN_MINUTES))

    def voices(self, brand_id: str, at_ms: int) -> tuple[Sequence[TopAccount], int]:
        """The accounts with the largest share of the hour's texts, and how many accounts spoke."""
        tenths = range(ten_minutes_of(at_ms) - HOUR_STRETCHES + 1, ten_minutes_of(at_ms) + 1)
        texts = self._tally("voices", brand_id, tenths)
        reach = self._tally("reach", brand_id, tenths, most=True)
        whole = sum(texts.values())
        ranked = sorted(texts, key=lambda actor: (-texts[actor], -reach[actor], actor))[:MAX_ACCOUNTS]
        return [TopAccount(actor, texts[actor], texts[actor] / whole, reach[actor]) for actor in ranked], len(texts)

    def usual(self, brand_id: str) -> VolumeBaseline | None:
        """The baseline of a brand's volume at its hour of the day; None where nothing was learned yet."""
        state = next(iter(self._brands([brand_id])), None)
        if state is None or not state.conversation.volume.short.windows:
            return None
        short = state.conversation.volume.short
        return VolumeBaseline(short.texts(hour_of_day(state.minute * MINUTE_MS)) / WINDOW_MINUTES, short.windows)

    def feeds(self, brand_ids: Sequence[str]) -> list[FeedStatus]:
        """The sources of these brands' posts, by brand and name."""
        return [
            FeedStatus(state.brand_id, name, source.last_ms, source.records, name in state.feeds.silences)
            for state in self._brands(brand_ids)
            for name, source in sorted(state.feeds.sources.items())
        ]

    def rooms(self, room_ids: Sequence[str]) -> dict[str, RoomSummary]:
        """What is known of these rooms; those that detection never heard are left out."""
        states = map(room.CODEC.decode, self._states(LIVE, "rooms", room_ids))
        return {
            one.room_id: RoomSummary(one.room_id, one.brand_id, one.source, one.ended, one.traffic.shares())
            for one in states
        }

    def _brands(self, brand_ids: Sequence[str]) -> list[BrandState]:
        states = map(brand.CODEC.decode, self._states(SCORED, "brands", brand_ids))
        return sorted(states, key=lambda state: state.brand_id)

    def _states(self, topic: str, suffix: str, keys: Sequence[str]) -> list[bytes]:
        if not keys:
            return []
        replies = answers(self._client, (("HMGET", prefix + suffix, *keys) for prefix in self._prefixes(topic)))
        return [state for states in replies for state in states if state is not None]

    def _by_hour(self, first: int, last: int, suffix: Callable[[int], str]) -> Iterable[tuple[int, str, int]]:
        """(hour, field, count) of all hours that the minutes touch."""
        prefixes = self._prefixes(SCORED)
        keys = [(hour, prefix + suffix(hour)) for prefix in prefixes for hour in range(first // 60, last // 60 + 1)]
        replies = answers(self._client, (("HGETALL", key) for _, key in keys))
        for (hour, _), fields in zip(keys, replies, strict=True):
            for field, count in fields.items():
                yield hour, field.decode(), int(count)

    def _tally(self, tally: Tally, key: str, tenths: Iterable[int], *, most: bool = False) -> Counter[str]:
        """The sums by field over the tenths, or the largest."""
        found: Counter[str] = Counter()
        for fields in self._tenths(tally, key, tenths):
            for field, number in fields.items():
                name = field.decode(errors="replace")
                found[name] = max(found[name], int(number)) if most else found[name] + int(number)
        return found

    def _worded(self, room_id: str, tenths: Iterable[int]) -> Mapping[str, str]:
        """Later tenths last: their wording stands."""
        return {
            field.decode(errors="replace"): words.decode(errors="replace")
            for fields in self._tenths("worded", room_id, tenths)
            for field, words in fields.items()
        }

    def _tenths(self, tally: Tally, key: str, tenths: Iterable[int]) -> list[Mapping[bytes, bytes]]:
        prefixes = self._prefixes(SCORED)
        keys = [prefix + ten_minute_suffix(tally, tenth, key) for tenth in tenths for prefix in prefixes]
        return answers(self._client, (("HGETALL", key) for key in keys))

    def _prefixes(self, topic: str) -> list[str]:
        return self._directory.prefixes(DETECTION, topic)
