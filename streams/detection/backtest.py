"""Recorded streams through scoring and detection in this process, as fast as the machine allows.

Each file is a brand of its own with one feed, whose end is no silence. What comes out is what the workers would have
raised, had they run then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from streams.alerting.alert import Alert
from streams.clock import DAY_MS, HOUR_MS
from streams.compliance.rulebook import Rulebook
from streams.detection.brand import Brand
from streams.detection.clock import LogTimes
from streams.detection.origins import source_of
from streams.detection.recorded_bursts import Met, RecordedBurst, bursts, met, outside
from streams.detection.violence import ViolenceEvidence
from streams.detection.watch import Watch
from streams.events.schema import Coordinates, ScoredText
from streams.ingest.recorded import Comment, platform, read
from streams.scoring.stage import Classifier, Judgement, Scores, Text, score_texts

SOURCE = "recording"
_CHUNK = 512
_AFTERWARDS_MS = 2 * HOUR_MS
"""How long the clock runs on behind the last comment, so that what is calm resolves."""
_WATCH = Watch(feed_silent_ms=100 * 365 * DAY_MS)


@dataclass(frozen=True)
class Backtested:
    """One recording and what was raised over it."""

    file: str
    comments: int
    first_ms: int
    last_ms: int
    alerts: Sequence[Alert]
    """Those that fired, as they last stood, in the order of firing."""
    bursts: Sequence[RecordedBurst]
    violence: ViolenceEvidence = field(default_factory=ViolenceEvidence)

    def met(self) -> list[Met]:
        return met(self.bursts, self.alerts)

    def row(self) -> dict[str, Any]:
        """The file's row of `pulsewatch backtest`."""
        days = max((self.last_ms - self.first_ms) / DAY_MS, 1 / 24)
        return {
            "file": self.file,
            "comments": self.comments,
            "alerts": [_alert_row(alert) for alert in self.alerts],
            "cyber_violence": round(self.violence.score(), 4),
            "bursts": [_burst_row(one) for one in self.met()],
            "alerts_outside_bursts_per_day": round(len(outside(self.bursts, self.alerts)) / days, 3),
        }


def backtest(files: Sequence[Path], classifier: Classifier | None, rulebook: Rulebook) -> list[dict[str, Any]]:
    """One row a file, in order; without a classifier texts stay unscored. Raises UsageError for what cannot be read."""
    return [run(path, classifier, rulebook).row() for path in files]


def run(path: Path, classifier: Classifier | None, rulebook: Rulebook) -> Backtested:
    """One file. Blocks for as long as model and rules take."""
    recording = read(path)
    name = path.name.removesuffix(".gz").removesuffix(".jsonl")
    return detect(path.name, scored(name, recording.comments, classifier, rulebook))


def scored(
    brand_id: str, comments: Sequence[Comment], classifier: Classifier | None, rulebook: Rulebook
) -> Iterator[ScoredText]:
    """Comments as the scoring stage would write them."""
    for start in range(0, len(comments), _CHUNK):
        chunk = comments[start : start + _CHUNK]
        texts = [Text(comment.line.text, "comment", platform(comment.line.platform)) for comment in chunk]
        for comment, judgement in zip(chunk, score_texts(texts, rulebook, classifier), strict=True):
            yield _scored_text(brand_id, comment, judgement)


def detect(file: str, texts: Iterator[ScoredText]) -> Backtested:
    """Texts of one brand in the order of time, at least one."""
    first = next(texts)
    brand, log, source = Brand.fresh(first.brand_id, first.event_time_ms, _WATCH), LogTimes(), source_of(first)
    latest: dict[str, Alert] = {}
    violence, times_ms = ViolenceEvidence(), []
    for text in _chained(first, texts):
        times_ms.append(text.event_time_ms)
        violence.hear(text)
        log.heard(source, text.log_time_ms)
        latest.update({alert.fingerprint: alert for alert in brand.hear(text, log)})
    log.heard(source, times_ms[-1] + _AFTERWARDS_MS)
    latest.update({alert.fingerprint: alert for alert in brand.idle(log)})
    fired = sorted((alert for alert in latest.values() if alert.fired_at), key=lambda alert: alert.fired_at or 0)
    return Backtested(file, len(times_ms), times_ms[0], times_ms[-1], fired, bursts(times_ms), violence)


def _chained(first: ScoredText, others: Iterator[ScoredText]) -> Iterator[ScoredText]:
    yield first
    yield from others


def _scored_text(brand_id: str, comment: Comment, judgement: Judgement) -> ScoredText:
    text = ScoredText(
        event_id=f"{brand_id}:{comment.number}", origin=Coordinates(brand_id, 0, comment.number),
        log_time_ms=comment.at_ms, platform=platform(comment.line.platform), source=SOURCE, kind="comment",
        brand_id=brand_id, event_time_ms=comment.at_ms, text=comment.line.text, scored=False,
        findings=judgement.findings,
    )  # fmt: skip
    return text if judgement.scores is None else with_scores(text, judgement.scores)


def with_scores(text: ScoredText, scores: Scores) -> ScoredText:
    """The text as the model judges it."""
    sentiment: Any = scores.sentiment
    return msgspec.structs.replace(
        text, scored=True, sentiment=sentiment, sentiment_scores=dict(scores.sentiment_scores),
        risks=dict(scores.risks), flagged=list(scores.flagged),
    )  # fmt: skip


def _alert_row(alert: Alert) -> dict[str, Any]:
    return {
        "fingerprint": alert.fingerprint,
        "kind": alert.kind,
        "severity": alert.severity,
        "at": _iso(alert.fired_at),
        "resolved_at": _iso(alert.resolved_at),
    }


def _burst_row(one: Met) -> dict[str, Any]:
    return {
        "onset": _iso(one.burst.onset * 60_000),
        "met_by": one.fingerprint,
        "delay_seconds": one.delay_seconds,
    }


def _iso(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
