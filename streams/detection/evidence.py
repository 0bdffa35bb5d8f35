"""What an alert shows: its texts, the accounts that spread it, and how much of it is coordinated.

Each wording is one piece of evidence with the number of its texts; harm, praise and other talk are kept apart, so that
an alert is shown by what raised it.

Sizes are bounded, whatever the volume: tables of accounts and wordings are cut to their largest when they grow too long
(as in lossy counting, Manku and Motwani, 2002), so the heavy ones are counted exactly and the light ones too low.
"""

import math
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Literal

import msgspec

from streams.alerts.alert import Evidence
from streams.events.identity import event_identity
from streams.events.schema import Actor, Event, ScoredText
from streams.ledger.stored import Stored

SHOWN_TEXTS = 8
SHOWN_CHARACTERS = 280
SPREADERS = 10
FEW_ACCOUNTS = 5
COORDINATED_SHARE = 0.5
"""Half of the texts from five accounts, or in one wording, do not happen by themselves."""
_MIN_TEXTS = 15
_TABLE = 200
ORDINARY_DIGITS = 2.0
_VERIFIED = 1.5
_WORDING_CHARACTERS = 24

Tone = Literal["harm", "praise", "talk"]
"""What a text adds to: harm to the brand, praise, or neither."""


class RankedEvidence(Stored):
    weight: float
    """Of its heaviest text, which is the one that is shown."""
    evidence: Evidence
    wording: str = ""

    @property
    def rank(self) -> float:
        """Its weight, and one more for each doubling of the texts that say the same."""
        return self.weight + math.log2(self.evidence.count)


class EvidenceCollector(Stored):
    """Texts since the last calm window, or since the episode began."""

    texts: int = 0
    with_account: int = 0
    accounts: dict[str, int] = {}
    influence: dict[str, float] = {}
    """Of those accounts whose text weighs more than one."""
    wordings: dict[str, int] = {}
    shown: list[RankedEvidence] = []
    """Wordings of harm, the first in rank first."""
    praise: list[RankedEvidence] = []
    talk: list[RankedEvidence] = []
    neutral_wordings: dict[str, int] = {}
    """Of texts that take no side."""

    def add(self, text: ScoredText, weight: float, *, opinionated: bool, tone: Tone = "harm") -> None:
        """Add a text. The wordings of the highest rank are kept to be shown, by tone; only opinionated texts, which
        take a side, count towards accounts and coordination."""
        wording = wording_of(text.text)
        counts = self.wordings if opinionated else self.neutral_wordings
        counts[wording] = counts.get(wording, 0) + 1
        self._show(self._by_tone(tone), text, weight, wording, counts[wording])
        prune(counts)
        if opinionated:
            self.texts += 1
            self._count_account(text)

    def take_back(
        self, is_gone: Callable[[Evidence], bool], actor_id: str | None, wordings: Iterable[tuple[str, bool]]
    ) -> None:
        """Quote what is gone no more, and count texts no more that were counted here: for each its wording, and whether
        it took a side. Texts from before a calm window are not counted here: no number falls below what is left."""
        for shown in (self.shown, self.praise, self.talk):
            shown[:] = [ranked for ranked in shown if not is_gone(ranked.evidence)]
        for wording, opinionated in wordings:
            _count_down(self.wordings if opinionated else self.neutral_wordings, wording)
            if opinionated:
                self.texts = max(0, self.texts - 1)
            if opinionated and actor_id is not None and actor_id in self.accounts:
                self.with_account = max(0, self.with_account - 1)
                _count_down(self.accounts, actor_id)
            for ranked in (*self.shown, *self.praise, *self.talk):
                if ranked.wording == wording and ranked.evidence.count > 1:
                    ranked.evidence = msgspec.structs.replace(ranked.evidence, count=ranked.evidence.count - 1)
                    break

    def reset(self) -> None:
        """Drop the collected texts: they did not become an episode."""
        self.texts = self.with_account = 0
        self.accounts, self.influence, self.wordings, self.neutral_wordings = {}, {}, {}, {}
        self.shown, self.praise, self.talk = [], [], []

    def evidence(self, tone: Tone | None = "harm") -> list[Evidence]:
        """One piece a wording, of a tone or of all tones (None) by the number of texts."""
        if tone is None:
            everything = sorted([*self.shown, *self.praise, *self.talk], key=lambda ranked: -ranked.evidence.count)
            return [ranked.evidence for ranked in everything[:SHOWN_TEXTS]]
        return [ranked.evidence for ranked in self._by_tone(tone)]

    def spreaders(self) -> dict[str, int]:
        """The accounts that spread it, as pseudonym → texts times the account's influence, the largest first."""
        influence = {
            actor_id: round(texts * self.influence.get(actor_id, 1.0)) for actor_id, texts in self.accounts.items()
        }
        ranked = sorted(influence.items(), key=lambda item: (-item[1], item[0]))
        return dict(ranked[:SPREADERS])

    def coordination(self) -> float:
        """The larger of two shares, of the five busiest accounts and of the commonest wording; 0 on too few texts."""
        if self.texts < _MIN_TEXTS:
            return 0.0
        wording = max(self.wordings.values(), default=0) / self.texts
        return min(1.0, max(wording, self.few_accounts_share()))

    def few_accounts(self) -> bool:
        """Whether most texts come from a handful of accounts or, where no account is known, in one wording."""
        share = self.few_accounts_share() if self.with_account else self.coordination()
        return share >= COORDINATED_SHARE

    def few_accounts_share(self) -> float:
        """The share of the five busiest accounts in the texts whose account is known."""
        if self.with_account < _MIN_TEXTS:
            return 0.0
        return min(1.0, sum(sorted(self.accounts.values())[-FEW_ACCOUNTS:]) / self.with_account)

    def _count_account(self, text: ScoredText) -> None:
        if text.actor is None:
            return
        self.with_account += 1
        self.accounts[text.actor.id] = self.accounts.get(text.actor.id, 0) + 1
        prune(self.accounts)
        self._note_influence(text.actor)

    def _note_influence(self, actor: Actor) -> None:
        weight = influence(actor)
        if weight > 1:
            self.influence[actor.id] = weight
        if len(self.influence) > 3 * _TABLE:
            self.influence = {known: weight for known, weight in self.influence.items() if known in self.accounts}

    def _by_tone(self, tone: Tone) -> list[RankedEvidence]:
        return self.praise if tone == "praise" else self.talk if tone == "talk" else self.shown

    def _show(self, shown: list[RankedEvidence], text: ScoredText, weight: float, wording: str, count: int) -> None:
        known = next((one for one in shown if one.wording == wording), None)
        if known is not None:
            known.evidence = one_more(known.evidence, text, replaces=weight > known.weight)
            known.weight = max(weight, known.weight)
        elif len(shown) < SHOWN_TEXTS or weight + math.log2(count) > shown[-1].rank:
            evidence = msgspec.structs.replace(evidence_of(text), count=count)
            shown.append(RankedEvidence(weight, evidence, wording))
        else:
            return
        shown.sort(key=lambda ranked: -ranked.rank)
        del shown[SHOWN_TEXTS:]


def influence(actor: Actor | None) -> float:
    """The worth of one text of this account, in texts of an ordinary person: 1 up to a hundred followers, 1 more for
    each tenfold beyond, times 1.5 where the platform has verified it."""
    if actor is None:
        return 1.0
    reached = 1.0 + max(0.0, math.log10(1 + actor.followers) - ORDINARY_DIGITS)
    return reached * (_VERIFIED if actor.verified else 1.0)


def evidence_of(text: ScoredText) -> Evidence:
    """A text as an alert shows it."""
    return Evidence(
        origin=text.origin,
        event_time=text.event_time_ms,
        text=text.text[:SHOWN_CHARACTERS],
        sentiment=text.sentiment,
        risks={label: round(text.risks.get(label, 1.0), 3) for label in text.flagged},
        findings=text.findings,
        actor_id=text.actor.id if text.actor else None,
        platform=text.platform,
        room_id=text.room_id,
        reach=text.actor.followers if text.actor else 0,
        text_id=text_id_of(text),
    )


def text_id_of(text: ScoredText) -> str:
    """The short name by which a text's retraction finds it."""
    return short_id(text.event_id, text)


def short_id(event_id: str, text: ScoredText | Event) -> str:
    """16 hexadecimal digits for the event that a record of this source and platform calls so."""
    return blake2b(event_identity(event_id, text.source, text.platform).encode(), digest_size=8).hexdigest()


def one_more(evidence: Evidence, text: ScoredText, *, replaces: bool = False) -> Evidence:
    """The evidence of a wording that was said once more, by this text; it is the one shown where it replaces."""
    shown = evidence_of(text) if replaces else evidence
    followers = text.actor.followers if text.actor else 0
    return msgspec.structs.replace(shown, count=evidence.count + 1, reach=evidence.reach + followers)


def wording_of(text: str) -> str:
    """What texts of one wording have in common: their first letters and digits."""
    letters = "".join(filter(str.isalnum, text[: 3 * _WORDING_CHARACTERS].lower()))
    return letters[:_WORDING_CHARACTERS] or text[:_WORDING_CHARACTERS]


def _count_down(counts: dict[str, int], name: str) -> None:
    if counts.get(name, 0) > 1:
        counts[name] -= 1
    else:
        counts.pop(name, None)


def prune(counts: dict[str, int]) -> None:
    """Cut the table to its largest once it is twice as long as what is kept."""
    if len(counts) >= 2 * _TABLE:
        for key in sorted(counts, key=counts.__getitem__)[:-_TABLE]:
            del counts[key]
