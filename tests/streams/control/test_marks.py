"""What people's words about alerts say of single texts."""

import msgspec
import pytest

from streams.alerts.alert import Alert, Evidence
from streams.control.decisions import Decision, Verdict
from streams.control.marks import Mark, last_words, marks_of
from streams.events.schema import Coordinates, Finding
from tests.builders.alerts import an_alert


def alert_of(**changes: object) -> Alert:
    texts = [
        Evidence(Coordinates("live.events", 0, 1), 1, "it caught fire", risks={"crisis": 0.9, "complaint": 0.8}),
        Evidence(Coordinates("live.events", 0, 2), 2, "lovely"),
    ]
    return msgspec.structs.replace(an_alert(), **{"evidence": texts, **changes})


def decided(*verdicts: Verdict) -> list[Decision]:
    return [Decision(verdict, "alice", at, "crisis", "critical", "velvet") for at, verdict in enumerate(verdicts, 1)]


@pytest.mark.parametrize(("verdict", "present"), [("false_alarm", False), ("confirmed", True)])
def test_judged_alert_answers_for_the_texts_that_carry_its_risk(verdict: Verdict, present: bool) -> None:
    assert list(marks_of(alert_of(), decided(verdict))) == [Mark("it caught fire", "crisis", present, "alice", 1)]


@pytest.mark.parametrize("verdicts", [(), ("acknowledged",), ("false_alarm", "reopened")])
def test_alert_that_nobody_judged_says_nothing(verdicts: tuple[Verdict, ...]) -> None:
    assert list(marks_of(alert_of(), decided(*verdicts))) == []


def test_breach_answers_for_its_family_in_the_words_of_a_host() -> None:
    found = [
        Finding("absolute_claim", "r", "Art. 9", (0, 4), "best"),
        Finding("medical_claim", "r", "Art. 17", (0, 1), "b"),
    ]
    said = Evidence(Coordinates("live.events", 0, 1), 1, "best ever", findings=found, room_id="r1")
    alert = alert_of(kind="compliance", family="absolute_claim", evidence=[said])
    [mark] = marks_of(alert, decided("false_alarm"))
    assert mark.as_row() == {"text": "best ever", "absolute_claim": 0, "kind": "host_speech", "at_ms": 1, "by": "alice"}


def test_last_word_about_a_text_and_a_label_counts() -> None:
    first, second = Mark("a", "abuse", True, "alice", 1), Mark("a", "abuse", False, "bob", 2)
    other = Mark("a", "complaint", True, "alice", 3)
    assert last_words([second, other, first]) == [second, other]
