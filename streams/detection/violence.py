"""How much a stream of comments looks like cyber-violence: many people abusing a person, not arguing about a matter.

The score rests on the texts' own abuse probabilities. A short stream says little, so it is drawn towards the usual
share, as if that many ordinary texts had been heard before.
"""

import msgspec

from streams.events.schema import ScoredText

ORDINARY_TEXTS = 50
ORDINARY_ABUSE = 0.1


class ViolenceEvidence(msgspec.Struct, array_like=True):
    """Sums over scored texts."""

    texts: int = 0
    abuse: float = 0.0

    def hear(self, text: ScoredText) -> None:
        if text.scored:
            self.texts += 1
            self.abuse += text.risks.get("abuse", 0.0)

    def score(self) -> float:
        """0 to 1."""
        return (self.abuse + ORDINARY_ABUSE * ORDINARY_TEXTS) / (self.texts + ORDINARY_TEXTS)
