"""What screens show of conversations: a room's sentiments and questions, a brand's minutes, topics, accounts and usual
volume, and what detection knows of feeds and rooms.

A client is a synchronous one that returns bytes. Every call raises Unavailable where Redis does not answer.
Where all of it is kept, streams.detection.views.keys says. A stretch of time ends with the minute of `at_ms`, or with
the ten minutes that it lies in:

    at 10:07      hour     09:10 … 10:07     six times ten minutes, the last unfinished
                  now      09:50 … 10:07     questions and topics that are looked at: the last two of these
                  before   09:10 … 09:50     topics are compared with the four before
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from streams.clock import MINUTE_MS
from streams.detection.room.fake_traffic import TrafficFigure
from streams.detection.views.keys import (
    BRAND_VIEWS,
    HEARD,
    ROOM_VIEWS,
    TEN_MINUTES,
    TenMinuteCount,
    sentiments_suffix,
    ten_minute_suffix,
    ten_minutes_of,
    texts_suffix,
)
from streams.detection.views.questions import Question, grouped
from streams.detection.views.summaries import BRAND_VIEW, ROOM_VIEW, BrandView, FeedTimeView, RoomView
from streams.detection.views.topics import Topic, rising, with_examples
from streams.events.identity import parted, qualified
from streams.events.schema import Platform
from streams.ledger.reader import ShardDirectory, answers
from streams.topology import DETECTION, LIVE, SCORED

SHOWN_MINUTES = 60
HOUR_STRETCHES = 6
NOW_STRETCHES = 2
MAX_ACCOUNTS = 10
_UNKNOWN = FeedTimeView(0, 0, 0)


@dataclass(frozen=True, slots=True)
class BrandTexts:
    """A brand's texts on one platform over the last hour, by label (streams.detection.views.keys)."""

    brand_id: str
    platform: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TopAccount:
    """An account that writes about a brand, over the hour."""

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
class SourceStatus:
    """A source of a brand's posts."""

    brand_id: str
    source: str
    last_ms: int
    texts: int
    silent: bool
    offset_ms: int = 0
    """By which its event times are corrected: positive where its clock is behind."""
    lateness_ms: int = 0
    """How late nearly all of its texts come."""
    late: int = 0
    """Texts that came later than was waited for; they counted all the same."""


@dataclass(frozen=True, slots=True)
class SourceTimes:
    """What a source's event times are worth, over all brands."""

    source: str
    offset_ms: int
    """The farthest that its clock is off; positive where it is behind."""
    lateness_ms: int
    """The latest, over brands."""
    late: int
    """All of its texts that came later than was waited for."""
    ahead: int = 0
    """All of its texts that were far ahead of their arrival."""


@dataclass(frozen=True, slots=True)
class RoomSummary:
    """What is known of a room beside its counters."""

    room_id: str
    brand_id: str
    source: str
    ended: bool
    fake_shares: Mapping[TrafficFigure, float]
    """The inauthentic share of the last minutes' enters, likes and comments, where there were enough to tell."""
    names_hidden: bool = False
    """Whether the platform hides who some of the session's people are."""


class ViewReader:
    """Over all partitions of detection."""

    def __init__(self, client: Any, namespace: str, directory: ShardDirectory | None = None) -> None:
        self._client = client
        self._directory = directory or ShardDirectory(client, namespace)

    def minutes(self, brand_id: str, first: int, last: int) -> dict[tuple[int, str], Counter[str]]:
        """A brand's texts by label, for each minute (of event time since the epoch) and platform with any."""
        found: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
        for hour, field, count in self._by_hour(first, last, lambda hour: [texts_suffix(hour, brand_id)]):
            within, platform, label = field.split("|")
            found[hour * 60 + int(within), platform][label] += count
        return {where: counts for where, counts in sorted(found.items()) if first <= where[0] <= last}

    def sentiments(self, room_id: str, first: int, last: int) -> dict[int, Counter[str]]:
        """A room's comments by label, for each minute with any."""
        found: dict[int, Counter[str]] = defaultdict(Counter)
        names = self._room_names(room_id)
        for hour, field, count in self._by_hour(
            first, last, lambda hour: [sentiments_suffix(hour, name) for name in names]
        ):
            within, label = field.split("|")
            found[hour * 60 + int(within)][label] += count
        return {minute: counts for minute, counts in sorted(found.items()) if first <= minute <= last}

    def questions(self, room_id: str, at_ms: int) -> Sequence[Question]:
        """What viewers ask in the last two times ten minutes, against the two before those."""
        last = ten_minutes_of(at_ms)
        names = self._room_names(room_id)
        now = self._counts("asked", names, range(last - NOW_STRETCHES + 1, last + 1))
        before = self._counts("asked", names, range(last - 2 * NOW_STRETCHES + 1, last - NOW_STRETCHES + 1))
        return grouped(now, before, self._worded(names, range(last - 2 * NOW_STRETCHES + 1, last + 1)))

    def topics(self, brand_id: str, at_ms: int) -> Sequence[Topic]:
        """Terms that rise in the last two times ten minutes, against the rest of the hour."""
        last = ten_minutes_of(at_ms)
        now = self._counts("terms", [brand_id], range(last - NOW_STRETCHES + 1, last + 1))
        before = self._counts("terms", [brand_id], range(last - HOUR_STRETCHES + 1, last - NOW_STRETCHES + 1))
        begun_minutes = at_ms // MINUTE_MS % TEN_MINUTES + 1
        now_minutes = (NOW_STRETCHES - 1) * TEN_MINUTES + begun_minutes
        share = now_minutes / ((HOUR_STRETCHES - NOW_STRETCHES) * TEN_MINUTES)
        samples = self._words_of("samples", [brand_id], range(last - NOW_STRETCHES + 1, last + 1))
        return with_examples(rising(now, before, share, brand_id=brand_id), samples)

    def accounts(self, brand_id: str, at_ms: int) -> tuple[Sequence[TopAccount], int]:
        """The accounts with the largest share of the hour's texts, and how many accounts wrote."""
        numbers = range(ten_minutes_of(at_ms) - HOUR_STRETCHES + 1, ten_minutes_of(at_ms) + 1)
        texts = self._counts("voices", [brand_id], numbers)
        reach = self._counts("reach", [brand_id], numbers, largest=True)
        whole = sum(texts.values())
        ranked = sorted(texts, key=lambda actor: (-texts[actor], -reach[actor], actor))[:MAX_ACCOUNTS]
        return [TopAccount(actor, texts[actor], texts[actor] / whole, reach[actor]) for actor in ranked], len(texts)

    def usual(self, brand_id: str) -> VolumeBaseline | None:
        """The baseline of a brand's volume at its hour of the day; None where nothing was learned yet."""
        view = self._brands([brand_id]).get(brand_id)
        return VolumeBaseline(view.texts_per_minute, view.windows) if view is not None and view.windows else None

    def names_hidden(self, brand_id: str, since_ms: int) -> bool:
        """Whether a platform has hidden since then who some of those are that write about a brand."""
        view = self._brands([brand_id]).get(brand_id)
        return view is not None and view.names_hidden_ms >= since_ms

    def feeds(self, brand_ids: Sequence[str]) -> list[SourceStatus]:
        """The sources of these brands' posts, by brand and name."""
        return [
            SourceStatus(
                brand_id, name, feed.last_ms, feed.records, feed.silent, time.offset_ms, time.needed_ms, time.late
            )
            for brand_id, view in sorted(self._brands(brand_ids).items())
            for name, feed in sorted(view.feeds.items())
            for time in [view.times.get(name, _UNKNOWN)]
        ]

    def feed_times(self, since_ms: int) -> list[SourceTimes]:
        """What the times of the sources are worth of all brands that had a text since then, by the source's name."""
        found: dict[str, list[FeedTimeView]] = defaultdict(list)
        brand_ids = sorted({brand_id for _, brand_id in self._brands_since(since_ms)})
        for view in self._brands(brand_ids).values():
            for name, time in view.times.items():
                found[name].append(time)
        return [
            SourceTimes(
                name,
                max((time.offset_ms for time in times), key=abs),
                max(time.needed_ms for time in times),
                sum(time.late for time in times),
                sum(time.ahead for time in times),
            )
            for name, times in sorted(found.items())
        ]

    def rooms(self, room_ids: Sequence[str]) -> dict[str, RoomSummary]:
        """What is known of these rooms; those without a view are left out."""
        views = self._views(LIVE, ROOM_VIEWS, room_ids)
        return {room_id: _room_summary(room_id, ROOM_VIEW.decode(view)) for room_id, view in views}

    def texts(self, at_ms: int) -> list[BrandTexts]:
        """The texts of the hour of event time that ends with the minute of `at_ms`, of all brands."""
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
        """(prefix of the partition, brand) of all that had a text since."""
        prefixes = self._prefixes(SCORED)
        replies = answers(self._client, (("HGETALL", prefix + HEARD) for prefix in prefixes))
        return [
            (prefix, brand.decode())
            for prefix, newest in zip(prefixes, replies, strict=True)
            for brand, newest_ms in newest.items()
            if int(newest_ms) >= since_ms
        ]

    def _brands(self, brand_ids: Sequence[str]) -> dict[str, BrandView]:
        views = self._views(SCORED, BRAND_VIEWS, brand_ids)
        return {brand_id: BRAND_VIEW.decode(view) for brand_id, view in views}

    def _views(self, topic: str, suffix: str, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """The keys that have a view, each with its view."""
        if not keys:
            return
        for views in answers(self._client, (("HMGET", prefix + suffix, *keys) for prefix in self._prefixes(topic))):
            yield from ((key, view) for key, view in zip(keys, views, strict=True) if view is not None)

    def _room_names(self, room_id: str) -> Sequence[str]:
        """The names under which a room's texts are counted: with its platform, and as a bare id from before. Every
        platform's where it is not known which one has the room."""
        if parted(room_id)[1] is not None:
            return [room_id]
        known = [ROOM_VIEW.decode(view).platform for _, view in self._views(LIVE, ROOM_VIEWS, [room_id])]
        platforms = known if all(known) and known else get_args(Platform)
        return [room_id, *(qualified(room_id, platform) for platform in platforms)]

    def _by_hour(
        self, first: int, last: int, suffixes: Callable[[int], Sequence[str]]
    ) -> Iterable[tuple[int, str, int]]:
        """(hour, field, count) of all hours that the minutes touch."""
        prefixes = self._prefixes(SCORED)
        hours = range(first // 60, last // 60 + 1)
        keys = [(hour, prefix + suffix) for prefix in prefixes for hour in hours for suffix in suffixes(hour)]
        replies = answers(self._client, (("HGETALL", key) for _, key in keys))
        for (hour, _), fields in zip(keys, replies, strict=True):
            for field, count in fields.items():
                yield hour, field.decode(), int(count)

    def _counts(
        self, kind: TenMinuteCount, names: Sequence[str], numbers: Iterable[int], *, largest: bool = False
    ) -> Counter[str]:
        """The sums by field over these ten minutes' numbers, or the largest."""
        found: Counter[str] = Counter()
        for fields in self._ten_minutes(kind, names, numbers):
            for field, number in fields.items():
                name = field.decode(errors="replace")
                found[name] = max(found[name], int(number)) if largest else found[name] + int(number)
        return found

    def _worded(self, names: Sequence[str], numbers: Iterable[int]) -> Mapping[str, str]:
        """The last wording of each question."""
        return {
            field.decode(errors="replace"): words.decode(errors="replace")
            for fields in self._ten_minutes("worded", names, numbers)
            for field, words in fields.items()
        }

    def _words_of(self, kind: TenMinuteCount, names: Sequence[str], numbers: Iterable[int]) -> list[str]:
        found = (fields.values() for fields in self._ten_minutes(kind, names, numbers))
        return [words.decode(errors="replace") for values in found for words in values]

    def _ten_minutes(
        self, kind: TenMinuteCount, names: Sequence[str], numbers: Iterable[int]
    ) -> list[Mapping[bytes, bytes]]:
        prefixes = self._prefixes(SCORED)
        keys = [
            prefix + ten_minute_suffix(kind, number, name)
            for number in numbers
            for prefix in prefixes
            for name in names
        ]
        return answers(self._client, (("HGETALL", key) for key in keys))

    def _prefixes(self, topic: str) -> list[str]:
        return self._directory.prefixes(DETECTION, topic)


def _room_summary(room_id: str, view: RoomView) -> RoomSummary:
    return RoomSummary(room_id, view.brand_id, view.source, view.ended, view.fake_shares, view.names_hidden)
