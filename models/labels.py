"""The label set, in the order of the model's outputs: three sentiment logits, then one logit a risk."""

from __future__ import annotations

from typing import Final

from streams.events.schema import RISK_LABELS, SENTIMENTS

RISKS: Final = RISK_LABELS
LANGUAGES: Final = ("zh", "en")
OUTPUTS: Final = len(SENTIMENTS) + len(RISKS)

__all__ = ["LANGUAGES", "OUTPUTS", "RISKS", "SENTIMENTS"]
