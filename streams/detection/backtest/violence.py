"""How much a stream of comments looks like cyber-violence: how many texts are abusive, and how large a share of all.

Only `pulsewatch backtest` measures this. No alert depends on it: live, a crisis becomes a violence alert by the abuse
in its own window (streams.detection.brand.crisis), so a figure of this score says nothing of the alerts.

A pile-on is many abusive texts, so a bitter quarrel among ten people does not count; but ten thousand comments on a cup
final hold hundreds of insults too. So the number that the model expects (the sum of the abuse probabilities) is
weighted by the root of its share: on a log scale none is 0, and ten thousand texts of nothing but abuse are 1.

    texts   abusive   number × √share   score
       30        27               26     0.36     a quarrel
   10,000       600              147     0.54     a cup final
    2,000       700              414     0.65     a pile-on

This is the score whose AUC is measured. It is printed by `pulsewatch backtest` and raises no alert: the kind of a live
alert is decided by `harm_kind` (streams.detection.brand.crisis).
"""

import math

import msgspec

from streams.events.schema import ScoredText

FULL_TEXTS = 10_000


class ViolenceEvidence(msgspec.Struct):
    """Sums over scored texts; unscored ones do not count."""

    abusive_texts: float = 0.0
    texts: int = 0

    def add(self, text: ScoredText) -> None:
        if text.scored:
            self.abusive_texts += text.risks.get("abuse", 0.0)
            self.texts += 1

    def score(self) -> float:
        """0 to 1."""
        weighted = self.abusive_texts * math.sqrt(self.abusive_texts / max(1, self.texts))
        return min(1.0, math.log1p(weighted) / math.log1p(FULL_TEXTS))
