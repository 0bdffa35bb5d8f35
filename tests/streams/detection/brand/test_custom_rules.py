"""Draft rules in shadow; minutes of event time count from START_MS."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from models.labels import RISKS
from streams.alerts.alert import Alert
from streams.alerts.rule import AlertRule, Label
from streams.detection.brand.brand import Brand, Brands
from streams.detection.brand.custom_rules import read_alert_rules
from streams.detection.config import DetectionConfig
from streams.detection.dedup import source_partition
from streams.detection.watermark import SourceProgress
from streams.errors import UsageError
from streams.events.schema import ScoredText
from tests.builders.records import at, steady, text

COMPLAINTS = AlertRule("complaints", "complaint", at_least=6, minutes=10, share=0.25, severity="critical")


def play(texts: Iterable[ScoredText], *rules: AlertRule) -> list[Alert]:
    """The shadow alerts over texts in the order of time; the brand is stored and loaded before each text."""
    ordered = sorted(texts, key=lambda one: one.log_time_ms)
    brands, log = Brands(DetectionConfig(shadow_rules=rules)), SourceProgress()
    brand, alerts = brands.create(ordered[0]), list[Alert]()
    for one in ordered:
        brand = brands.restore(brand.snapshot())
        log.observe(source_partition(one), one.log_time_ms)
        alerts += brand.process(one, log)
    return [alert for alert in alerts if alert.shadow]


def complaints(*minutes: float, **facts: Any) -> list[ScoredText]:
    return [text(minute, 5_000 + number, flagged=["complaint"], **facts) for number, minute in enumerate(minutes)]


def test_draft_rule_fires_and_resolves_as_one_shadow_alert() -> None:
    said = complaints(10, 11, 12, 13, 13.5, 14, 15)
    fired, resolved = play([*steady(1, range(40)), *said], COMPLAINTS)
    assert (fired.state, resolved.state) == ("firing", "resolved")
    assert fired.fingerprint == resolved.fingerprint
    assert (fired.rule, fired.kind, fired.severity, fired.shadow) == ("complaints", "crisis", "critical", True)
    assert (fired.started_at, fired.fired_at) == (at(5), at(14))
    assert fired.observed == {"counted": 6, "texts": 16}
    assert fired.runbook == "crisis.md"
    assert "6 of 16 texts in 10 minutes count as complaint" in fired.explanation
    assert [one.event_time for one in fired.evidence] == [one.event_time_ms for one in said[:6]]
    # The ten minutes up to 23 hold two of them; seen at 24, it is over four quiet minutes later.
    assert resolved.resolved_at == at(28)


def test_every_bound_must_be_reached() -> None:
    few = [*steady(1, range(20)), *complaints(10, 11, 12, 13, 14)]
    among_many = [*steady(10, range(20)), *complaints(10, 11, 12, 13, 13.5, 14)]
    assert play(few, COMPLAINTS) == []
    assert play(among_many, COMPLAINTS) == []
    assert play(among_many, msgspec.structs.replace(COMPLAINTS, share=0.0)) != []


def test_rule_may_ask_for_more_talk_than_usual() -> None:
    rule = AlertRule("louder", "texts", at_least=10, times_usual=3.0)
    assert play(steady(8, range(40)), rule) == []
    alerts = play([*steady(8, range(70)), *steady(40, range(50, 53), first_offset=9_000)], rule)
    assert [alert.state for alert in alerts] == ["firing", "resolved"]
    assert at(46) <= alerts[0].started_at <= at(48)
    assert "40.0 texts are usual in as many minutes; the rule asks for 3 times that" in alerts[0].explanation


@pytest.mark.parametrize(
    ("label", "facts", "counts"),
    [
        ("texts", {}, True),
        ("negative", {"mood": "negative"}, True),
        ("negative", {"mood": "positive"}, False),
        ("harmful", {"flagged": ["rumor"]}, True),
        ("harmful", {"flagged": ["fraud_spam"]}, False),
        ("diversion", {"flagged": ["diversion"]}, True),
        ("diversion", {"flagged": ["abuse"]}, False),
    ],
)
def test_label_says_what_is_counted(label: Label, facts: dict[str, Any], counts: bool) -> None:
    assert bool(play([text(0, 1, **facts)], AlertRule("one", label, at_least=1))) == counts


def test_every_risk_label_can_be_counted() -> None:
    assert set(RISKS) < set(get_args(Label))


def test_rule_for_other_brands_is_not_evaluated() -> None:
    rule = msgspec.structs.replace(COMPLAINTS, at_least=1, brands=("other",))
    assert play(complaints(0, 1, 2), rule) == []
    assert play(complaints(0, 1, 2, brand_id="other"), rule) != []


def test_rule_that_was_withdrawn_ends_its_alert() -> None:
    watched, log = Brands(DetectionConfig(shadow_rules=(AlertRule("one", "texts", at_least=1),))), SourceProgress()
    brand = watched.create(text(0, 1))
    log.observe("social.interactions:0", at(0))
    assert [alert.state for alert in brand.process(text(0, 1), log)] == ["firing"]
    without = Brands(DetectionConfig()).restore(brand.snapshot())
    log.observe("social.interactions:0", at(2))
    assert [(alert.rule, alert.state) for alert in without.process(text(2, 2), log)] == [("one", "resolved")]
    assert without.state.shadow_rules == {}


def test_drafts_change_nothing_else() -> None:
    burst = [*steady(8, range(40)), *steady(40, range(12, 20), first_offset=1_000, mood="negative")]

    def others(*rules: AlertRule) -> list[Alert]:
        ordered = sorted(burst, key=lambda one: one.log_time_ms)
        brand, log = Brand.create("acme", at(0), DetectionConfig(shadow_rules=rules)), SourceProgress()
        alerts = list[Alert]()
        for one in ordered:
            log.observe(source_partition(one), one.log_time_ms)
            alerts += brand.process(one, log)
        return [alert for alert in alerts if not alert.shadow]

    assert others(AlertRule("any", "texts", at_least=1)) == others()


GOOD = """
version: 1
rules:
  - name: complaints
    counts: complaint
    minutes: 10
    at_least: 6
    share: 0.25
    severity: critical
"""


def test_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "draft.yaml"
    path.write_text(GOOD)
    assert read_alert_rules(path) == (COMPLAINTS,)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (GOOD.replace("complaint\n", "grumbling\n"), ":5: Invalid enum value `grumbling`"),
        (GOOD.replace("at_least: 6", "atleast: 6"), "draft.yaml:4: "),
        (GOOD.replace("minutes: 10", "minutes: 90"), ":6: Expected `int` <= 60"),
        (GOOD + GOOD.partition("rules:\n")[2], "rule complaints is there twice"),
        ("version: 1\nrules: []\n", "no rule in it"),
        ("", "the file is empty"),
    ],
)
def test_file_that_is_wrong_is_refused_with_its_line(tmp_path: Path, wrong: str, complaint: str) -> None:
    path = tmp_path / "draft.yaml"
    path.write_text(wrong)
    with pytest.raises(UsageError, match=complaint):
        read_alert_rules(path)
