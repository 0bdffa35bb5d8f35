"""How much a crowd's texts look like violence against a person: how many are abusive, and how large a share of all.

A pile-on is many abusive texts, so a bitter quarrel among ten people does not count; but ten thousand comments on a cup
final hold hundreds of insults too. So the number that the model expects (the sum of the abuse probabilities) is
weighted by the root of its share: on a log scale none is 0, and ten thousand texts of nothing but abuse are 1.

    texts   abusive   number × √share   score
       30        27               26     0.36     a quarrel
   10,000       600              147     0.54     a cup final
    2,000       700              414     0.65     a pile-on
"""

import math

FULL_TEXTS = 10_000


def violence_score(abusive: float, texts: int) -> float:
    """0 to 1, of so many texts that a model has seen, and the abusive ones that it expects among them."""
    weighted = abusive * math.sqrt(abusive / max(1, texts))
    return min(1.0, math.log1p(weighted) / math.log1p(FULL_TEXTS))
