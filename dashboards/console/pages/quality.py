"""The share of false alarms by kind and family, from people's decisions: which detectors need work."""

import csv
import io
from collections.abc import Sequence

import msgspec

from dashboards.console.sources import PageSources
from dashboards.readers import Readers
from streams.clock import DAY_MS
from streams.control.decisions import Quality, quality

DAYS = 90


class QualityRow(msgspec.Struct, frozen=True):
    quality: Quality
    false_share: float | None
    """None where no alert was confirmed or called false."""


class QualityPage(msgspec.Struct, frozen=True):
    rows: Sequence[QualityRow]
    days: int


def view(sources: PageSources, _key: str = "") -> QualityPage:
    """Raises Unavailable."""
    return quality_page(sources.readers)


def quality_page(readers: Readers) -> QualityPage:
    """The alerts of the last DAYS, by kind and family, as people judged them. Raises Unavailable."""
    rows = quality(readers.decisions.since(readers.clock() - DAYS * DAY_MS))
    return QualityPage([QualityRow(row, row.false_share) for row in rows], DAYS)


def table(readers: Readers) -> str:
    """The page's rows as CSV."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(["kind", "family", "decided", "acknowledged", "confirmed", "false_alarms", "false_share"])
    for row in quality_page(readers).rows:
        one = row.quality
        share = "" if row.false_share is None else f"{row.false_share:.3f}"
        rows.writerow([one.kind, one.family, one.decided, one.acknowledged, one.confirmed, one.false_alarms, share])
    return written.getvalue()
