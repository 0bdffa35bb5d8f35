"""The violence score of a whole recording, for `pulsewatch backtest`."""

import msgspec

from streams.detection.brand.violence import violence_score
from streams.events.schema import ScoredText


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
        return violence_score(self.abusive_texts, self.texts)
