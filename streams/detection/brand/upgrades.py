"""From the states of brands that earlier versions stored to those that the next one reads (streams.ledger.stored)."""

import math
from typing import Any

import msgspec

from streams.detection.baseline.burst import Burst
from streams.detection.evidence import ORDINARY_DIGITS

_CONVERSATION = 3
_VOLUME, _HARM, _EVIDENCE = 1, 2, 5
_LONG = 1
_INFLUENCE = 3


def from_unversioned(brand: list[Any]) -> list[Any]:
    """States without a version are of two kinds. The older (3f9583f) has one long baseline where there are several now,
    which are learned anew, and counts followers where there is influence now; the newer is as the next version's."""
    conversation = brand[_CONVERSATION]
    for place in (_VOLUME, _HARM):
        burst = conversation[place] if len(conversation) > place else []
        if len(burst) > _LONG and burst[_LONG] and not isinstance(burst[_LONG][0], list):
            burst[_LONG] = msgspec.to_builtins(Burst().long)
    if len(conversation) > _EVIDENCE and len(conversation[_EVIDENCE]) > _INFLUENCE:
        influence = conversation[_EVIDENCE][_INFLUENCE]
        conversation[_EVIDENCE][_INFLUENCE] = {actor: _weight(worth) for actor, worth in influence.items()}
    return brand


def _weight(worth: float) -> float:
    """Influence is a fraction, followers were whole numbers."""
    return worth if isinstance(worth, float) else 1.0 + max(0.0, math.log10(1 + worth) - ORDINARY_DIGITS)
