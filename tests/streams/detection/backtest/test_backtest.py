import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models.runtime import Scores
from streams.alerts.rule import AlertRule
from streams.compliance.rulebook import Rulebook
from streams.detection.backtest.backtest import DraftSummary, Summary, run
from streams.errors import UsageError
from tests.builders.records import START_MS

ANGRY = Scores("negative", {"negative": 0.9}, {"abuse": 0.8}, ["abuse"])
CALM = Scores("neutral", {"negative": 0.1}, {"abuse": 0.01}, [])


class AngerModel:
    """A model that knows one word."""

    def score(self, texts: Sequence[str]) -> Sequence[Scores | None]:
        return [ANGRY if "angry" in text else CALM for text in texts]


def iso(minute: float) -> str:
    return datetime.fromtimestamp(START_MS / 1000 + 60 * minute, UTC).isoformat()


def lines() -> Iterator[dict[str, Any]]:
    """Ten hours with a comment every two minutes, and an angry burst of eight minutes after eight hours."""
    for minute in range(600):
        if minute % 2 == 0:
            yield {"time": iso(minute), "platform": "weibo", "text": f"comment {minute}"}
        for number in range(12 if 480 <= minute < 488 else 0):
            yield {"time": iso(minute), "platform": "weibo", "text": f"so angry {minute} {number}"}


def recording(folder: Path, rows: Iterator[dict[str, Any]]) -> Path:
    path = folder / "i01.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(json.dumps(row) for row in rows).encode()))
    return path


def test_recording_gives_the_alerts_that_the_workers_would_have_raised(tmp_path: Path, rulebook: Rulebook) -> None:
    path = recording(tmp_path, lines())
    row = run(path, AngerModel(), rulebook).row()
    (alert,) = row["alerts"]
    assert (row["file"], row["comments"]) == ("i01.jsonl.gz", 396)
    assert (alert["kind"], alert["severity"]) == ("crisis", "critical")
    assert iso(480) <= alert["at"] <= iso(483)
    assert iso(498) < alert["resolved_at"] <= iso(504)
    (burst,) = row["bursts"]
    assert burst["met_by"] == alert["fingerprint"]
    assert burst["delay_seconds"] <= 0
    assert row["alerts_outside_bursts_per_day"] == 0
    assert 0.3 < row["cyber_violence"] < 0.5
    assert burst["lead_seconds"] >= 0
    assert burst["harm_delay_seconds"] == burst["delay_seconds"]
    # The onset is 482; the first comment of its ten minutes is one of the ordinary ones, at 474.
    assert burst["harm_after_begin_seconds"] - burst["harm_delay_seconds"] == 8 * 60
    assert "draft_alerts" not in row
    assert run(path, AngerModel(), rulebook).row() == row


def test_without_a_model_a_burst_is_a_surge(tmp_path: Path, rulebook: Rulebook) -> None:
    row = run(recording(tmp_path, lines()), None, rulebook).row()
    assert [alert["kind"] for alert in row["alerts"]] == ["surge"]
    assert [burst["harm_delay_seconds"] for burst in row["bursts"]] == [None]
    assert row["cyber_violence"] == 0.0


def test_surge_that_turns_is_met_as_harm_from_when_it_turned(tmp_path: Path, rulebook: Rulebook) -> None:
    #   minute   480   482           486           500
    #            nothing but talk  | angry         |
    rows = ({"time": iso(480 + number / 15), "text": "angry" if number >= 90 else "seen it"} for number in range(300))
    one = run(
        recording(tmp_path, iter([*(row for row in lines() if row["time"] < iso(480)), *rows])), AngerModel(), rulebook
    )
    (met,), (harm,) = one.burst_matches(), one.harm_matches()
    assert met.fingerprint == harm.fingerprint
    assert met.delay_seconds is not None
    assert harm.delay_seconds is not None
    assert harm.delay_seconds - met.delay_seconds > 120
    total = Summary.of([one])
    assert (total.met_by_harm, total.harm_delay_seconds_median) == (1, harm.delay_seconds)
    assert total.harm_after_begin_seconds_median == harm.after_begin_seconds


def test_alert_resolves_behind_the_last_comment(tmp_path: Path, rulebook: Rulebook) -> None:
    rows = (row for row in lines() if row["time"] < iso(485))
    row = run(recording(tmp_path, rows), AngerModel(), rulebook).row()
    assert iso(485) < row["alerts"][0]["resolved_at"] <= iso(500)


def test_file_that_cannot_be_read_is_refused(tmp_path: Path, rulebook: Rulebook) -> None:
    with pytest.raises(UsageError, match="no such file"):
        run(tmp_path / "none.jsonl.gz", None, rulebook)


def test_draft_rules_show_what_they_would_have_done(tmp_path: Path, rulebook: Rulebook) -> None:
    path = recording(tmp_path, lines())
    drafts = (AlertRule("anger", "abuse", at_least=20), AlertRule("any-talk", "texts", at_least=2))
    one = run(path, AngerModel(), rulebook, drafts)
    assert one.row()["alerts"] == run(path, AngerModel(), rulebook).row()["alerts"]
    assert [(alert["rule"], alert["kind"]) for alert in one.row()["draft_alerts"]][:1] == [("any-talk", "crisis")]
    anger, talk = (DraftSummary.of(rule.name, [one]) for rule in drafts)
    assert (anger.fired, anger.bursts_met, anger.false_alarms_per_brand_and_day) == (1, 1, 0.0)
    assert talk.fired >= 1


def test_summary_is_over_all_recordings(tmp_path: Path, rulebook: Rulebook) -> None:
    one = run(recording(tmp_path, lines()), AngerModel(), rulebook)
    calm = run(recording(tmp_path, (row for row in lines() if row["time"] < iso(400))), None, rulebook)
    total = Summary.of([one, calm])
    assert (total.files, total.comments, total.bursts, total.met, total.alerts, total.critical) == (2, 596, 1, 1, 1, 1)
    assert total.delay_seconds_median == total.delay_seconds_p90 == one.burst_matches()[0].delay_seconds
    assert total.false_alarms_per_brand_and_day == 0.0
    assert Summary.of([calm]).delay_seconds_median is None


def test_recording_of_a_host_is_held_against_the_rules_for_hosts(tmp_path: Path, rulebook: Rulebook) -> None:
    captions = ["家人们这款是全网最", "低价的一次，快来", "颜色有红有绿"]
    spoken = [{"time": iso(n / 30), "kind": "speech", "text": text} for n, text in enumerate(captions)]
    alerts = run(recording(tmp_path, iter(spoken)), None, rulebook).alerts
    assert [(alert.kind, alert.family) for alert in alerts] == [("compliance", "absolute_claim")]
    assert [one.text for one in alerts[0].evidence] == [captions[1]]
    commented = ({**row, "kind": "comment"} for row in spoken)
    assert run(recording(tmp_path, commented), None, rulebook).alerts == []
