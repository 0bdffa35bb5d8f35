"""Feeds whose clocks are off, that are polled, or late: whole streams through the stage, one partition.

A stranger's clock moves no time but its own, and a crisis is met whenever its texts come. Times are minutes from the
start."""

import asyncio
import random
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any, NamedTuple

import msgspec
import pytest

from streams.alerts.alert import Alert
from streams.alerts.rule import AlertRule
from streams.detection.brand.brand import CODEC, Brand
from streams.detection.brand.windows import Tally
from streams.detection.config import DetectionConfig
from streams.detection.feed_time import FeedTime, Lateness
from streams.detection.views.topics import TEXTS
from streams.events.schema import Actor, Coordinates, ScoredText
from streams.topology import SCORED, SOCIAL
from tests.builders.records import at, text, text_batch
from tests.fakes.detection_worker import Worker


class Said(NamedTuple):
    """A text as a feed delivers it; minutes."""

    stamp: float
    event: float
    source: str = "weibo-search"
    mood: str = "neutral"
    brand: str = "acme"


class Heard(NamedTuple):
    alerts: list[Alert]
    late: int
    feeds: dict[str, FeedTime]

    def fired(self, kind: str, brand: str = "acme") -> list[Alert]:
        """The last version of each alert of the kind that fired."""
        last = {alert.fingerprint: alert for alert in self.alerts if alert.fired_at is not None}
        return [alert for alert in last.values() if (alert.kind, alert.brand_id) == (kind, brand)]


async def _hear(said: Sequence[Said], cut: int, deaths: bool) -> Heard:
    worker = Worker()
    handler = worker.start()
    await handler.assigned(SCORED, 0)
    texts = [_text(one, offset) for offset, one in enumerate(said)]
    for start in range(0, len(texts), cut):
        if deaths:
            handler = worker.start()
            await handler.assigned(SCORED, 0)
        await handler.apply(handler.prepare(text_batch(texts[start : start + cut], start)))
    brands = handler._partitions[SCORED, 0].detectors
    found = brands.get("acme")
    assert isinstance(found, Brand)
    return Heard(worker.publisher.alerts(), found.late_records, found.state.times.feeds)


def _text(one: Said, offset: int) -> ScoredText:
    return text(
        one.event, offset, mood=one.mood, source=one.source, brand_id=one.brand, log_time_ms=at(one.stamp),
        origin=Coordinates(SOCIAL, 0, offset), text=f"words {offset} {one.mood}",
    )  # fmt: skip


def hear(said: Iterable[Said], *, cut: int = 50, deaths: bool = False) -> Heard:
    return asyncio.run(_hear(list(said), cut, deaths))


def talk(
    minutes: Iterable[int], per_minute: int = 6, *, crisis: range = range(0), loud: int = 40, **facts: str
) -> list[Said]:
    """A brand's texts as they happen, with a harmful burst in some of the minutes."""
    said = list[Said]()
    for minute in minutes:
        number = loud if minute in crisis else per_minute
        mood = "negative" if minute in crisis else "neutral"
        said += [Said(when, when, mood=mood, **facts) for when in (minute + n / number for n in range(number))]
    return said


def off(said: Iterable[Said], by: float) -> list[Said]:
    """The same of a feed whose clock is off by so many minutes, its stamps too."""
    return [one._replace(stamp=one.stamp + by, event=one.event + by) for one in said]


def delayed(said: Iterable[Said], by: float) -> list[Said]:
    """The same, all so many minutes later."""
    return [one._replace(stamp=one.stamp + by) for one in said]


def polled(said: Iterable[Said], every: int, *, newest_first: bool = False) -> list[Said]:
    """The same as a poll every so many minutes brings it."""
    batches: dict[int, list[Said]] = {}
    for one in said:
        batches.setdefault((int(one.event) // every + 1) * every, []).append(one)
    return [
        one._replace(stamp=float(poll))
        for poll, batch in sorted(batches.items())
        for one in (reversed(batch) if newest_first else batch)
    ]


def together(*feeds: Iterable[Said], true: Sequence[float] = ()) -> list[Said]:
    """The feeds' records in the order of their arrival; `true` says how far each feed's stamps are off."""
    offs = [*true, *[0.0] * (len(feeds) - len(true))]
    rows = [(one.stamp - off, one) for feed, off in zip(feeds, offs, strict=True) for one in feed]
    return [one for _, one in sorted(rows, key=lambda row: row[0])]


OTHERS = talk(range(40), 4, brand="other", source="rss")
HONEST = talk(range(40), crisis=range(25, 35))


def met_in_time(heard: Heard) -> bool:
    """Whether the crisis of minutes 25 to 34 was met, as itself."""
    return any(
        at(24) <= alert.started_at <= at(27) and (alert.fired_at or 0) < at(35) for alert in heard.fired("crisis")
    )


@pytest.mark.parametrize("ahead", [0.4, 1.5, 4.5, 20, 55, 300])
def test_feed_that_is_ahead_makes_no_brand_deaf(ahead: float) -> None:
    fast = off(talk(range(40), source="fast"), ahead)
    heard = hear(together(HONEST, fast, OTHERS, true=[0, ahead]))
    assert met_in_time(heard)
    assert not heard.fired("feed_silent")
    assert not heard.fired("feed_silent", "other")
    assert not heard.fired("surge")
    assert heard.late == 0


@pytest.mark.parametrize("ahead", [4.5, 55])
def test_feed_that_is_ahead_is_told_of_by_name_and_figure(ahead: float) -> None:
    heard = hear(together(HONEST, off(talk(range(40), source="fast"), ahead), true=[0, ahead]))
    (told,) = heard.fired("feed_time")
    assert (told.source, told.state, told.severity) == ("fast", "firing", "warning")
    assert told.observed["offset_minutes"] == pytest.approx(-ahead, abs=0.3)
    assert f"{-told.observed['offset_minutes']:.1f} minutes ahead" in told.summary


@pytest.mark.parametrize("stamped_by", ["broker", "feed"])
def test_feed_that_is_an_hour_behind_is_told_of_and_its_crisis_met(stamped_by: str) -> None:
    slow = off(talk(range(80), crisis=range(65, 75), source="slow"), -60)
    if stamped_by == "broker":
        slow = delayed(slow, 60)
    others = talk(range(80), 4, brand="other", source="rss")
    heard = hear(together(others, slow, true=[0, -60 if stamped_by == "feed" else 0]))
    (told,) = heard.fired("feed_time")
    assert told.source == "slow"
    assert told.observed["offset_minutes"] == pytest.approx(60, abs=0.5)
    (crisis,) = heard.fired("crisis")
    assert at(64) <= crisis.started_at <= at(67)
    assert not heard.fired("surge")


def ahead(said: Iterable[Said], by: float) -> list[Said]:
    """The same of a feed whose clock is ahead by so many minutes; the broker stamps its records."""
    return [one._replace(event=one.event + by) for one in said]


@pytest.mark.parametrize("by", [6, 61, 8 * 60, 25 * 60])
def test_clock_hours_ahead_is_measured_told_of_and_corrected(by: float) -> None:
    fast = ahead(talk(range(40), crisis=range(25, 35), source="fast"), by)
    heard = hear(together(fast, OTHERS))
    (told,) = heard.fired("feed_time")
    assert (told.source, told.brand_id, told.state) == ("fast", "acme", "firing")
    assert told.observed["offset_minutes"] == pytest.approx(-by, abs=0.3)
    assert met_in_time(heard)
    assert {alert.kind for alert in heard.alerts} == {"crisis", "feed_time"}
    assert heard.late == 0


@pytest.mark.parametrize("by", [20, 8 * 60])
def test_polled_feed_far_ahead_is_heard_in_its_own_minutes(by: float) -> None:
    posts = ahead(polled(talk(range(300), 1, crisis=range(228, 236), loud=15), 30), by)
    heard = hear(together(posts, talk(range(300), 1, brand="other", source="rss")))
    (met,) = heard.fired("crisis")
    assert at(226) <= met.started_at <= at(237)
    learnt = [alert for alert in heard.alerts if alert.started_at > at(60)]
    assert {alert.kind for alert in learnt} == {"crisis"}
    assert heard.feeds["weibo-search"].offset_ms == pytest.approx(-by * 60_000, abs=3 * 60_000)


@pytest.mark.parametrize("per_minute", [1, 4])
@pytest.mark.parametrize("by", [6, 8, 10, 14])
def test_clock_some_minutes_ahead_is_measured_through_polls(by: float, per_minute: int) -> None:
    """A few of a poll's texts are far ahead, the others nearly so or behind: they are of one clock all the same."""
    heard = hear(ahead(polled(talk(range(300), per_minute), 60), by))
    assert heard.feeds["weibo-search"].offset_ms == pytest.approx(-by * 60_000, abs=65_000 + 60_000 / per_minute)
    assert {alert.kind for alert in heard.alerts} == {"feed_time"}


@pytest.mark.parametrize("strays", [1, 2, 5])
def test_strays_far_ahead_of_a_clock_that_is_a_little_ahead_move_nothing(strays: int) -> None:
    """Nothing lies between them and the others."""
    clock = FeedTime(0)
    for n in range(100):
        clock.correct(n * 6_000 + 250_000 + n % 7 * 1_000, n * 6_000)
    for n in range(strays):
        clock.correct(600_000 + 15 * 60_000 + n, 600_000 + n)
    assert clock.offset_ms == pytest.approx(-255_000, abs=3_000)


class Shown(NamedTuple):
    by_minute: dict[int, int]
    """Texts on screens, by the minute from the start."""
    alerts: list[Alert]


async def _show(said: Sequence[Said], *rules: AlertRule) -> Shown:
    worker = Worker(config=DetectionConfig(shadow_rules=rules))
    handler = worker.start()
    await handler.assigned(SCORED, 0)
    texts = [_text(one, offset) for offset, one in enumerate(said)]
    for start in range(0, len(texts), 7):
        await handler.apply(handler.prepare(text_batch(texts[start : start + 7], start)))
    found: dict[int, int] = {}
    for suffix, sums in worker.ledger.shards[SCORED, 0].numbers.items():
        if suffix.startswith("texts:") and suffix.endswith(":acme"):
            for name, number in sums.items():
                minute, _, label = name.split("|")
                if label == "texts" and number:
                    found[int(suffix.split(":")[1]) * 60 + int(minute) - at(0) // 60_000] = number
    return Shown(found, worker.publisher.alerts())


@pytest.mark.parametrize("newest_first", [False, True])
def test_first_poll_of_a_clock_ahead_is_no_surge_on_screens_and_in_rules_of_people(newest_first: bool) -> None:
    busy = AlertRule("busy", "texts", at_least=10)
    posts = ahead(polled(talk(range(60), 1), 60, newest_first=newest_first), 20)
    shown = asyncio.run(_show(posts, busy))
    assert sum(shown.by_minute.values()) == 60
    assert max(shown.by_minute.values()) <= 4
    assert min(shown.by_minute) <= 1
    assert not [alert for alert in shown.alerts if alert.rule == "busy"]


class Kept(NamedTuple):
    """What a brand's texts count in a ledger, by minute or ten minutes."""

    numbers: dict[str, dict[str, int]]
    windows: dict[int, int]
    tallies: dict[int, Tally]

    def of_kind(self, kind: str) -> dict[int, int]:
        """What is counted of it in each ten minutes since the start; of terms and labels the texts alone."""
        found: dict[int, int] = {}
        for suffix, counts in self.numbers.items():
            name, number = (*suffix.split(":"), "")[:2]
            for field, counted in counts.items() if name == kind else ():
                if kind in ("texts", "moods") and not field.endswith("|texts"):
                    continue
                ten = int(number) * 6 + int(field.split("|")[0]) // 10 if kind in ("texts", "moods") else int(number)
                if counted and (kind != "terms" or field == TEXTS):
                    found[ten - at(0) // 600_000] = found.get(ten - at(0) // 600_000, 0) + counted
        return found


async def _keep(told: Sequence[ScoredText], cut: int) -> Kept:
    worker = Worker()
    for start in range(0, len(told), cut):
        handler = worker.start()
        await handler.assigned(SCORED, 0)
        await handler.apply(handler.prepare(text_batch(told[start : start + cut], start)))
    shard = worker.ledger.shards[SCORED, 0]
    windows = CODEC.decode(shard.values["brands"]["acme"]).conversation.windows.minutes
    numbers = {suffix: {name: int(n) for name, n in counts.items()} for suffix, counts in shard.numbers.items()}
    tallies = {minute - at(0) // 60_000: tally for minute, tally in windows.items()}
    return Kept(numbers, {minute: tally.texts for minute, tally in tallies.items() if tally.texts}, tallies)


def _asked(said: Iterable[Said], **changes: Any) -> list[ScoredText]:
    """The texts as questions in a room."""
    return [
        msgspec.structs.replace(_text(one, offset), room_id="r1", text=f"does number {offset} fit?", **changes)
        for offset, one in enumerate(said)
    ]


def _gone(texts: Sequence[ScoredText], *, with_account: bool = False) -> list[ScoredText]:
    facts = {"kind": "retraction", "text": "", "scored": False, "sentiment": None, "room_id": None}
    return [
        msgspec.structs.replace(
            one, **facts, event_id=f"{one.event_id}:gone", origin=Coordinates(SOCIAL, 0, 10_000 + offset),
            retracts=None if with_account else one.event_id, actor=one.actor if with_account else None,
        )
        for offset, one in enumerate(texts)
    ]  # fmt: skip


KINDS = "texts", "moods", "voices", "terms", "asked"


@pytest.mark.parametrize("cut", [1, 7, 100])
@pytest.mark.parametrize("newest_first", [False, True])
def test_first_poll_of_a_clock_ahead_is_in_its_ten_minutes_on_every_screen(newest_first: bool, cut: int) -> None:
    posts = ahead(polled(talk(range(60), 1), 60, newest_first=newest_first), 20)
    kept = asyncio.run(_keep(_asked(posts), cut))
    for kind in KINDS:
        assert sum(kept.of_kind(kind).values()) == 60
        assert max(kept.of_kind(kind).values()) <= 14, kind
        assert kept.of_kind(kind) == kept.of_kind("texts")


@pytest.mark.parametrize("cut", [1, 7, 200])
@pytest.mark.parametrize("newest_first", [False, True])
def test_text_of_a_first_poll_that_moved_is_taken_from_where_it_is(newest_first: bool, cut: int) -> None:
    texts = _asked(ahead(polled(talk(range(60), 1), 60, newest_first=newest_first), 20))
    kept = asyncio.run(_keep([*texts, *_gone(texts)], cut))
    assert [kept.of_kind(kind) for kind in KINDS] == [{}] * len(KINDS)
    assert kept.windows == {}


def _unscored(one: ScoredText) -> ScoredText:
    return msgspec.structs.replace(
        one, scored=False, unscored="model", sentiment=None, sentiment_scores={}, risks={}, flagged=[]
    )


def _in_some_order(texts: Sequence[ScoredText], chosen: random.Random) -> tuple[list[ScoredText], list[ScoredText]]:
    """The texts, most of which get their scores later and some of which are taken back, by themselves or with their
    account, each whenever it may be; and the same where every text has its scores at once."""
    late, at_once = list[tuple[float, ScoredText]](), list[tuple[float, ScoredText]]()
    for place, one in enumerate(texts):
        scored_later = chosen.random() < 0.7
        late.append((place, _unscored(one) if scored_later else one))
        at_once.append((place, one))
        if scored_later:
            late.append((place + chosen.uniform(0.1, 40), one))
        if chosen.random() < 0.4:
            [gone] = _gone([one], with_account=chosen.random() < 0.5)
            at = place + chosen.uniform(0.1, 40)
            late.append((at, gone))
            at_once.append((at, gone))

    def in_order(told: list[tuple[float, ScoredText]]) -> list[ScoredText]:
        return [
            msgspec.structs.replace(one, origin=Coordinates(SOCIAL, 1, offset)) if one.kind == "retraction" else one
            for offset, (_, one) in enumerate(sorted(told, key=lambda each: each[0]))
        ]

    return in_order(late), in_order(at_once)


@pytest.mark.parametrize("by", [0, 20, -480])
@pytest.mark.parametrize("seed", range(12))
def test_scores_that_come_late_count_where_their_text_is(seed: int, by: int) -> None:
    """A first poll, whose texts move when its clock is known; scores and retractions come before that or later."""
    chosen = random.Random(f"{seed} {by}")
    posts = ahead(polled(talk(range(60), 1), 60, newest_first=chosen.random() < 0.5), by)
    moods: list[dict[str, Any]] = [
        {"sentiment": "negative", "risks": {"abuse": 0.8}, "flagged": ["abuse"]},
        {"sentiment": "positive"},
    ]
    kinds = ["comment", "comment", "host_speech"]
    texts = [
        msgspec.structs.replace(one, kind=chosen.choice(kinds), **chosen.choice(moods)) for one in _asked(posts)
    ]  # fmt: skip
    late, at_once = _in_some_order(texts, chosen)
    cut = chosen.choice([1, 7, 200])
    kept = asyncio.run(_keep(late, cut))
    assert _counts(kept) == _counts(asyncio.run(_keep(at_once, cut)))
    gone = {one.retracts or f"e{(one.actor.id if one.actor else '')[1:]}" for one in late if one.kind == "retraction"}
    left = [one for one in texts if one.event_id not in gone]
    assert sum(kept.of_kind("texts").values()) == len(left)
    if by >= 0:  # else the first lie hours back, where no window is kept
        assert sum(kept.windows.values()) == sum(one.kind == "comment" for one in left)


def _counts(kept: Kept) -> dict[str, Any]:
    """All that is counted, without noughts: what was taken back leaves some."""
    numbers = {suffix: {name: n for name, n in counts.items() if n} for suffix, counts in kept.numbers.items()}
    tallies = {minute: tally for minute, tally in kept.tallies.items() if tally != Tally()}
    return {"numbers": {suffix: counts for suffix, counts in numbers.items() if counts}, "tallies": tallies}


@pytest.mark.parametrize("newest_first", [False, True])
def test_brands_own_posts_of_a_first_poll_move_on_screens_too(newest_first: bool) -> None:
    posts = ahead(polled(talk(range(60), 1), 60, newest_first=newest_first), 20)
    kept = asyncio.run(_keep(_asked(posts, kind="brand_post"), 7))
    assert sum(kept.of_kind("texts").values()) == 60
    assert max(kept.of_kind("texts").values()) <= 14


@pytest.mark.parametrize("by", [-480, 20])
@pytest.mark.parametrize("account", [False, True])
def test_text_of_a_clock_that_is_off_is_taken_back(account: bool, by: int) -> None:
    """By its id, or with its account: what it counted is found whatever its feed says of the time."""
    said = [one._replace(event=one.event + by) for one in talk(range(60), 1)]
    texts = [msgspec.structs.replace(one, actor=Actor("a-1")) for one in _asked(said)]
    gone = _gone(texts[-1:], with_account=True) if account else _gone(texts[30:])
    kept = asyncio.run(_keep([*texts, *gone], 7))
    assert max(kept.windows, default=None) == (None if account else 29)


@pytest.mark.parametrize("newest_first", [False, True])
def test_burst_in_the_first_poll_of_a_clock_ahead_is_met_by_rules_of_people(newest_first: bool) -> None:
    busy = AlertRule("busy", "texts", at_least=25)
    posts = ahead(polled(talk(range(60), 1, crisis=range(56, 59), loud=15), 60, newest_first=newest_first), 20)
    shown = asyncio.run(_show(posts, busy))
    assert [alert for alert in shown.alerts if alert.rule == "busy"]


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize(("every", "by"), [(30, 20), (60, 20), (60, 40)])
def test_first_poll_of_a_clock_ahead_is_no_surge(every: int, by: float, newest_first: bool) -> None:
    """Nothing is known of the clock yet: the poll's own texts say, one after the other, how far ahead it is."""
    talked = talk(range(300), 1, crisis=range(228, 236), loud=15)
    posts = ahead(polled(talked, every, newest_first=newest_first), by)
    heard = hear(together(posts, talk(range(300), 1, brand="other", source="rss")))
    (met,) = heard.fired("crisis")
    assert at(226) <= met.started_at <= at(240)
    assert {alert.kind for alert in heard.alerts} == {"crisis", "feed_time"}


@pytest.mark.parametrize("newest_first", [False, True])
def test_first_poll_of_a_clock_ahead_beside_a_live_feed_is_no_surge(newest_first: bool) -> None:
    posts = ahead(polled(talk(range(200, 300), 2), 30, newest_first=newest_first), 40)
    heard = hear(together(posts, talk(range(300), 2, source="live")))
    assert {alert.kind for alert in heard.alerts} == {"feed_time"}


def test_alerts_of_polls_ahead_are_the_same_whatever_the_batches_and_restarts() -> None:
    posts = ahead(polled(talk(range(150), 2, crisis=range(100, 108), loud=15), 30), 20)
    expected = hear(posts).alerts
    assert {alert.kind for alert in expected} == {"crisis", "feed_time"}
    for cut in (7, 301):
        assert hear(posts, cut=cut, deaths=True).alerts == expected


@pytest.mark.parametrize("strays", [1, 3, 8])
def test_strays_far_ahead_are_counted_and_move_nothing(strays: int) -> None:
    said = [Said(25.02 + n / 10, 25.02 + n / 10 + (n + 2) * 110) for n in range(strays)]
    heard = hear(together(HONEST, OTHERS, said))
    assert met_in_time(heard)
    assert heard.late == 0
    assert {alert.kind for alert in heard.alerts} == {"crisis"}
    assert heard.feeds["weibo-search"].ahead_records == strays


def test_clock_that_is_ahead_by_chance_is_taken_at_its_arrival() -> None:
    rng = random.Random(5)
    wild = [one._replace(event=one.event + rng.uniform(10, 1_500)) for one in HONEST]
    heard = hear(together(wild, OTHERS))
    assert met_in_time(heard)
    assert {alert.kind for alert in heard.alerts} == {"crisis"}


def test_clock_hours_ahead_that_is_set_right_makes_nobody_late() -> None:
    heard = hear(together([*ahead(talk(range(20)), 480), *talk(range(20, 40), crisis=range(25, 35))], OTHERS))
    assert heard.late == 0
    assert met_in_time(heard)
    assert [alert.state for alert in heard.alerts if alert.kind == "feed_time"][-1] == "resolved"


def test_two_clocks_under_one_name_make_nobody_late() -> None:
    odd = ahead(talk(range(40), 9), 480)
    heard = hear(together(HONEST, odd, OTHERS))
    assert heard.late == 0
    assert met_in_time(heard)


def test_two_sources_with_clocks_of_their_own_are_one_crisis() -> None:
    fast = off(talk(range(40), 3, crisis=range(25, 35), loud=12, source="fast"), 4)
    honest = talk(range(40), 3, crisis=range(25, 35), loud=12)
    heard = hear(together(honest, fast, true=[0, 4]))
    assert met_in_time(heard)
    assert len(heard.fired("crisis")) == 1


@pytest.mark.parametrize("brand", ["acme", "other"])
@pytest.mark.parametrize("source", ["weibo-search", "stranger"])
@pytest.mark.parametrize("ahead", [4.5, 58])
def test_stray_record_ahead_moves_nothing_but_itself(ahead: float, source: str, brand: str) -> None:
    stray = Said(25.01 + ahead, 25.01 + ahead, source, brand=brand)
    heard = hear(together(HONEST, OTHERS, [stray], true=[0, 0, ahead]))
    assert met_in_time(heard)
    assert heard.late == 0
    assert {alert.kind for alert in heard.alerts} == {"crisis"}


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("every", [5, 30, 60])
def test_polled_feed_is_heard_in_its_own_minutes_and_never_silent(every: int, newest_first: bool) -> None:
    polls = 8
    crisis = range(polls * every - 12, polls * every - 4)
    posts = polled(talk(range((polls + 2) * every), 1, crisis=crisis, loud=15), every, newest_first=newest_first)
    others = talk(range((polls + 2) * every), 1, brand="other", source="rss")
    heard = hear(together(posts, others))
    (met,) = heard.fired("crisis")
    assert at(crisis[0] - 2) <= met.started_at <= at(crisis[-1] + 1)
    assert met.fired_at is not None
    assert met.fired_at <= at(polls * every + 1), "with the poll that brought it"
    assert {alert.kind for alert in heard.alerts} == {"crisis"}
    assert heard.late < 0.06 * len(posts), "only until its lateness is known"


def test_polled_feed_beside_a_live_one_is_no_false_alarm() -> None:
    live = talk(range(240), 3, source="live")
    posts = polled(talk(range(240), 3), 30)
    heard = hear(together(posts, live))
    assert heard.alerts == []


def test_polled_feed_that_stops_is_silent_after_some_polls() -> None:
    posts = polled(talk(range(240), 1), 30)
    heard = hear(together(posts, talk(range(400), 1, brand="other", source="rss")))
    (silent,) = heard.fired("feed_silent")
    assert at(300) < (silent.fired_at or 0) <= at(240 + 3 * 30 + 3)


def test_source_that_becomes_late_is_counted_until_that_is_known() -> None:
    early, later = talk(range(120), 4), talk(range(120, 300), 4, crisis=range(250, 258))
    heard = hear(together([*early, *polled(later, 20)], talk(range(330), 4, brand="other", source="rss")))
    assert 0 < heard.late < 60
    assert [at(248) <= alert.started_at <= at(252) for alert in heard.fired("crisis")] == [True]
    assert len(heard.fired("feed_silent")) == 1, "of its first gap: nobody knew that it would be polled from then on"


def test_backlog_of_a_day_replays_as_it_arrived() -> None:
    day = talk(range(1_440), 2, crisis=range(700, 710), loud=20)
    heard = hear(day, cut=5_000)
    (crisis,) = heard.fired("crisis")
    assert at(699) <= crisis.started_at <= at(702)
    assert {alert.kind for alert in heard.alerts} == {"crisis"}


def test_alerts_are_the_same_whatever_the_batches_and_restarts() -> None:
    fast = off(talk(range(40), 3, source="fast"), 55)
    posts = polled(talk(range(40), 2, source="polled"), 10)
    said = together(HONEST, fast, posts, OTHERS, true=[0, 55])
    expected = hear(said).alerts
    assert expected
    for cut in (7, 301):
        assert hear(said, cut=cut, deaths=True).alerts == expected


def test_clock_that_is_set_right_is_let_go() -> None:
    honest = talk(range(20))
    wrong = together(honest, off(talk(range(20), source="fast"), 4.5), true=[0, 4.5])
    right = together(off(honest, 20), talk(range(20, 40), source="fast"))
    heard = hear([*wrong, *right])
    assert [alert.state for alert in heard.alerts if alert.kind == "feed_time"][-1] == "resolved"


def test_lateness_is_a_high_quantile_that_forgets() -> None:
    lateness, minute = Lateness(), count()
    for _ in range(200):
        lateness.learn(0, at(next(minute)))
    lateness.learn(50 * 60_000, at(next(minute)))
    assert lateness.needed_ms == 0, "one stray is nothing to wait for"
    for _ in range(50):
        lateness.learn(20 * 60_000, at(next(minute)))
    assert lateness.needed_ms == 20 * 60_000
    for _ in range(6_000):
        lateness.learn(0, at(next(minute)))
    assert lateness.needed_ms == 0


def test_network_delays_and_late_texts_are_no_clock_that_is_off() -> None:
    rng, feed = random.Random(3), FeedTime(at(0))
    for number in range(2_000):
        arrived = at(number / 10)
        feed.correct(arrived - int(rng.expovariate(1 / 120_000)), arrived)
    assert feed.offset_ms == 0


@pytest.mark.parametrize("off_minutes", [4.5, 480, -61])
def test_screens_have_the_texts_of_a_feed_that_is_off_in_their_own_minutes(off_minutes: float) -> None:
    async def shown() -> dict[str, int]:
        worker = Worker()
        handler = worker.start()
        await handler.assigned(SCORED, 0)
        said = [Said(number / 2, number / 2 + off_minutes) for number in range(100)]
        await handler.apply(handler.prepare(text_batch([_text(one, offset) for offset, one in enumerate(said)])))
        return worker.ledger.shards[SCORED, 0].numbers["texts:" + str(at(0) // 3_600_000) + ":acme"]

    texts = asyncio.run(shown())
    assert [texts.get(f"{minute}|weibo|texts") for minute in range(30, 50)] == [2] * 20
