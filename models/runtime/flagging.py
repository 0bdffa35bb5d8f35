"""At which probability a risk is flagged: an operating point of the manifest, or a team's own thresholds.

A text that is clear early leaves early, with the first stage's probability. Whoever flags from another threshold than
the shipped one must not get flags of that first look: `widened` keeps such a text in, up to the last stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from models.labels import RISKS
from models.operating_points import BALANCED, PRECISION
from models.runtime.manifest import Exit, LanguageModel, ModelRefused

_BELOW = 1e-4


class FlaggingRefused(ModelRefused):
    """A choice of thresholds that says nothing, or belongs to another model."""


class OwnThresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `pulsewatch model calibrate` writes: thresholds by language and risk, for one revision of a model."""

    revision: str
    thresholds: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Flagging:
    """``point`` for every risk but those of ``by_risk``; ``own`` thresholds go before both."""

    point: str = BALANCED
    by_risk: Mapping[str, str] = field(default_factory=dict)
    own: OwnThresholds | None = None


AS_SHIPPED = Flagging()


def read_flagging(points: str = BALANCED, own: Path | None = None) -> Flagging:
    """``points`` as people write them: ``precise``, or ``balanced,abuse=precise,crisis=sensitive``.

    Raises:
        FlaggingRefused: a risk or point that there is not, or a file that is no thresholds.
    """
    named = [part.strip().partition("=") for part in points.split(",") if part.strip()]
    plain = [first for first, equals, _ in named if not equals]
    by_risk = {risk.strip(): point.strip() for risk, equals, point in named if equals}
    if len(plain) > 1 or not {*plain, *by_risk.values()} <= set(PRECISION):
        raise FlaggingRefused(f"{points}: points are {', '.join(PRECISION)}; one for all risks, others as risk=point")
    if unknown := sorted(set(by_risk) - set(RISKS)):
        raise FlaggingRefused(f"{points}: there is no risk {unknown[0]}; there are {', '.join(RISKS)}")
    return Flagging(plain[0] if plain else BALANCED, by_risk, None if own is None else _read_own(own))


def thresholds_of(revision: str, language: str, model: LanguageModel, flagging: Flagging) -> dict[str, float]:
    """The thresholds of a language's risks, in the order of the model's outputs.

    Raises:
        FlaggingRefused: the model has no such point, or the own thresholds were measured on another revision.
    """
    own = _own_of(revision, language, flagging)
    return {
        risk: own.get(risk, _at_point(model, flagging.by_risk.get(risk, flagging.point), risk))
        for risk in RISKS
        if risk in model.thresholds
    }


def widened(rule: Exit, thresholds: Mapping[str, float]) -> Exit:
    """The exit by which no text leaves between a threshold and the band around it."""
    bands = {
        risk: (min(low, thresholds[risk] - _BELOW), max(high, thresholds[risk]))
        for risk, (low, high) in rule.risks.items()
    }
    return msgspec.structs.replace(rule, risks=bands)


def _at_point(model: LanguageModel, point: str, risk: str) -> float:
    if point == BALANCED:
        return model.thresholds[risk]
    if point not in model.operating_points:
        raise FlaggingRefused(f"the model has no operating point {point}: it was packaged before there were any")
    return model.operating_points[point][risk]


def _own_of(revision: str, language: str, flagging: Flagging) -> Mapping[str, float]:
    if flagging.own is None:
        return {}
    if flagging.own.revision != revision:
        raise FlaggingRefused(
            f"the thresholds are for the model {flagging.own.revision}, and {revision} is served: "
            "write them again with pulsewatch model calibrate"
        )
    return flagging.own.thresholds.get(language, {})


def _read_own(path: Path) -> OwnThresholds:
    try:
        own = msgspec.json.decode(path.read_bytes(), type=OwnThresholds)
    except OSError as error:
        raise FlaggingRefused(f"{path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise FlaggingRefused(f"{path}: not what pulsewatch model calibrate writes ({error})") from error
    named = {risk for of_language in own.thresholds.values() for risk in of_language}
    if unknown := sorted(named - set(RISKS)):
        raise FlaggingRefused(f"{path}: there is no risk {unknown[0]}; there are {', '.join(RISKS)}")
    if any(not 0 < limit <= 1 for of_language in own.thresholds.values() for limit in of_language.values()):
        raise FlaggingRefused(f"{path}: a threshold is above 0 and at most 1")
    return own
