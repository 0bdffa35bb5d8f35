"""The label set, in the order of the model's outputs: three sentiment logits, then one logit a risk."""

from typing import Final

SENTIMENTS: Final[tuple[str, ...]] = ("negative", "neutral", "positive")
RISKS: Final[tuple[str, ...]] = (
    "abuse",
    "complaint",
    "fraud_spam",
    "misleading",
    "privacy",
    "crisis",
    "rumor",
    "diversion",
    "adult",
    "gambling",
    "violence",
)
"""New ones come last: a model that was packaged before them says nothing of them."""
LANGUAGES: Final = ("zh", "en")
OUTPUTS: Final = len(SENTIMENTS) + len(RISKS)
