"""How much of a room's traffic no people make, minute by minute: enters, likes and comments, each with its share.

- enters without stay: who is present has stayed, so present × 60 seconds, divided by the shortest believable stay, is
  the most that can have entered in a minute (Little's law); it is five seconds, or a fifth of the room's own usual
  stay. Where a feed tells who left, those who stayed three seconds or less are counted.
- likes and comments that nobody's hands make: more than ten taps a second or a comment every three seconds, for a
  whole minute, by one account; or more likes than the whole audience can tap.
- the same few accounts: five write half of the comments of a room with an audience, three minutes on end.
- repeats in lockstep: five accounts or more say the same words within ten seconds, and do so together three times in
  five minutes. Once is a raffle's password, which people do repeat.

An account that is found writes no honest comment in that minute. Tables are cut to their largest, as in `witnesses`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, get_args
from zlib import crc32

from streams.alerts.episode import Episode, Hysteresis, new_alert
from streams.clock import MINUTE_MS
from streams.ledger.stored import Stored

WINDOW_MINUTES = 5
FAKE_SHARE, CALM_SHARE = 0.3, 0.15
PATIENCE = Hysteresis(fire_after_ms=MINUTE_MS, resolve_after_ms=3 * MINUTE_MS)
MIN_STAY_SECONDS = 5.0
HOLLOW_STAY_SECONDS = 3
MAX_TAPS, MAX_COMMENTS = 600, 20
"""By one account in a minute."""
FEW_ACCOUNTS, FEW_SHARE, FEW_COMMENTS, AUDIENCE = 5, 0.5, 30, 30
SAME_MINUTES = 3
LOCKSTEP_MS = 10_000
LOCKSTEP_ACCOUNTS, LOCKSTEP_TIMES, LOCKSTEP_LETTERS = 5, 3, 6

Figure = Literal["enters", "likes", "comments"]
FIGURES: tuple[Figure, ...] = get_args(Figure)
LEAST: Mapping[Figure, int] = {"enters": 60, "likes": 600, "comments": 30}
"""Fewer within the window are too few to speak of a share."""
_KEPT = 64
_STAY_STEP = 0.1


class MinuteResult(Stored):
    """A minute that is over: all, and what no people made, in the order of FIGURES."""

    all: list[int]
    fake: list[int]


class AccountActivity(Stored):
    """An account's minute."""

    likes: int = 0
    comments: int = 0


class TrafficWindow(Stored):
    """What is remembered of a room's traffic. Accounts are known by a checksum beyond the minute."""

    enters: int = 0
    likes: int = 0
    comments: int = 0
    hollow: int = 0
    viewers: int = 0
    """The sum of the minute's snapshots."""
    snapshots: int = 0
    accounts: dict[str, AccountActivity] = {}
    said: dict[str, list[int]] = {}
    """Who said it, by `words:stretch`. Stretches of ten seconds begin every five, lest a border part those who speak
    together."""
    usual_stay: float = 0.0
    busiest: dict[int, int] = {}
    """For how many minutes on end these have been the busiest."""
    together: dict[int, list[int]] = {}
    """The minutes in which an account was in lockstep, once for each time."""
    past: dict[int, MinuteResult] = {}
    culprits: dict[str, int] = {}
    """Fake likes and comments by account, in the last minute that had any."""

    def see(self, viewers: int) -> None:
        """A snapshot of the concurrent viewers."""
        self.viewers += viewers
        self.snapshots += 1

    def enter(self, number: int) -> None:
        self.enters += number

    def leave(self, stayed_seconds: int) -> None:
        """0 seconds: the feed does not tell."""
        self.hollow += 0 < stayed_seconds <= HOLLOW_STAY_SECONDS

    def like(self, account: str | None, taps: int) -> None:
        self.likes += taps
        if account is not None:
            self._of(account).likes += taps

    def comment(self, account: str | None, text: str, at_ms: int) -> None:
        self.comments += 1
        if account is None:
            return
        self._of(account).comments += 1
        words = "".join(filter(str.isalnum, text.lower()))
        if len(words) < LOCKSTEP_LETTERS:
            return
        who, latest = crc32(account.encode()), at_ms // (LOCKSTEP_MS // 2)
        for stretch in (latest - 1, latest):
            group = self.said.setdefault(f"{crc32(words.encode()):x}:{stretch}", [])
            if who not in group and len(group) < _KEPT:
                group.append(who)
        if len(self.said) >= 2 * _KEPT:
            self.said = dict(sorted(self.said.items(), key=lambda item: -len(item[1]))[:_KEPT])

    def close(self, minute: int) -> None:
        """The minute is over: find what no people made, and begin the next."""
        present = self.viewers / self.snapshots if self.snapshots else None
        fakes = self._fake_accounts(minute, present)
        by_account = {account: self.accounts[account] for account in fakes}
        likes = sum(taps.likes for account, taps in by_account.items() if taps.likes > MAX_TAPS)
        if present is not None:
            likes = max(likes, self.likes - round(max(1.0, present) * MAX_TAPS))
        fake = [self._hollow_enters(present), likes, sum(taps.comments for taps in by_account.values())]
        everything = [self.enters, self.likes, self.comments]
        self.past[minute] = MinuteResult(everything, [min(pair) for pair in zip(fake, everything, strict=True)])
        if by_account:
            self.culprits = {account: taps.likes + taps.comments for account, taps in by_account.items()}
        self._begin(minute)

    def shares(self) -> dict[Figure, float]:
        """What is fake over the last minutes, of each figure of which there was enough."""
        sums = {
            figure: (sum(one.fake[at] for one in self.past.values()), sum(one.all[at] for one in self.past.values()))
            for at, figure in enumerate(FIGURES)
        }
        return {figure: fake / every for figure, (fake, every) in sums.items() if every >= LEAST[figure]}

    def _of(self, account: str) -> AccountActivity:
        if account not in self.accounts and len(self.accounts) >= 2 * _KEPT:
            heavy = sorted(self.accounts.items(), key=lambda item: -(item[1].likes + MAX_TAPS * item[1].comments))
            self.accounts = dict(heavy[:_KEPT])
        return self.accounts.setdefault(account, AccountActivity())

    def _fake_accounts(self, minute: int, present: float | None) -> list[str]:
        busy = sorted(self.accounts, key=lambda account: (-self.accounts[account].comments, account))[:FEW_ACCOUNTS]
        few = self._few(busy, present)
        self._note_lockstep(minute)
        return [
            account
            for account, taps in self.accounts.items()
            if taps.likes > MAX_TAPS
            or taps.comments > MAX_COMMENTS
            or account in few
            or len(self.together.get(crc32(account.encode()), ())) >= LOCKSTEP_TIMES
        ]

    def _few(self, busy: list[str], present: float | None) -> list[str]:
        """The busiest accounts, where they are the same as before and write half of it."""
        written = sum(self.accounts[account].comments for account in busy)
        loud = self.comments >= FEW_COMMENTS and written >= FEW_SHARE * self.comments
        before, self.busiest = self.busiest, {}
        if not loud or present is None or present < AUDIENCE:
            return []
        names = {account: crc32(account.encode()) for account in busy}
        self.busiest = {name: before.get(name, 0) + 1 for name in names.values()}
        same = [account for account, name in names.items() if self.busiest[name] >= SAME_MINUTES]
        return same if len(same) > FEW_ACCOUNTS / 2 else []

    def _note_lockstep(self, minute: int) -> None:
        for group in self._unisons():
            for who in group:
                self.together.setdefault(who, []).append(minute)
        since = minute - WINDOW_MINUTES
        recent = {who: [at for at in times if at > since] for who, times in self.together.items()}
        kept = sorted(recent.items(), key=lambda item: (-len(item[1]), item[0]))[: 2 * _KEPT]
        self.together = {who: times for who, times in kept if times}

    def _unisons(self) -> Iterator[list[int]]:
        """Groups of the same words, each time once: of stretches that overlap the earlier."""
        counted: dict[str, int] = {}
        for key in sorted(self.said):
            words, _, stretch = key.partition(":")
            if len(self.said[key]) >= LOCKSTEP_ACCOUNTS and int(stretch) > counted.get(words, -2) + 1:
                counted[words] = int(stretch)
                yield self.said[key]

    def _hollow_enters(self, present: float | None) -> int:
        hollow = self.hollow
        if present is not None and self.enters:
            shortest = max(MIN_STAY_SECONDS, self.usual_stay / 5)
            hollow = max(hollow, self.enters - round(max(1.0, present) * 60 / shortest))
            if hollow < CALM_SHARE * self.enters:
                stay = present * 60 / self.enters
                self.usual_stay += _STAY_STEP * (stay - self.usual_stay) if self.usual_stay else stay
        return max(0, hollow)

    def _begin(self, minute: int) -> None:
        self.enters = self.likes = self.comments = self.hollow = self.viewers = self.snapshots = 0
        self.accounts, self.said = {}, {}
        self.past = {at: found for at, found in self.past.items() if at > minute - WINDOW_MINUTES}


def update_episode(
    episode: Episode | None, traffic: TrafficWindow, brand_id: str, room_id: str, now_ms: int
) -> tuple[Episode | None, bool]:
    """The room's episode after a minute is over, and whether its alert is to be written."""
    shares = traffic.shares()
    worst = max(shares.values(), default=0.0)
    if episode is None:
        if worst < FAKE_SHARE:
            return None, False
        return Episode(_opened(traffic, shares, brand_id, room_id, now_ms), since_ms=now_ms), True
    if worst >= max(FAKE_SHARE, *episode.alert.factors.values()):
        episode.revise(now_ms, **_told(traffic, shares, room_id))
    changed = episode.step(now_ms, holds=worst >= FAKE_SHARE, calm=worst < CALM_SHARE, patience=PATIENCE)
    return episode, changed


def _opened(traffic: TrafficWindow, shares: Mapping[Figure, float], brand_id: str, room_id: str, now_ms: int) -> Any:
    first = min(at for at, found in traffic.past.items() if any(found.fake))
    return new_alert(
        "fake_traffic", brand_id, started_at_ms=first * MINUTE_MS, now_ms=now_ms, severity="warning", room_id=room_id,
        **_told(traffic, shares, room_id),
    )  # fmt: skip


def _told(traffic: TrafficWindow, shares: Mapping[Figure, float], room_id: str) -> dict[str, Any]:
    fake = _sums(found.fake for found in traffic.past.values())
    every = _sums(found.all for found in traffic.past.values())
    figure = max(shares, key=lambda name: shares[name])
    parts = [f"{fake[name]:,} of {every[name]:,} {name} ({share:.0%})" for name, share in shares.items()]
    ranked = sorted(traffic.culprits.items(), key=lambda item: (-item[1], item[0]))
    return {
        "summary": f"room {room_id}: {shares[figure]:.0%} of the {figure} are not made by people",
        "explanation": f"Over {WINDOW_MINUTES} minutes no people made {', '.join(parts)}. People stay, tap less than"
        f" {MAX_TAPS} times and write less than {MAX_COMMENTS} comments a minute, and do not speak in unison.",
        "observed": {f"fake_{name}": float(fake[name]) for name in FIGURES},
        "baseline": {name: float(every[name]) for name in FIGURES},
        "factors": {name: round(share, 3) for name, share in shares.items()},
        "spreaders": dict(ranked[:10]),
    }


def _sums(rows: Iterable[list[int]]) -> Counter[Figure]:
    total = Counter[Figure]()
    for row in rows:
        total.update(dict(zip(FIGURES, row, strict=True)))
    return total
