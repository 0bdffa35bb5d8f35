"""What becomes of a kind simulation on its way through real platforms, clocks and collectors.

    what happened ─► what the platform tells, in its own messages ─► its decoder ─► what can be known
                 └─► what nobody tells: counted as unknowable

The meaning of an event stays with its cause: the decoder gives the record and the truth does not ask it what it counts.
"""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from streams.clock import MINUTE_MS
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event, Kind
from streams.ingest.context import FeedContext
from streams.ingest.feed import Decoder, Feed
from streams.ingest.platforms import bilibili, douyin, tiktok
from streams.simulate import platform_messages
from streams.simulate.emission import Emission
from streams.simulate.platform_messages import VOICES, Speaker, user_number
from streams.simulate.scenario import Room, Scenario, Unkindness

GIFT_PRICES = {str(price): price for price in (10, 50, 100, 520, 1_990)}
"""A simulated gift's id is its price (streams.simulate.viewer_sessions)."""
DECODERS: Mapping[str, Decoder] = {"tiktok": tiktok.DECODER, "douyin": douyin.DECODER, "bilibili": bilibili.DECODER}
MERCHANT_KINDS: frozenset[Kind] = frozenset({"order", "payment", "refund"})
UNHEARD = "messages that their decoder does not read"
"""None, as long as the decoders are right."""
UNTOLD_LIKES = "likes beyond the totals"
"""Before the first total that was told, and after the last."""
_SAMPLED_KINDS: frozenset[Kind] = frozenset({"like", "enter"})
_REORDERED_KINDS: frozenset[Kind] = frozenset({"comment", "like", "enter"})
STRANGE = (
    "¿Cuándo llega mi pedido? Llevo dos semanas esperando", "Me encanta, gracias por el directo de hoy",
    "Kapan barangnya dikirim kak? Sudah seminggu belum sampai", "Warnanya bagus sekali, saya suka",
    "いつ届きますか、もう一週間待っています", "色がとてもきれいですね", "언제 배송되나요? 일주일째 기다리고 있어요",
    "متى يصل الطلب؟ أنتظر منذ أسبوع", "Когда придёт заказ? Жду уже неделю", "สวยมากค่ะ ส่งเมื่อไหร่คะ",
)  # fmt: skip


class Told:
    """A scenario's emissions as they are told; `unknowable` counts what is not."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario, self._unkind = scenario, scenario.unkindness
        self._rng = random.Random(f"{scenario.seed}:unkind")
        self._rooms = {room.room_id: room for room in scenario.rooms}
        self._voices: dict[str, PlatformRoom] = {}
        self.unknowable: Counter[str] = Counter()

    def emissions(self, played: Sequence[Emission]) -> list[Emission]:
        told = list[Emission]()
        for emission in sorted(map(self._in_its_language, played), key=lambda one: one.event.event_time_ms):
            told += self._by_its_platform(emission)
        return self._by_totals([self._on_its_way(emission) for emission in [*told, *self._deleted_accounts(told)]])

    def _by_totals(self, told: list[Emission]) -> list[Emission]:
        """A room's likes as its platform's total has them, which knows of those that were sampled away."""
        rooms: dict[str, HeardLikes] = defaultdict(HeardLikes)
        meant = dict[int, Emission]()
        for at in sorted(range(len(told)), key=lambda at: told[at].arrives_ms):
            emission = told[at]
            room = emission.event.room_id
            if room in self._voices and emission.fate == "applied":
                likes = rooms[room].hear(emission.event)
                if emission.event.kind == "like":
                    self.unknowable[UNTOLD_LIKES] -= likes
                    meant[at] = replace(emission, counts={"likes": likes})
        self.unknowable = Counter({name: number for name, number in self.unknowable.items() if number > 0})
        return [meant.get(at, emission) for at, emission in enumerate(told)]

    def _in_its_language(self, emission: Emission) -> Emission:
        """A comment in a language that the model does not know, and does not say so."""
        event = emission.event
        strange = event.kind == "comment" and event.room_id is not None and not emission.fake
        if not strange or self._rng.random() >= self._unkind.strange_languages:
            return emission
        self.unknowable["texts in other languages"] += 1
        changed = msgspec.structs.replace(event, text=self._rng.choice(STRANGE), lang=None)
        return replace(emission, event=changed)

    def _by_its_platform(self, emission: Emission) -> Iterator[Emission]:
        room = emission.event.room_id
        if emission.event.kind == "session_end" and room in self._unkind.silent_ends:
            self.unknowable["ends that nobody says"] += 1
            return
        if room is None or room not in self._unkind.platform_messages:
            yield emission
            return
        if room not in self._voices:
            self._voices[room] = PlatformRoom(self._rooms[room], self._scenario, self.unknowable)
        yield from self._voices[room].tell(emission)

    def _deleted_accounts(self, told: Sequence[Emission]) -> Iterator[Emission]:
        """What an account's texts counted stays; the texts themselves go."""
        posts = [one for one in told if one.event.kind == "post" and one.event.actor and not one.event.actor.official]
        for number, post in enumerate(self._rng.sample(posts, min(self._unkind.deleted_accounts, len(posts)))):
            event, after_ms = post.event, self._rng.randint(2, 6) * MINUTE_MS
            deleted = Event(
                event_id=f"deleted-account-{number}",
                source=event.source,
                platform=event.platform,
                kind="account_deletion",
                brand_id=event.brand_id,
                event_time_ms=event.event_time_ms + after_ms,
                ingest_time_ms=post.arrives_ms + after_ms,
                actor=event.actor,
            )
            yield Emission(deleted, deleted.ingest_time_ms)

    def _on_its_way(self, emission: Emission) -> Emission:
        event, unkind = emission.event, self._unkind
        arrives_ms = emission.arrives_ms
        off_seconds = unkind.clocks_off_seconds.get(event.source, 0)
        if off_seconds:
            event = msgspec.structs.replace(event, event_time_ms=event.event_time_ms + off_seconds * 1000)
        polled = unkind.polled_minutes.get(event.source)
        if polled is not None and event.room_id is None:
            arrives_ms = _polled_ms(emission, int(polled * MINUTE_MS))
        elif event.room_id in unkind.platform_messages and event.kind in _REORDERED_KINDS:
            arrives_ms += int(self._rng.random() ** 2 * unkind.reordered_seconds * 1000)
        if arrives_ms == emission.arrives_ms and event is emission.event:
            return emission
        return replace(emission, event=msgspec.structs.replace(event, ingest_time_ms=arrives_ms), arrives_ms=arrives_ms)


@dataclass
class HeardLikes:
    """How far a room's total was heard, and how many likes were heard beside it that it has yet to tell."""

    total: int | None = None
    at_ms: int = 0
    beside: int = 0
    turned_ms: int = 0

    def hear(self, event: Event) -> int:
        """How many likes a message tells of that were not heard of before."""
        if event.kind in ("session_start", "session_end"):
            self.turned_ms = max(self.turned_ms, event.event_time_ms)
        if event.kind != "like":
            return 0
        if event.total is None:
            self.beside += event.value
            return event.value
        if self.total is None or self.at_ms < self.turned_ms <= event.event_time_ms:
            self.total, self.beside = event.total - event.value, 0
        if event.total < self.total:
            return 0
        told, self.total = event.total - self.total, event.total
        self.at_ms = max(self.at_ms, event.event_time_ms)
        new, self.beside = max(0, told - self.beside), max(0, self.beside - told)
        return new


class PlatformRoom:
    """One room that speaks in its platform's messages, and the connection that hears it."""

    def __init__(self, room: Room, scenario: Scenario, unknowable: Counter[str]) -> None:
        self._room, self._unkind, self._unknowable = room, scenario.unkindness, unknowable
        self._rng = random.Random(f"{scenario.seed}:{room.room_id}:told")
        self._speaker = Speaker(self._rng)
        self._off_ms = self._unkind.clocks_off_seconds.get(room.room_id, 0) * 1000
        self._feed = Feed(
            DECODERS[room.platform],
            FeedContext(
                source=room.source,
                platform=room.platform,
                brand_id=room.brand_id,
                pseudonyms=Pseudonyms(f"simulated:{scenario.seed}".encode()),
                room_id=room.room_id,
                host=f"host of {room.room_id}",
                gift_prices=GIFT_PRICES,
            ),
        )
        self._told: set[str] = set()
        self._masked: dict[int, bool] = {}
        self._streaks: dict[str, int] = defaultdict(int)

    def tell(self, emission: Emission) -> Iterator[Emission]:
        """What is heard of it: nothing, or the event that the decoder makes of the platform's message."""
        event = emission.event
        if event.kind in MERCHANT_KINDS:
            yield self._sold(emission)
            return
        self._total(event)
        if event.kind == "like":
            self._unknowable[UNTOLD_LIKES] += event.value  # less those that are heard of (Told._by_totals)
        if event.kind in _SAMPLED_KINDS and self._sampled():
            if event.kind != "like":
                self._unknowable[f"{event.kind}s sampled away"] += 1
            return
        message = self._message(emission)
        if message is None:
            self._unknowable[f"{event.kind} is not told"] += 1
            return
        heard = self._feed.read(json.dumps(message), emission.arrives_ms)
        if not heard:
            self._unknowable[UNHEARD] += 1
        yield from self._meant(emission, heard)

    def _meant(self, emission: Emission, heard: Sequence[Event]) -> Iterator[Emission]:
        for event in heard:
            again = event.event_id in self._told
            self._told.add(event.event_id)
            if again:
                self._unknowable["told alike"] += 1
                yield Emission(event, emission.arrives_ms, fate="duplicate")
            else:
                yield replace(emission, event=event)

    def _sold(self, emission: Emission) -> Emission:
        """Told by the merchant, who knows the room and no session."""
        event = emission.event
        actor = event.actor
        if actor is not None:
            actor = self._feed.context.actor(user_number(event), actor.followers)
        source = f"{self._room.brand_id}-orders"
        told = msgspec.structs.replace(
            event, event_id=f"{source}-{event.event_id}", source=source, session_id=None, actor=actor
        )
        return replace(emission, event=told)

    def _total(self, event: Event) -> None:
        totals = self._speaker.totals
        if event.kind == "session_start":
            totals.likes = totals.came = 0
        elif event.kind == "like":
            totals.likes += event.value
        elif event.kind == "enter":
            totals.came += 1

    def _sampled(self) -> bool:
        return self._room.platform != "bilibili" and self._rng.random() < self._unkind.sampled

    def _message(self, emission: Emission) -> platform_messages.Json | None:
        event = emission.event
        at_ms = event.event_time_ms + self._off_ms
        if self._room.platform != "bilibili":
            return VOICES[self._room.platform](event, at_ms, self._speaker)
        if event.kind == "gift" and event.subject_id is not None:
            event = self._items(event)
            if event.value == 0:
                return None
        masked = self._is_masked(event)
        if masked and event.kind in ("comment", "enter", "follow", "share", "gift"):
            self._unknowable["messages of masked users"] += 1
        return platform_messages.bilibili(event, at_ms, self._speaker, masked=masked)

    def _items(self, event: Event) -> Event:
        """Bilibili tells each part of a streak as a gift of its own."""
        streak = event.subject_id or ""
        items, self._streaks[streak] = event.value - self._streaks[streak], event.value
        return msgspec.structs.replace(event, value=items, subject_id=None, final=True)

    def _is_masked(self, event: Event) -> bool:
        number = user_number(event)
        if number and number not in self._masked:
            self._masked[number] = self._rng.random() < self._unkind.masked_users
        return self._masked.get(number, False)


def _polled_ms(emission: Emission, every_ms: int) -> int:
    """When its collector asks next; of one answer the newest texts come first, and then the totals in their order."""
    at_ms = emission.event.event_time_ms
    asked_ms = (at_ms // every_ms + 1) * every_ms
    if emission.event.value_mode == "snapshot":
        return asked_ms + 2_500 + (at_ms % every_ms) * 500 // every_ms
    return asked_ms + 200 + (asked_ms - at_ms) * 2_000 // every_ms


def told(scenario: Scenario, played: Sequence[Emission]) -> tuple[list[Emission], dict[str, int]]:
    """The emissions as they are told, and what cannot be known. A kind scenario's are told as they are."""
    if scenario.unkindness == Unkindness():
        return list(played), {}
    teller = Told(scenario)
    return teller.emissions(played), dict(sorted(teller.unknowable.items()))
