"""What people decide about alerts, kept in Redis: who, when, what, and why; nothing is ever overwritten.

    <namespace>:decisions:<fingerprint>   list of decisions as JSON, oldest first
    <namespace>:decided                   sorted set: fingerprint → time of its last decision, in milliseconds

Both expire KEPT_SECONDS after the last decision, so that a quality report covers a year.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from streams.alerts.alert import Alert, Severity
from streams.alerts.kinds import AlertKind
from streams.compliance.text_reading import masked_start
from streams.ledger.reader import answers

KEPT_SECONDS = 400 * 86_400
MAX_NOTE_CHARS = 500

Verdict = Literal["acknowledged", "false_alarm", "confirmed", "reopened"]
"""`acknowledged` a person works on it, and nobody is told again · `false_alarm` it should not have fired: for people it
ends · `confirmed` it was right to fire · `reopened` takes back what was decided before."""


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """One decision. It names the alert's kind too, for the report outlives the alert."""

    verdict: Verdict
    author: str
    at_ms: int
    kind: AlertKind
    severity: Severity
    brand_id: str
    family: str | None = None
    note: str = ""
    silence_until_ms: int | None = None
    """Of an acknowledgement: until when nobody is told of the alert again; None for as long as it fires."""


@dataclass(frozen=True)
class Silence:
    """An acknowledgement's effect: nobody is told again of the alert as it was then. Growth is told."""

    author: str
    kind: AlertKind
    severity: Severity
    until_ms: int | None
    """None for as long as the alert fires."""
    note: str = ""


_decode = msgspec.json.Decoder(Decision).decode


class Decisions:
    """Over a synchronous Redis client that returns bytes. Every call raises Unavailable where Redis does not answer."""

    def __init__(self, client: Any, namespace: str) -> None:
        self._client = client
        self._prefix = f"{namespace}:decisions:"
        self._index = f"{namespace}:decided"

    def record(
        self, alert: Alert, verdict: Verdict, author: str, at_ms: int, note: str = "",
        silence_until_ms: int | None = None,
    ) -> Decision:  # fmt: skip
        """Add a decision, with personal data in its note masked. Two people who decide at once both get an entry.
        `silence_until_ms` is of an acknowledgement, and no later than now to end its silence."""
        decision = Decision(
            verdict, author, at_ms, alert.kind, alert.severity, alert.brand_id, alert.family,
            masked_start(note, MAX_NOTE_CHARS), silence_until_ms if verdict == "acknowledged" else None,
        )  # fmt: skip
        key = self._prefix + alert.fingerprint
        answers(self._client, [
            ("RPUSH", key, msgspec.json.encode(decision)),
            ("EXPIRE", key, KEPT_SECONDS),
            ("ZADD", self._index, at_ms, alert.fingerprint),
            ("ZREMRANGEBYSCORE", self._index, "-inf", at_ms - KEPT_SECONDS * 1000),
        ])  # fmt: skip
        return decision

    def of(self, fingerprint: str) -> list[Decision]:
        """All decisions about an alert, oldest first."""
        [values] = answers(self._client, [("LRANGE", self._prefix + fingerprint, 0, -1)])
        return [_decode(value) for value in values]

    def standing(self, fingerprints: Sequence[str]) -> dict[str, Decision]:
        """The decision in force for each of these alerts; the undecided are left out."""
        return {
            fingerprint: decision
            for fingerprint, made in self.made(fingerprints).items()
            if (decision := standing(made)) is not None
        }

    def alarming(self, alerts: Iterable[Alert]) -> list[Alert]:
        """The alerts that fire and that nobody has judged false: those that people are told of."""
        firing = [alert for alert in alerts if alert.state == "firing"]
        standing = self.standing([alert.fingerprint for alert in firing])
        return [alert for alert in firing if not ends(standing.get(alert.fingerprint))]

    def silences(self, fingerprints: Sequence[str], now_ms: int) -> dict[str, Silence]:
        """The silence in force for each of these alerts; those without one are left out."""
        found = {name: silence_of(made, now_ms) for name, made in self.made(fingerprints).items()}
        return {name: silence for name, silence in found.items() if silence is not None}

    def since(self, since_ms: int) -> dict[str, list[Decision]]:
        """All decisions about the alerts that were last decided since then, by fingerprint."""
        [names] = answers(self._client, [("ZRANGEBYSCORE", self._index, since_ms, "+inf")])
        return self.made([name.decode() for name in names])

    def version(self) -> int:
        """Changes whenever something is decided."""
        [newest, count] = answers(self._client, [("ZRANGE", self._index, -1, -1, "WITHSCORES"), ("ZCARD", self._index)])
        return hash((str(newest), count))

    def made(self, fingerprints: Sequence[str]) -> dict[str, list[Decision]]:
        """All decisions about these alerts, oldest first; the undecided are left out."""
        lists = answers(self._client, (("LRANGE", self._prefix + name, 0, -1) for name in fingerprints))
        return {
            name: [_decode(value) for value in values]
            for name, values in zip(fingerprints, lists, strict=True)
            if values
        }


def silence_of(made: Sequence[Decision], now_ms: int) -> Silence | None:
    """The silence in force: the last acknowledgement's, unless its time is over, or it was taken back or judged false.
    A confirmation leaves it."""
    silence: Silence | None = None
    for one in made:
        if one.verdict == "acknowledged":
            silence = Silence(one.author, one.kind, one.severity, one.silence_until_ms, one.note)
        elif one.verdict != "confirmed":
            silence = None
    over = silence is not None and silence.until_ms is not None and silence.until_ms <= now_ms
    return None if over else silence


def ends(decision: Decision | None) -> bool:
    """Whether the decision in force ends the alert for people: it is a false alarm."""
    return decision is not None and decision.verdict == "false_alarm"


def standing(made: Sequence[Decision]) -> Decision | None:
    """The decision in force: the last one, unless it reopened the alert."""
    return made[-1] if made and made[-1].verdict != "reopened" else None


class Quality(msgspec.Struct, frozen=True):
    """How alerts of one kind (and family) were judged."""

    kind: AlertKind
    family: str
    decided: int
    acknowledged: int
    confirmed: int
    false_alarms: int

    @property
    def false_share(self) -> float | None:
        """Of those that were judged, right or wrong; None where none was."""
        judged = self.confirmed + self.false_alarms
        return self.false_alarms / judged if judged else None


def quality(made: Mapping[str, Sequence[Decision]]) -> list[Quality]:
    """The report, by kind and family; what was reopened counts nowhere."""
    rows: dict[tuple[AlertKind, str], list[Verdict]] = {}
    for decisions in made.values():
        decision = standing(decisions)
        if decision is not None:
            rows.setdefault((decision.kind, decision.family or ""), []).append(decision.verdict)
    return [
        Quality(
            kind,
            family,
            len(verdicts),
            verdicts.count("acknowledged"),
            verdicts.count("confirmed"),
            verdicts.count("false_alarm"),
        )
        for (kind, family), verdicts in sorted(rows.items())
    ]
