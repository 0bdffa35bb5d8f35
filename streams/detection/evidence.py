"""What an alert shows: its texts, the accounts that spread it, and how much of it is coordinated.

Sizes are bounded, whatever the volume: tables of accounts and wordings are cut to their largest when they grow too long
(as in lossy counting, Manku and Motwani, 2002), so the heavy ones are counted exactly and the light ones too low.
"""

import math

from streams.alerts.alert import Evidence
from streams.events.schema import Actor, ScoredText
from streams.ledger.stored import Stored

SHOWN_TEXTS = 8
SHOWN_CHARACTERS = 280
SPREADERS = 10
FEW_ACCOUNTS = 5
COORDINATED_SHARE = 0.5
"""Half of the texts from five accounts, or in one wording, do not happen by themselves."""
_MIN_TEXTS = 15
_TABLE = 200
_ORDINARY_DIGITS = 2.0
_VERIFIED = 1.5
_WORDING_CHARACTERS = 24


class RankedEvidence(Stored):
    weight: float
    evidence: Evidence


class EvidenceCollector(Stored):
    """Texts since the last calm window, or since the episode began."""

    texts: int = 0
    with_account: int = 0
    accounts: dict[str, int] = {}
    influence: dict[str, float] = {}
    """Of those accounts whose text weighs more than one."""
    wordings: dict[str, int] = {}
    shown: list[RankedEvidence] = []

    def add(self, text: ScoredText, weight: float, *, opinionated: bool) -> None:
        """Add a text. Those of the largest weight are kept to be shown; only opinionated ones, which take a side, count
        towards accounts and wordings."""
        self._show(text, weight)
        if not opinionated:
            return
        self.texts += 1
        self._count_account(text)
        wording = _wording(text.text)
        self.wordings[wording] = self.wordings.get(wording, 0) + 1
        _prune(self.wordings)

    def reset(self) -> None:
        """Drop the collected texts: they did not become an episode."""
        self.texts = self.with_account = 0
        self.accounts, self.influence, self.wordings, self.shown = {}, {}, {}, []

    def evidence(self) -> list[Evidence]:
        return [ranked.evidence for ranked in self.shown]

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
        wording = max(self.wordings.values()) / self.texts
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
        _prune(self.accounts)
        self._note_influence(text.actor)

    def _note_influence(self, actor: Actor) -> None:
        weight = influence(actor)
        if weight > 1:
            self.influence[actor.id] = weight
        if len(self.influence) > 3 * _TABLE:
            self.influence = {known: weight for known, weight in self.influence.items() if known in self.accounts}

    def _show(self, text: ScoredText, weight: float) -> None:
        if len(self.shown) == SHOWN_TEXTS and weight <= self.shown[-1].weight:
            return
        self.shown.append(RankedEvidence(weight, evidence_of(text)))
        self.shown.sort(key=lambda ranked: -ranked.weight)
        del self.shown[SHOWN_TEXTS:]


def influence(actor: Actor | None) -> float:
    """The worth of one text of this account, in texts of an ordinary person: 1 up to a hundred followers, 1 more for
    each tenfold beyond, times 1.5 where the platform has verified it."""
    if actor is None:
        return 1.0
    reached = 1.0 + max(0.0, math.log10(1 + actor.followers) - _ORDINARY_DIGITS)
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
    )


def _wording(text: str) -> str:
    letters = "".join(filter(str.isalnum, text[: 3 * _WORDING_CHARACTERS].lower()))
    return letters[:_WORDING_CHARACTERS]


def _prune(counts: dict[str, int]) -> None:
    """Cut the table to its largest once it is twice as long as what is kept."""
    if len(counts) >= 2 * _TABLE:
        for key in sorted(counts, key=counts.__getitem__)[:-_TABLE]:
            del counts[key]
