"""The alert: one record an episode, written again at each change of state, keyed by its fingerprint.

A surge that turns into a crisis while it fires keeps its fingerprint and changes its kind.
"""

from hashlib import blake2b
from typing import Literal, get_args

import msgspec

from streams.alerts.kinds import AlertKind
from streams.events.schema import Coordinates, Finding, Platform

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The graver the later."""
State = Literal["pending", "firing", "resolved"]


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """One text or figure that speaks for the alert."""

    origin: Coordinates
    event_time: int
    text: str = ""
    """Personal data masked, at most 280 characters."""
    sentiment: str | None = None
    risks: dict[str, float] = {}
    findings: list[Finding] = []
    actor_id: str | None = None
    platform: Platform | None = None
    room_id: str | None = None
    count: int = 1
    """How many texts said it in this wording; the text is one of them."""
    reach: int = 0
    """The followers of their accounts, added up."""
    text_id: str = ""
    """A checksum of the event's id, by which its retraction finds it; empty in alerts from before it was kept."""


class Alert(msgspec.Struct, frozen=True, omit_defaults=True):
    """The value of the alerts topic. Times are milliseconds since the epoch in event time."""

    fingerprint: str
    kind: AlertKind
    severity: Severity
    state: State
    brand_id: str
    started_at: int
    """Onset: the first minute that belongs to the episode."""
    updated_at: int
    summary: str
    """What, in one line."""
    explanation: str
    """How bad and compared with what, in words and figures."""
    runbook: str
    """The runbook's path below dashboards/runbooks."""
    fired_at: int | None = None
    resolved_at: int | None = None
    room_id: str | None = None
    platform: Platform | None = None
    family: str | None = None
    """The rule family of a compliance alert."""
    observed: dict[str, float] = {}
    baseline: dict[str, float] = {}
    factors: dict[str, float] = {}
    """What the severity is made of, each 0 to 1: volume, negativity, reach, velocity, coordination …"""
    evidence: list[Evidence] = []
    spreaders: dict[str, int] = {}
    """The accounts that carry the episode, by pseudonym: texts weighted by reach, largest first."""
    source: str | None = None
    """The feed that fell silent, or whose clock is off."""
    rule: str | None = None
    """The draft rule that raised it."""
    shadow: bool = False
    """A draft rule's: recorded, paging nobody."""
    first_severity: Severity | None = None
    """The severity with which it fired; whoever was told then is told of what becomes of it."""
    window_minutes: int | None = None
    """Over how many minutes `observed` counts texts."""
    present: dict[str, float] = {}
    """What is observed now, where `observed` has the height of it."""
    calm_since: int | None = None
    """Since when a firing alert has been calm."""
    resolves_at: int | None = None
    """When it resolves if it stays calm."""
    withdrawn: list[str] = []
    """Texts that it quoted and that were deleted since, by `Evidence.text_id`."""


def enters(alert: Alert) -> bool:
    """Whether this record is the one with which the alert enters its state, and no rewriting within it."""
    return alert.state != "firing" or alert.updated_at == alert.fired_at


def fingerprint(kind: AlertKind, brand_id: str, room_id: str | None, family: str | None, started_at_ms: int) -> str:
    """16 hex digits that name one episode: the same records give the same fingerprint."""
    identity = "\x1f".join([kind, brand_id, room_id or "", family or "", str(started_at_ms)])
    return blake2b(identity.encode(), digest_size=8).hexdigest()


ESSENTIAL_CHARACTERS = 1_000
_decode = msgspec.json.Decoder(Alert).decode


def essentials(alert: bytes) -> bytes:
    """An encoded alert without what may grow: no evidence, no spreaders, and the beginning of its sentences."""
    whole = _decode(alert)
    cut = msgspec.structs.replace(
        whole,
        evidence=[],
        spreaders={},
        summary=whole.summary[:ESSENTIAL_CHARACTERS],
        explanation=whole.explanation[:ESSENTIAL_CHARACTERS],
    )
    return msgspec.json.encode(cut)
