"""How much of a room's traffic is inauthentic, minute by minute: enters, likes and comments, each with its share.

- Bounces, enters without a stay: present viewers × 60 seconds, divided by the shortest believable stay, is the most
  that can have entered in a minute (Little's law); it is five seconds, or a fifth of the room's own usual stay. Where a
  feed reports who left, enters that lasted three seconds or less are counted.
- Likes are counted by the platform's running total where it tells one (streams.detection.room.likes). What accounts did
  is known of the messages alone: their share of the likes in these is taken for that of all.
- Likes and comments beyond what a hand can do: more than ten taps a second or a comment every three seconds, for a
  whole minute, by one account; or more likes than the whole audience can tap.
- The same few accounts: five write half of the comments of a room with an audience, three minutes in a row.
- Repeats in lockstep: five accounts or more say the same words within ten seconds, and do so together three times in
  five minutes. Once is a raffle's password, which people do repeat.

All comments of a flagged account in that minute are inauthentic. Tables are cut to their largest, as in
streams.detection.evidence.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, Protocol, get_args
from zlib import crc32

import msgspec

from streams.alerts.alert import Alert
from streams.alerts.episode import Episode, Hysteresis, new_alert
from streams.alerts.wording import in_room
from streams.clock import MINUTE_MS
from streams.detection.config import DetectionConfig
from streams.detection.room.detector import RoomFacts
from streams.detection.room.likes import RoomLikes
from streams.detection.room_event import RoomEvent
from streams.ledger.stored import Stored

WINDOW_MINUTES = 5
FAKE_SHARE, CALM_SHARE = 0.3, 0.15
HYSTERESIS = Hysteresis(fire_after_ms=MINUTE_MS, resolve_after_ms=3 * MINUTE_MS)
MIN_STAY_SECONDS = 5.0
BOUNCE_SECONDS = 3
MAX_TAPS, MAX_COMMENTS = 600, 20
"""By one account in a minute."""
FEW_ACCOUNTS, FEW_SHARE, FEW_COMMENTS, MIN_AUDIENCE = 5, 0.5, 30, 30
SAME_MINUTES = 3
LOCKSTEP_MS = 10_000
LOCKSTEP_ACCOUNTS, LOCKSTEP_TIMES, LOCKSTEP_LETTERS = 5, 3, 6

TrafficFigure = Literal["enters", "likes", "comments"]
FIGURES: tuple[TrafficFigure, ...] = get_args(TrafficFigure)
MIN_COUNTS: Mapping[TrafficFigure, int] = {"enters": 60, "likes": 600, "comments": 30}
"""Fewer within the window are too few for a share."""
_KEPT_ACCOUNTS = 64
_STAY_STEP = 0.1


class MinuteResult(Stored):
    """A minute that is over: all traffic and the inauthentic part of it, each in the order of FIGURES."""

    all: list[int]
    fake: list[int]


class AccountActivity(Stored):
    """An account's minute."""

    likes: int = 0
    comments: int = 0


class TrafficWindow(Stored):
    """The running minute of a room's traffic, and the results of the last five. Beyond the minute, accounts are known
    by a checksum."""

    enters: int = 0
    likes: int = 0
    comments: int = 0
    bounces: int = 0
    viewers: int = 0
    """The sum of the minute's snapshots."""
    snapshots: int = 0
    accounts: dict[str, AccountActivity] = {}
    phrases: dict[str, list[int]] = {}
    """Accounts by `words:stretch`. Stretches of ten seconds begin every five, so that no border parts accounts that
    comment together."""
    usual_stay_seconds: float = 0.0
    busiest: dict[int, int] = {}
    """For how many minutes in a row an account has been among the busiest."""
    lockstep_minutes: dict[int, list[int]] = {}
    """The minutes in which an account was in lockstep, once for each time."""
    results: dict[int, MinuteResult] = {}
    """By minute since the epoch."""
    flagged_accounts: dict[str, int] = {}
    """Likes and comments by flagged account, in the last minute that had any."""
    unheard_likes: int = 0
    """Of the minute's likes, those that only the platform's total tells of."""
    told_likes: RoomLikes = msgspec.field(default_factory=RoomLikes)

    def add_snapshot(self, viewers: int) -> None:
        """Count a snapshot of the concurrent viewers."""
        self.viewers += viewers
        self.snapshots += 1

    def add_enters(self, number: int) -> None:
        self.enters += number

    def add_leave(self, stayed_seconds: int) -> None:
        """Count a leave; 0 seconds where the feed reports no stay."""
        self.bounces += 0 < stayed_seconds <= BOUNCE_SECONDS

    def add_likes(self, account: str | None, taps: int, total: int | None, at_ms: int) -> None:
        grown = self.told_likes.grown(taps, total, at_ms)
        self.likes += grown
        self.unheard_likes += grown - taps
        if account is not None:
            self._activity(account).likes += taps

    def add_comment(self, account: str | None, text: str, at_ms: int) -> None:
        self.comments += 1
        if account is None:
            return
        self._activity(account).comments += 1
        words = "".join(filter(str.isalnum, text.lower()))
        if len(words) < LOCKSTEP_LETTERS:
            return
        checksum, latest = crc32(account.encode()), at_ms // (LOCKSTEP_MS // 2)
        for stretch in (latest - 1, latest):
            group = self.phrases.setdefault(f"{crc32(words.encode()):x}:{stretch}", [])
            if checksum not in group and len(group) < _KEPT_ACCOUNTS:
                group.append(checksum)
        if len(self.phrases) >= 2 * _KEPT_ACCOUNTS:
            self.phrases = dict(sorted(self.phrases.items(), key=lambda item: -len(item[1]))[:_KEPT_ACCOUNTS])

    def close(self, minute: int) -> None:
        """Evaluate the minute, which is over, and begin the next."""
        present = self.viewers / self.snapshots if self.snapshots else None
        flagged = {account: self.accounts[account] for account in self._flag_accounts(minute, present)}
        likes = self._of_all_likes(sum(one.likes for one in flagged.values() if one.likes > MAX_TAPS))
        if present is not None:
            likes = max(likes, self.likes - round(max(1.0, present) * MAX_TAPS))
        fake = [self._count_bounces(present), likes, sum(activity.comments for activity in flagged.values())]
        everything = [self.enters, self.likes, self.comments]
        self.results[minute] = MinuteResult(everything, [min(pair) for pair in zip(fake, everything, strict=True)])
        if flagged:
            self.flagged_accounts = {account: one.likes + one.comments for account, one in flagged.items()}
        self._begin(minute)

    def _of_all_likes(self, heard_likes: int) -> int:
        """How many of the minute's likes some of those in its messages stand for."""
        heard = self.likes - self.unheard_likes
        return heard_likes * self.likes // heard if heard else 0

    def shares(self) -> dict[TrafficFigure, float]:
        """The inauthentic share over the last minutes, of each figure of which there was enough."""
        fake, every = self.fake_counts(), self.all_counts()
        return {figure: fake[figure] / every[figure] for figure in FIGURES if every[figure] >= MIN_COUNTS[figure]}

    def fake_counts(self) -> Counter[TrafficFigure]:
        """The inauthentic traffic of the last minutes."""
        return _sums(result.fake for result in self.results.values())

    def all_counts(self) -> Counter[TrafficFigure]:
        """All traffic of the last minutes."""
        return _sums(result.all for result in self.results.values())

    def _activity(self, account: str) -> AccountActivity:
        if account not in self.accounts and len(self.accounts) >= 2 * _KEPT_ACCOUNTS:
            heavy = sorted(self.accounts.items(), key=lambda item: -(item[1].likes + MAX_TAPS * item[1].comments))
            self.accounts = dict(heavy[:_KEPT_ACCOUNTS])
        return self.accounts.setdefault(account, AccountActivity())

    def _flag_accounts(self, minute: int, present: float | None) -> list[str]:
        busy = sorted(self.accounts, key=lambda account: (-self.accounts[account].comments, account))[:FEW_ACCOUNTS]
        few = self._same_few(busy, present)
        self._note_lockstep(minute)
        return [
            account
            for account, activity in self.accounts.items()
            if activity.likes > MAX_TAPS
            or activity.comments > MAX_COMMENTS
            or account in few
            or len(self.lockstep_minutes.get(crc32(account.encode()), ())) >= LOCKSTEP_TIMES
        ]

    def _same_few(self, busy: list[str], present: float | None) -> list[str]:
        """The busiest accounts, where they are the same as in the minutes before and write half of the comments."""
        written = sum(self.accounts[account].comments for account in busy)
        loud = self.comments >= FEW_COMMENTS and written >= FEW_SHARE * self.comments
        before, self.busiest = self.busiest, {}
        if not loud or present is None or present < MIN_AUDIENCE:
            return []
        checksums = {account: crc32(account.encode()) for account in busy}
        self.busiest = {checksum: before.get(checksum, 0) + 1 for checksum in checksums.values()}
        same = [account for account, checksum in checksums.items() if self.busiest[checksum] >= SAME_MINUTES]
        return same if len(same) > FEW_ACCOUNTS / 2 else []

    def _note_lockstep(self, minute: int) -> None:
        for group in self._lockstep_groups():
            for checksum in group:
                self.lockstep_minutes.setdefault(checksum, []).append(minute)
        since = minute - WINDOW_MINUTES
        recent = {one: [at for at in times if at > since] for one, times in self.lockstep_minutes.items()}
        kept = sorted(recent.items(), key=lambda item: (-len(item[1]), item[0]))[: 2 * _KEPT_ACCOUNTS]
        self.lockstep_minutes = {one: times for one, times in kept if times}

    def _lockstep_groups(self) -> Iterator[list[int]]:
        """Groups that say the same words, each time once: of stretches that overlap, the earlier."""
        counted: dict[str, int] = {}
        for key in sorted(self.phrases):
            words, _, stretch = key.partition(":")
            if len(self.phrases[key]) >= LOCKSTEP_ACCOUNTS and int(stretch) > counted.get(words, -2) + 1:
                counted[words] = int(stretch)
                yield self.phrases[key]

    def _count_bounces(self, present: float | None) -> int:
        bounces = self.bounces
        if present is not None and self.enters:
            shortest = max(MIN_STAY_SECONDS, self.usual_stay_seconds / 5)
            bounces = max(bounces, self.enters - round(max(1.0, present) * 60 / shortest))
            if bounces < CALM_SHARE * self.enters:
                stay = present * 60 / self.enters
                step = _STAY_STEP * (stay - self.usual_stay_seconds) if self.usual_stay_seconds else stay
                self.usual_stay_seconds += step
        return max(0, bounces)

    def _begin(self, minute: int) -> None:
        self.enters = self.likes = self.comments = self.bounces = self.viewers = self.snapshots = 0
        self.unheard_likes = 0
        self.accounts, self.phrases = {}, {}
        self.results = {at: result for at, result in self.results.items() if at > minute - WINDOW_MINUTES}


class BusyRoom(RoomFacts, Protocol):
    """The room's state as this detector reads and writes it."""

    traffic: TrafficWindow
    fake_traffic: Episode | None


class FakeTrafficDetector:
    """A RoomDetector."""

    def __init__(self, room: BusyRoom, config: DetectionConfig) -> None:  # noqa: ARG002 - nothing is configured
        self._room = room

    @property
    def alerting(self) -> bool:
        return self._room.fake_traffic is not None

    def on_event(self, event: RoomEvent, now_ms: int) -> Iterable[Alert]:  # noqa: ARG002 - minutes are what counts
        traffic, account = self._room.traffic, event.actor.id if event.actor else None
        match event.kind:
            case "viewers":
                traffic.add_snapshot(event.value)
            case "enter":
                traffic.add_enters(event.value)
            case "leave":
                traffic.add_leave(event.value)
            case "like" if event.value_mode != "snapshot":
                traffic.add_likes(account, event.value, event.total, event.event_time_ms)
            case "comment":
                traffic.add_comment(account, event.text or "", event.event_time_ms)
        return ()

    def on_minute(self, minute: int) -> Iterator[Alert]:
        room = self._room
        if room.ended:
            return
        room.traffic.close(minute - 1)
        room.fake_traffic, changed = update_episode(room, minute * MINUTE_MS)
        if room.fake_traffic is not None and changed:
            yield room.fake_traffic.alert
        if room.fake_traffic is not None and room.fake_traffic.over:
            room.fake_traffic = None

    def running(self, now_ms: int) -> Iterator[Alert]:  # noqa: ARG002 - shares are those of the minutes that are over
        episode = self._room.fake_traffic
        if episode is not None and episode.firing:
            shares = {f"fake_{name}_share": round(share, 3) for name, share in self._room.traffic.shares().items()}
            yield episode.as_of(episode.calm_since_ms, HYSTERESIS, present=shares)

    def on_session_end(self, now_ms: int) -> Iterator[Alert]:
        room = self._room
        if room.fake_traffic is not None:
            room.fake_traffic.resolve(now_ms)
            yield room.fake_traffic.alert
            room.fake_traffic = None
        room.traffic = TrafficWindow()


def update_episode(room: BusyRoom, now_ms: int) -> tuple[Episode | None, bool]:
    """The room's episode after a minute is over, and whether its alert is to be written."""
    episode, shares = room.fake_traffic, room.traffic.shares()
    worst = max(shares.values(), default=0.0)
    if episode is None:
        if worst < FAKE_SHARE:
            return None, False
        return Episode(_new_alert(room, shares, now_ms), since_ms=now_ms), True
    if worst >= max(FAKE_SHARE, *episode.alert.factors.values()):
        episode.revise(now_ms, **_alert_fields(room, shares))
    changed = episode.step(now_ms, holds=worst >= FAKE_SHARE, calm=worst < CALM_SHARE, hysteresis=HYSTERESIS)
    return episode, changed


def _new_alert(room: BusyRoom, shares: Mapping[TrafficFigure, float], now_ms: int) -> Alert:
    first = min(minute for minute, result in room.traffic.results.items() if any(result.fake))
    return new_alert(
        "fake_traffic",
        room.brand_id,
        started_at_ms=first * MINUTE_MS,
        now_ms=now_ms,
        severity="warning",
        room_id=room.room_id,
        **_alert_fields(room, shares),
    )


def _alert_fields(room: BusyRoom, shares: Mapping[TrafficFigure, float]) -> dict[str, Any]:
    fake, every = room.traffic.fake_counts(), room.traffic.all_counts()
    worst = max(shares, key=lambda figure: shares[figure])
    parts = [f"{fake[name]:,} of {every[name]:,} {name} ({share:.0%})" for name, share in shares.items()]
    ranked = sorted(room.traffic.flagged_accounts.items(), key=lambda item: (-item[1], item[0]))
    return {
        "summary": f"{in_room(room.room_id)}: {shares[worst]:.0%} of the {worst} did not come from real viewers",
        "explanation": f"In {WINDOW_MINUTES} minutes, {', '.join(parts)} did not come from real viewers. Real viewers"
        f" stay, tap less than {MAX_TAPS} times and write less than {MAX_COMMENTS} comments a minute, and do not speak"
        " in unison.",
        "observed": {f"fake_{name}": float(fake[name]) for name in FIGURES},
        "baseline": {name: float(every[name]) for name in FIGURES},
        "factors": {name: round(share, 3) for name, share in shares.items()},
        "spreaders": dict(ranked[:10]),
    }


def _sums(rows: Iterable[list[int]]) -> Counter[TrafficFigure]:
    return Counter(dict(zip(FIGURES, map(sum, zip(*rows, strict=True)), strict=False)))
