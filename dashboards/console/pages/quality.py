"""How right the alerts were, by what people decided: the report that tells which detectors need work."""

import csv
import io
from collections.abc import Sequence

import msgspec

from dashboards.console.desk import Desk
from streams.clock import DAY_MS
from streams.control.decisions import Quality, quality

DAYS = 90


class Row(msgspec.Struct, frozen=True):
    quality: Quality
    false_share: float | None
    """None where nobody judged."""


class QualityPage(msgspec.Struct, frozen=True):
    rows: Sequence[Row]
    days: int


def view(desk: Desk, _key: str = "") -> QualityPage:
    """Raises Unavailable."""
    rows = quality(desk.decisions.since(desk.clock() - DAYS * DAY_MS))
    return QualityPage([Row(row, row.false_share) for row in rows], DAYS)


def table(desk: Desk) -> str:
    """The report as CSV."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(["kind", "family", "decided", "acknowledged", "confirmed", "false_alarms", "false_share"])
    for row in view(desk).rows:
        one = row.quality
        share = "" if row.false_share is None else f"{row.false_share:.3f}"
        rows.writerow([one.kind, one.family, one.decided, one.acknowledged, one.confirmed, one.false_alarms, share])
    return written.getvalue()
