"""How much a stream of comments looks like cyber-violence: how many texts abuse, by the model's own expectation.

One insult among many comments is ordinary, and so is a bitter quarrel among ten people; a pile-on is many. The sum of
the abuse probabilities is the number of abusive texts to be expected; on a log scale none is 0 and ten thousand are 1.
"""

import math

import msgspec

from streams.events.schema import ScoredText

FULL_TEXTS = 10_000


class ViolenceEvidence(msgspec.Struct, array_like=True):
    """A sum over scored texts."""

    abusive_texts: float = 0.0

    def hear(self, text: ScoredText) -> None:
        self.abusive_texts += text.risks.get("abuse", 0.0)

    def score(self) -> float:
        """0 to 1."""
        return min(1.0, math.log1p(self.abusive_texts) / math.log1p(FULL_TEXTS))
