"""Texts about which model or rules were wrong, or were doubted and right: marked one by one, or decided with an alert.

    <namespace>:marks   hash: digest of label and text → mark as JSON

The last word about a text and a label counts. All marks expire KEPT_SECONDS after the last one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec

from models.labels import RISKS
from streams.alerts.alert import Alert
from streams.alerts.kinds import AlertKind
from streams.compliance.text_reading import masked_start
from streams.control.decisions import KEPT_SECONDS, Decision, standing
from streams.events.schema import TextKind
from streams.ledger.reader import answers

KEPT_CHARS: Final = 1_000
_RISKS_OF: Final[Mapping[AlertKind, tuple[str, ...]]] = {"crisis": ("crisis",), "cyber_violence": ("abuse", "violence")}
"""What a decision about an alert of a kind says of its texts; of their other labels it says nothing."""


class Mark(msgspec.Struct, frozen=True):
    """The right answer about one text and one label, a risk or a rule family."""

    text: str
    """Personal data masked."""
    label: str
    present: bool
    author: str
    at_ms: int
    kind: TextKind = "comment"

    def as_row(self) -> dict[str, Any]:
        """A line of the file that learns: a labelled text, as `pulsewatch model evaluate` reads them too."""
        right = {self.label: int(self.present)}
        return {"text": self.text, **right, "kind": self.kind, "at_ms": self.at_ms, "by": self.author}


_decode = msgspec.json.Decoder(Mark).decode


class Marks:
    """Over a synchronous Redis client that returns bytes. Every call raises Unavailable where Redis does not answer."""

    def __init__(self, client: Any, namespace: str) -> None:
        self._client = client
        self._key = f"{namespace}:marks"

    def record(
        self, texts: Iterable[str], label: str, present: bool, author: str, at_ms: int, kind: TextKind
    ) -> list[Mark]:
        """Keep the right answer for each text, with personal data masked and no more than KEPT_CHARS of it."""
        made = [Mark(masked_start(text, KEPT_CHARS), label, present, author, at_ms, kind) for text in texts]
        kept = [("HSET", self._key, _digest(one), msgspec.json.encode(one)) for one in made]
        answers(self._client, [*kept, ("EXPIRE", self._key, KEPT_SECONDS)])
        return made

    def all(self) -> list[Mark]:
        """Every mark, in no order."""
        [values] = answers(self._client, [("HVALS", self._key)])
        return [_decode(value) for value in values]


def marks_of(alert: Alert, made: Sequence[Decision]) -> Iterator[Mark]:
    """What the decision in force about an alert says of the texts that it shows; nothing until it was judged."""
    decision = standing(made)
    if decision is None or decision.verdict not in ("confirmed", "false_alarm"):
        return
    for one in alert.evidence:
        kind: TextKind = "comment" if alert.family is None else "host_speech" if one.room_id else "brand_post"
        families = {finding.family for finding in one.findings}
        seen = {label for label in _RISKS_OF.get(alert.kind, ()) if label in one.risks} | (families & {alert.family})
        for label in sorted(seen):
            if one.text:
                yield Mark(one.text, label, decision.verdict == "confirmed", decision.author, decision.at_ms, kind)


def last_words(marks: Iterable[Mark]) -> list[Mark]:
    """One mark a text and label, the last; the oldest first."""
    newest = {_digest(one): one for one in sorted(marks, key=lambda one: one.at_ms)}
    return sorted(newest.values(), key=lambda one: (one.at_ms, one.label, one.text))


def is_risk(label: str) -> bool:
    """Whether the model learns this label; the others are families, which the rules learn."""
    return label in RISKS


def _digest(mark: Mark) -> str:
    return blake2b(f"{mark.label}\x1f{mark.text}".encode(), digest_size=8).hexdigest()
