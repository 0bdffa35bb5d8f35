"""Recorded streams through scoring and detection in this process, as fast as the machine allows.

Each file is a brand of its own with one feed, whose end does not count as silence. The alerts are those that the
workers would have raised, had they run then.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import msgspec

from models.runtime import Scorer
from streams.alerts.alert import Alert
from streams.alerts.rule import AlertRule
from streams.clock import DAY_MS, HOUR_MS
from streams.compliance.captions import Captions
from streams.compliance.rulebook import Rulebook
from streams.detection.backtest.recorded_bursts import BurstMatch, RecordedBurst, bursts, false_alarms, match_bursts
from streams.detection.backtest.violence import ViolenceEvidence
from streams.detection.brand.brand import Brand
from streams.detection.config import DetectionConfig
from streams.detection.dedup import source_partition
from streams.detection.watermark import SourceProgress
from streams.events.schema import TEXT_KINDS, Coordinates, Event, ScoredText
from streams.ingest.recorded import Comment, platform, read
from streams.scoring.judge import JudgedText, judge, scored_text, with_scores

LOG = logging.getLogger(__name__)

SOURCE = "recording"
_CHUNK = 512
_AFTERWARDS_MS = 2 * HOUR_MS
"""How long the clock runs on after the last comment, so that calm alerts resolve."""
_LISTENING_MS = 6 * HOUR_MS
"""How long the brand was monitored before the first comment, without one: a recording has all there was."""
HARM = frozenset({"crisis", "cyber_violence"})
"""The kinds of a burst that is an incident."""
_WATCH = DetectionConfig(feed_silent_ms=100 * 365 * DAY_MS)


@dataclass(frozen=True)
class Backtested:
    """One recording and what was raised over it."""

    file: str
    comments: int
    first_ms: int
    last_ms: int
    alerts: Sequence[Alert]
    """Those that fired, in their last version, in the order of firing."""
    bursts: Sequence[RecordedBurst]
    harm_alerts: Sequence[Alert] = ()
    """Those that fired as a crisis or as violence, or became one, with that moment as the time of firing."""
    violence: ViolenceEvidence = field(default_factory=ViolenceEvidence)
    """Of the whole recording, measured here alone: an alert goes by its day's (streams.detection.brand.crisis)."""
    draft_alerts: Sequence[Alert] | None = None
    """What draft rules would have raised; None where there were none."""

    @property
    def days(self) -> float:
        """How long the recording is; an hour at least."""
        return max((self.last_ms - self.first_ms) / DAY_MS, 1 / 24)

    def burst_matches(self) -> list[BurstMatch]:
        return match_bursts(self.bursts, self.alerts)

    def harm_matches(self) -> list[BurstMatch]:
        """How crisis or violence alone met the bursts."""
        return match_bursts(self.bursts, self.harm_alerts)

    def false_alarms(self) -> list[Alert]:
        """Alerts that fired outside of any burst."""
        return false_alarms(self.bursts, self.alerts)

    def row(self) -> dict[str, Any]:
        """The file's row of `pulsewatch backtest`."""
        row: dict[str, Any] = {
            "file": self.file,
            "comments": self.comments,
            "alerts": [_alert_row(alert) for alert in self.alerts],
            "cyber_violence": round(self.violence.score(), 4),
            "bursts": [_burst_row(*both) for both in zip(self.burst_matches(), self.harm_matches(), strict=True)],
            "alerts_outside_bursts_per_day": round(len(self.false_alarms()) / self.days, 3),
        }
        if self.draft_alerts is not None:
            row["draft_alerts"] = [{"rule": alert.rule, **_alert_row(alert)} for alert in self.draft_alerts]
        return row


@dataclass(frozen=True)
class Summary:
    """All recordings together. Seconds are of event time; None where no burst was met."""

    files: int
    comments: int
    bursts: int
    met: int
    delay_seconds_median: float | None
    delay_seconds_p90: float | None
    lead_seconds_median: float | None
    """Before the peak of the burst."""
    met_by_harm: int
    """By a crisis or violence."""
    harm_delay_seconds_median: float | None
    harm_after_begin_seconds_median: float | None
    """After the first comment of the ten minutes up to the onset."""
    alerts: int
    critical: int
    false_alarms_per_brand_and_day: float

    @classmethod
    def of(cls, runs: Sequence[Backtested]) -> "Summary":
        """At least one recording."""
        everything = [one for run in runs for one in run.burst_matches()]
        delays = [one.delay_seconds for one in everything if one.delay_seconds is not None]
        leads = [one.lead_seconds for one in everything if one.lead_seconds is not None]
        harm_matches = [one for run in runs for one in run.harm_matches()]
        harm = [one.delay_seconds for one in harm_matches if one.delay_seconds is not None]
        after_begin = [one.after_begin_seconds for one in harm_matches if one.after_begin_seconds is not None]
        return cls(
            files=len(runs),
            comments=sum(run.comments for run in runs),
            bursts=len(everything),
            met=len(delays),
            delay_seconds_median=median(delays) if delays else None,
            delay_seconds_p90=quantiles(delays, n=10)[-1] if len(delays) > 1 else max(delays, default=None),
            lead_seconds_median=median(leads) if leads else None,
            met_by_harm=len(harm),
            harm_delay_seconds_median=median(harm) if harm else None,
            harm_after_begin_seconds_median=median(after_begin) if after_begin else None,
            alerts=sum(len(run.alerts) for run in runs),
            critical=sum(alert.severity == "critical" for run in runs for alert in run.alerts),
            false_alarms_per_brand_and_day=sum(len(run.false_alarms()) for run in runs) / sum(run.days for run in runs),
        )


@dataclass(frozen=True)
class DraftSummary:
    """What a draft rule would have done over all recordings."""

    rule: str
    fired: int
    brands: int
    bursts_met: int
    false_alarms_per_brand_and_day: float

    @classmethod
    def of(cls, rule: str, runs: Sequence[Backtested]) -> "DraftSummary":
        """The rule alone, against the bursts of each recording."""
        alone = [replace(run, alerts=_of_rule(run, rule)) for run in runs]
        return cls(
            rule=rule,
            fired=sum(len(run.alerts) for run in alone),
            brands=sum(bool(run.alerts) for run in alone),
            bursts_met=sum(one.fingerprint is not None for run in alone for one in run.burst_matches()),
            false_alarms_per_brand_and_day=Summary.of(alone).false_alarms_per_brand_and_day,
        )


def _of_rule(run: Backtested, rule: str) -> list[Alert]:
    return [alert for alert in run.draft_alerts or () if alert.rule == rule]


def run(
    path: Path, model: Scorer | None, rulebook: Rulebook, drafts: tuple[AlertRule, ...] | None = None
) -> Backtested:
    """One file; without a model texts stay unscored. Blocks for as long as model and rules take.

    Raises UsageError for what cannot be read.
    """
    recording = read(path)
    if recording.left_out:
        LOG.warning("%s: %d lines left out; the first: %s", path, len(recording.left_out), recording.left_out[0])
    name = path.name.removesuffix(".gz").removesuffix(".jsonl")
    return detect(path.name, scored(name, recording.comments, model, rulebook), drafts)


def scored(
    brand_id: str, comments: Sequence[Comment], model: Scorer | None, rulebook: Rulebook
) -> Iterator[ScoredText]:
    """A recording's lines as the scoring stage would write them."""
    captions = Captions(rulebook)
    for start in range(0, len(comments), _CHUNK):
        events = [_event(brand_id, comment) for comment in comments[start : start + _CHUNK]]
        judgements = judge([JudgedText.of(event) for event in events], rulebook, model, captions)
        for number, (event, judgement) in enumerate(zip(events, judgements, strict=True), start):
            origin = Coordinates(brand_id, 0, comments[number].number)
            yield with_scores(scored_text(event, origin, event.event_time_ms, judgement), judgement.scores)


def detect(file: str, texts: Iterator[ScoredText], drafts: tuple[AlertRule, ...] | None = None) -> Backtested:
    """Texts of one brand in the order of time, at least one."""
    first = next(texts)
    watch = replace(_WATCH, shadow_rules=drafts or ())
    brand, log, source = (
        Brand.create(first.brand_id, first.event_time_ms - _LISTENING_MS, watch),
        SourceProgress(),
        source_partition(first),
    )
    latest: dict[str, Alert] = {}
    harmful_ms: dict[str, int] = {}
    violence, times_ms = ViolenceEvidence(), []
    for text in _chained(first, texts):
        times_ms.append(text.event_time_ms)
        violence.add(text)
        log.observe(source, text.log_time_ms)
        for alert in brand.process(text, log):
            latest[alert.fingerprint] = alert
            if alert.state == "firing" and alert.kind in HARM:
                harmful_ms.setdefault(alert.fingerprint, alert.updated_at)
    log.observe(source, times_ms[-1] + _AFTERWARDS_MS)
    latest.update({alert.fingerprint: alert for alert in brand.advance(log)})
    fired = sorted((alert for alert in latest.values() if alert.fired_at), key=lambda alert: alert.fired_at or 0)
    shown = [alert for alert in fired if not alert.shadow]
    harm = [_since(alert, harmful_ms[alert.fingerprint]) for alert in shown if alert.fingerprint in harmful_ms]
    return Backtested(
        file,
        len(times_ms),
        times_ms[0],
        times_ms[-1],
        shown,
        bursts(times_ms),
        harm,
        violence,
        None if drafts is None else [alert for alert in fired if alert.shadow],
    )


def _since(alert: Alert, harmful_ms: int) -> Alert:
    return msgspec.structs.replace(alert, fired_at=harmful_ms)


def _chained(first: ScoredText, others: Iterator[ScoredText]) -> Iterator[ScoredText]:
    yield first
    yield from others


def _event(brand_id: str, comment: Comment) -> Event:
    """A line as an event. Its `kind` decides which rules hold: `speech` is what the host says, all in one session, so
    that claims over two captions are found; what is no kind of text is a comment."""
    kind: Any = comment.line.kind if comment.line.kind in TEXT_KINDS else "comment"
    return Event(
        event_id=f"{brand_id}:{comment.number}",
        source=SOURCE,
        platform=platform(comment.line.platform),
        kind=kind,
        brand_id=brand_id,
        event_time_ms=comment.at_ms,
        ingest_time_ms=comment.at_ms,
        text=comment.line.text,
        session_id=brand_id if kind == "speech" else None,
    )


def _alert_row(alert: Alert) -> dict[str, Any]:
    return {
        "fingerprint": alert.fingerprint,
        "kind": alert.kind,
        "severity": alert.severity,
        "at": _iso(alert.fired_at),
        "resolved_at": _iso(alert.resolved_at),
    }


def _burst_row(one: BurstMatch, harm: BurstMatch) -> dict[str, Any]:
    return {
        "onset": _iso(one.burst.onset * 60_000),
        "met_by": one.fingerprint,
        "delay_seconds": one.delay_seconds,
        "lead_seconds": one.lead_seconds,
        "harm_delay_seconds": harm.delay_seconds,
        "harm_after_begin_seconds": harm.after_begin_seconds,
    }


def _iso(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
