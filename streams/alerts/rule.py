"""An alert rule of a person's, as a file of rules has it; streams.detection.brand.custom_rules evaluates it.

    version: 1
    rules:
      - name: complaints-in-ten-minutes
        counts: complaint        # texts, negative, positive, harmful, or a risk label
        minutes: 10
        at_least: 20
        share: 0.3               # of all texts of those minutes; default 0
        times_usual: 3           # the texts against what the brand usually has in as many minutes; default 0
        kind: crisis             # crisis, cyber_violence, opportunity, surge; its runbook is the alert's
        severity: warning
        brands: [acme]           # default: all

It fires when all of its bounds are reached and resolves after four minutes below half of `at_least` or of the usual
times `times_usual`. A text that is scored later keeps the labels that it came with.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from streams.alerts.alert import Severity

MAX_MINUTES = 60

Label = Literal[
    "texts", "negative", "positive", "harmful",
    "abuse", "complaint", "fraud_spam", "misleading", "privacy", "crisis", "rumor", "diversion",
    "adult", "gambling", "violence",
]  # fmt: skip
Share = Annotated[float, Meta(ge=0, le=1)]


class AlertRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule; the module says what its fields mean."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    counts: Label
    at_least: Annotated[int, Meta(ge=1)]
    minutes: Annotated[int, Meta(ge=1, le=MAX_MINUTES)] = 5
    share: Share = 0.0
    times_usual: Annotated[float, Meta(ge=0)] = 0.0
    kind: Literal["crisis", "cyber_violence", "opportunity", "surge"] = "crisis"
    severity: Severity = "warning"
    brands: tuple[str, ...] = ()


class AlertRuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of alert rules."""

    version: Literal[1]
    rules: tuple[AlertRule, ...]
