"""A brand's alerts over made-up hours; minutes of event time are in the names where they matter."""

import random
from collections.abc import Iterable

import msgspec
import pytest

from streams.alerts.alert import Alert, fingerprint
from streams.clock import MINUTE_MS
from streams.detection.brand.brand import Brand, Brands
from streams.detection.brand.windows import Tally
from streams.detection.dedup import source_partition
from streams.detection.views.summaries import BRAND_VIEW
from streams.detection.watermark import SourceProgress
from streams.events.schema import Actor, Coordinates, ScoredText
from streams.topology import LIVE, SOCIAL
from tests.builders.records import CONFIG, at, finding, speech, steady, text


def play(texts: Iterable[ScoredText], until: float | None = None) -> list[Alert]:
    """All alert records over texts in the order of time, and over idle time up to a minute."""
    ordered = sorted(texts, key=lambda one: one.log_time_ms)
    brand, log = Brand.create("acme", ordered[0].event_time_ms, CONFIG), SourceProgress()
    alerts = [alert for one in ordered for alert in tell(brand, log, one)]
    if until is not None:
        log.observe(source_partition(ordered[0]), at(until))
        alerts += brand.advance(log)
    return alerts


def tell(brand: Brand, log: SourceProgress, one: ScoredText) -> list[Alert]:
    log.observe(source_partition(one), one.log_time_ms)
    return brand.process(one, log)


def states(alerts: Iterable[Alert]) -> list[tuple[str, str]]:
    """(kind, state) of each change of state."""
    changes: dict[tuple[str, str], None] = {}
    for alert in alerts:
        changes[alert.kind, alert.state] = None
    return list(changes)


def crisis(*, per_minute: int = 40, minutes: range = range(12, 20), mood: str = "negative") -> list[ScoredText]:
    return [*steady(8, range(40)), *steady(per_minute, minutes, first_offset=1_000, mood=mood)]


def test_calm_raises_nothing() -> None:
    assert play(steady(8, range(120))) == []


def test_crisis_is_one_alert_from_pending_to_resolved() -> None:
    alerts = play(crisis())
    assert states(alerts) == [("crisis", "pending"), ("crisis", "firing"), ("crisis", "resolved")]
    assert len({alert.fingerprint for alert in alerts}) == 1
    last = alerts[-1]
    assert last.started_at == at(12)
    assert last.fired_at is not None
    assert last.fired_at <= at(14)
    assert last.resolved_at is not None
    assert at(30) < last.resolved_at <= at(36)


def test_crisis_says_how_bad_and_compared_with_what() -> None:
    firing = [alert for alert in play(crisis()) if alert.state == "firing"][-1]
    assert firing.severity == "critical"
    assert firing.observed["harmful"] > 100
    assert firing.baseline["harmful"] == 0
    assert firing.baseline["texts"] == pytest.approx(40, abs=1)
    assert 0.7 < firing.factors["negativity"] <= 1
    assert set(firing.factors) == {"volume", "negativity", "velocity", "reach", "coordination"}
    assert "negative or carry a risk" in firing.explanation
    assert firing.runbook == "crisis.md"
    assert firing.evidence
    assert all(one.sentiment == "negative" for one in firing.evidence)
    assert firing.spreaders


def test_praise_is_an_opportunity_that_pages_nobody() -> None:
    alerts = play(crisis(mood="positive"))
    assert states(alerts) == [("opportunity", "pending"), ("opportunity", "firing"), ("opportunity", "resolved")]
    assert {alert.severity for alert in alerts} == {"info"}


def test_neutral_talk_is_a_surge_that_pages_nobody() -> None:
    alerts = [alert for alert in play(crisis(mood="neutral")) if alert.fired_at]
    assert {(alert.kind, alert.severity) for alert in alerts} == {("surge", "info")}


def turning() -> list[ScoredText]:
    """Much talk from the twelfth minute on, harmful from the eighteenth."""
    return [
        *steady(8, range(60)),
        *steady(40, range(12, 18), first_offset=1_000, mood="neutral"),
        *steady(80, range(18, 26), first_offset=3_000, mood="negative"),
    ]


def test_state_that_is_stored_at_each_text_gives_the_same_alerts() -> None:
    ordered = sorted(turning(), key=lambda one: one.log_time_ms)
    brand, log, alerts = Brand.create("acme", ordered[0].event_time_ms, CONFIG), SourceProgress(), list[Alert]()
    for one in ordered:
        brand = Brands(CONFIG).restore(brand.snapshot())
        alerts += tell(brand, log, one)
    assert alerts == play(turning())


def test_talk_that_turns_harmful_is_one_alert_that_grows_graver() -> None:
    alerts = [alert for alert in play(turning()) if alert.fired_at]
    assert len({(alert.fingerprint, alert.started_at, alert.fired_at) for alert in alerts}) == 1
    assert states(alerts) == [("surge", "firing"), ("crisis", "firing"), ("crisis", "resolved")]
    assert {(alert.kind, alert.severity, alert.runbook) for alert in alerts} == {
        ("surge", "info", "surge.md"),
        ("crisis", "warning", "crisis.md"),
        ("crisis", "critical", "crisis.md"),
    }
    first = next(alert for alert in alerts if alert.kind == "crisis")
    assert first.updated_at <= at(20)
    assert first.summary.startswith("acme: crisis, ")


def test_abuse_at_a_person_is_its_own_kind() -> None:
    abuse = {"flagged": ["abuse"], "risks": {"abuse": 0.97}, "text": "你这种人不配做人"}
    texts = [*steady(8, range(40)), *steady(40, range(12, 20), first_offset=1_000, mood="negative", **abuse)]
    assert {alert.kind for alert in play(texts) if alert.fired_at} == {"cyber_violence"}


def test_crisis_that_turns_into_violence_is_one_alert() -> None:
    hostile = {"mood": "negative", "flagged": ["abuse"], "risks": {"abuse": 0.9}}
    texts = [
        *crisis(minutes=range(12, 16)),
        *steady(60, range(16, 30), first_offset=9_000, text="你就是垃圾", **hostile),
    ]
    fired = [alert for alert in play(texts) if alert.fired_at]
    assert list(dict.fromkeys(alert.kind for alert in fired)) == ["crisis", "cyber_violence"]
    assert len({alert.fingerprint for alert in fired}) == 1
    assert fired[-1].runbook == "cyber-violence.md"


@pytest.mark.parametrize(("on", "off"), [(2, 2), (5, 5), (5, 9)])
def test_oscillation_is_one_alert(on: int, off: int) -> None:
    #   on for some minutes, off for some, for an hour
    waves = [minute for minute in range(12, 72) if (minute - 12) % (on + off) < on]
    texts = [*steady(8, range(90)), *steady(60, waves, first_offset=1_000, mood="negative")]
    fired = {alert.fingerprint for alert in play(texts) if alert.fired_at}
    assert len(fired) == 1


def test_coordinated_attack_is_marked() -> None:
    attack = [
        msgspec.structs.replace(one, actor=Actor(id=f"clique{number % 5}"))
        for number, one in enumerate(steady(40, range(12, 18), first_offset=1_000, mood="negative"))
    ]
    alerts = [alert for alert in play([*steady(8, range(40)), *attack]) if alert.state == "firing"]
    assert alerts[-1].factors["coordination"] > 0.9
    assert "Coordinated" in alerts[-1].explanation


def test_quiet_brand_is_not_missed_at_fifteen_mentions() -> None:
    quiet = [text(minute, minute) for minute in range(0, 600, 40)]
    burst = [text(600 + number / 4, 1_000 + number, mood="negative") for number in range(15)]
    fired = [alert for alert in play([*quiet, *burst], until=640) if alert.fired_at]
    assert {alert.kind for alert in fired} == {"crisis"}
    assert fired[-1].state == "resolved"


def test_small_burst_is_a_crisis_where_most_of_it_is_harm() -> None:
    """Thirty texts in ten minutes on a brand with one a quarter of an hour: never fifteen harmful ones in five."""
    quiet = [text(minute, minute) for minute in range(0, 600, 15)]

    def kinds(harmful: int) -> set[str]:
        moods = ["negative" if number % 10 < harmful else "neutral" for number in range(30)]
        burst = [text(600 + number / 3, 1_000 + number, mood=mood) for number, mood in enumerate(moods)]
        return {alert.kind for alert in play([*quiet, *burst]) if alert.fired_at}

    assert kinds(harmful=6) == {"crisis"}
    assert kinds(harmful=3) == {"surge"}


def test_quiet_brand_is_not_missed_at_fifteen_in_an_hour() -> None:
    #   two days with a mention every 40 minutes, then fifteen within the hour, evenly
    quiet = [text(minute, minute) for minute in range(0, 2_880, 40)]
    stir = [text(2_880 + 4 * number, 5_000 + number, mood="negative") for number in range(15)]
    (last,) = {alert.fingerprint: alert for alert in play([*quiet, *stir], until=3_000) if alert.fired_at}.values()
    assert (last.kind, last.severity, last.state) == ("crisis", "warning", "resolved")
    assert last.fired_at == at(2_936)
    assert "texts in 60 minutes" in last.summary
    assert last.baseline["texts"] < 3


def test_quiet_brand_that_stays_at_fifteen_an_hour_is_told_of_once() -> None:
    quiet = [text(minute, minute) for minute in range(0, 2_880, 40)]
    stays = [text(2_880 + 4 * number, 5_000 + number) for number in range(24 * 15)]
    assert len({alert.fingerprint for alert in play([*quiet, *stays]) if alert.fired_at}) == 1


def test_brand_of_two_an_hour_at_random_does_not_spam() -> None:
    rng, minute, texts = random.Random(11), 0.0, list[ScoredText]()
    while minute < 14 * 1_440:
        minute += rng.expovariate(2 / 60)
        texts.append(text(minute, len(texts), mood="negative"))
    assert [alert for alert in play(texts) if alert.fired_at] == []


def test_brand_of_ten_thousand_a_minute_is_calm_and_alarms_at_its_multiple() -> None:
    """Counts are what matters at that size: each text stands for a hundred."""
    brand, log = Brand.create("acme", at(0), CONFIG), SourceProgress()

    def minutes(first: int, last: int, hundreds: int, mood: str) -> list[Alert]:
        alerts = list[Alert]()
        for minute in range(first, last):
            for number in range(hundreds):
                one = text(minute + number / hundreds, minute * 1_000 + number, mood=mood)
                alerts += tell(brand, log, one)
                brand.state.conversation.windows.add(at(minute) // 60_000, multiplied(one, 99))
        return alerts

    assert minutes(0, 60, 100, "neutral") == []
    fired = [alert for alert in minutes(60, 66, 400, "negative") if alert.fired_at]
    assert {alert.kind for alert in fired} == {"crisis"}
    assert fired[0].fired_at is not None
    assert fired[0].fired_at <= at(64)
    assert len(brand.snapshot()) < 40_000


def multiplied(one: ScoredText, times: int) -> Tally:
    """What so many more texts like this one add to their minute."""
    harm = times * (one.sentiment == "negative")
    return Tally(texts=times, scored=times, negative=harm, harm=harm, harm_hundredths=50 * harm)


def test_few_texts_of_great_influence_are_a_crisis_and_of_ordinary_people_are_not() -> None:
    def burst(actor: Actor) -> list[Alert]:
        spoken = [text(60 + number / 4, 1_000 + number, mood="negative", actor=actor) for number in range(6)]
        return [alert for alert in play([*steady(1, range(75)), *spoken]) if alert.fired_at]

    famous = burst(Actor(id="famous", followers=3_000_000, verified=True))
    assert {alert.kind for alert in famous} == {"crisis"}
    assert famous[0].observed["harmful_by_influence"] > 15 > famous[0].observed["harmful"]
    assert next(iter(famous[0].spreaders)) == "famous"
    assert burst(Actor(id="anybody")) == []


def test_firing_alert_answers_every_question() -> None:
    """What, since when, how bad, compared with what, on which evidence, what to do: no field is left to chance."""
    alert = next(alert for alert in play(crisis()) if alert.state == "firing")
    assert alert.fingerprint == fingerprint("crisis", "acme", None, None, at(12))
    assert (alert.kind, alert.severity, alert.state, alert.brand_id) == ("crisis", "warning", "firing", "acme")
    assert (alert.started_at, alert.room_id, alert.platform, alert.family, alert.source) == (at(12), *[None] * 4)
    assert alert.fired_at == alert.updated_at
    assert alert.resolved_at is None
    assert alert.summary.startswith("acme: crisis, ")
    assert f"{int(alert.observed['texts'])} texts in 5 minutes where" in alert.explanation
    assert alert.runbook == "crisis.md"
    assert set(alert.observed) == {
        "texts", "harmful", "harmful_by_influence", "negative", "positive", "abusive", "followers",
    }  # fmt: skip
    assert set(alert.baseline) == {"texts", "harmful", "windows"}
    assert all(0 <= factor <= 1 for factor in alert.factors.values())
    first = alert.evidence[0]
    assert (first.origin.topic, first.origin.partition, first.origin.offset >= 1_000) == (SOCIAL, 0, True)
    assert at(12) <= first.event_time <= alert.fired_at
    assert (first.text.startswith("words number"), first.sentiment, first.actor_id is not None) == (
        True, "negative", True,
    )  # fmt: skip
    assert (alert.rule, alert.shadow) == (None, False)


def test_quiet_brand_does_not_spam() -> None:
    assert play([text(minute, minute, mood="negative") for minute in range(0, 2_000, 29)]) == []


def test_unscored_texts_count_as_talk() -> None:
    fired = [alert for alert in play(crisis(mood="unscored")) if alert.fired_at]
    assert {alert.kind for alert in fired} == {"surge"}


def test_brand_that_goes_idle_resolves_with_the_log() -> None:
    texts = [one for one in crisis() if one.event_time_ms < at(16)]
    assert play(texts)[-1].state == "firing"
    assert [alert.state for alert in play(texts, until=40) if alert.kind == "crisis"][-1] == "resolved"


def test_late_text_counts_in_its_own_minute_and_as_late() -> None:
    brand, log = Brand.create("acme", at(0), CONFIG), SourceProgress()
    for one in steady(8, range(10)):
        tell(brand, log, one)
    tell(brand, log, text(3, 500, log_time_ms=at(9.9)))
    minutes = brand.state.conversation.windows.minutes
    assert [minutes[at(minute) // MINUTE_MS].texts for minute in (2, 3, 4)] == [8, 9, 8]
    assert brand.state.late_records == 1


def test_text_older_than_what_is_kept_changes_nothing() -> None:
    brand, log = Brand.create("acme", at(0), CONFIG), SourceProgress()
    for one in steady(8, range(200)):
        tell(brand, log, one)
    before = msgspec.msgpack.encode(brand.state.conversation.windows)
    tell(brand, log, text(3, 5_000, log_time_ms=at(199.9)))
    assert msgspec.msgpack.encode(brand.state.conversation.windows) == before
    assert brand.state.late_records == 1


def test_scores_that_come_late_change_shares_and_not_volume() -> None:
    brand, log = Brand.create("acme", at(0), CONFIG), SourceProgress()
    tell(brand, log, text(0, 1, mood="unscored"))
    brand.amend(text(0, 1, mood="negative"))
    tally = brand.state.conversation.windows.ending(at(0) // 60_000)
    assert (tally.texts, tally.scored, tally.harm) == (1, 1, 1)


def test_feed_that_falls_silent_alerts_while_others_speak() -> None:
    spoken = [*steady(3, range(60)), *steady(2, range(13), first_offset=5_000, source="bluesky-jetstream")]
    alerts = play(spoken)
    assert [(alert.kind, alert.source, alert.state) for alert in alerts] == [
        ("feed_silent", "bluesky-jetstream", "firing")
    ]
    assert alerts[0].fired_at == at(28)
    back = play([*spoken, text(61, 9_000, source="bluesky-jetstream")])
    assert back[-1].state == "resolved"


def test_host_breach_is_one_alert_a_family_while_it_goes_on() -> None:
    said = [speech(minute, int(minute * 10), "absolute_claim") for minute in (5, 7, 11, 12)]
    other = [speech(8, 999, "privacy_leak")]
    alerts = play([*said, *other, *steady(2, range(40), first_offset=2_000)])
    last = {alert.fingerprint: alert for alert in alerts}
    claims, privacy = sorted(last.values(), key=lambda alert: alert.kind)
    assert (claims.kind, claims.family, claims.room_id, claims.state) == (
        "compliance", "absolute_claim", "r1", "resolved",
    )  # fmt: skip
    assert (claims.started_at, claims.fired_at, claims.resolved_at) == (at(5), at(5), at(19))
    assert claims.observed == {"findings": 4}
    assert "广告法 9(3)" in claims.explanation
    assert claims.evidence[0].findings[0].matched == "最好"
    assert (privacy.kind, privacy.runbook) == ("privacy", "privacy.md")


def test_breach_after_a_long_pause_is_a_new_episode() -> None:
    said = [speech(5, 50, "absolute_claim"), speech(30, 300, "absolute_claim")]
    alerts = play([*said, *steady(2, range(40), first_offset=2_000)])
    assert len({alert.fingerprint for alert in alerts}) == 2


def test_viewers_opinion_is_no_breach() -> None:
    said = [text(5, 50, findings=speech(5, 50, "absolute_claim").findings)]
    assert play([*said, *steady(2, range(20), first_offset=2_000)]) == []


def test_state_is_small_however_loud_the_crisis() -> None:
    loud = [text(12 + number / 5_000, number, mood="negative") for number in range(8_000)]
    brand, log = Brand.create("acme", at(0), CONFIG), SourceProgress()
    for one in [*steady(8, range(12)), *loud]:
        tell(brand, log, one)
    assert len(brand.snapshot()) < 40_000
    assert Brands(CONFIG).restore(brand.snapshot()).snapshot() == brand.snapshot()


def test_texts_of_a_source_that_scoring_is_behind_with_count_as_if_it_were_not() -> None:
    #   social is scored in time, the rooms' comments come six minutes later
    social = [*steady(6, range(40)), *steady(30, range(12, 18), first_offset=1_000, mood="negative")]
    rooms = [
        msgspec.structs.replace(one, origin=Coordinates(LIVE, 2, one.origin.offset), room_id="r1")
        for one in steady(5, range(40), first_offset=5_000)
    ]
    in_time = sorted([*social, *rooms], key=lambda one: one.log_time_ms)
    behind = sorted([*social, *rooms], key=lambda one: one.log_time_ms + 6 * 60_000 * (one.room_id is not None))

    def told(order: list[ScoredText]) -> tuple[list[Alert], int]:
        brand, log = Brand.create("acme", at(0), CONFIG), SourceProgress()
        return [alert for one in order for alert in tell(brand, log, one)], brand.late_records

    (expected, _), (alerts, late) = told(in_time), told(behind)
    assert late <= 5 * 6, "until the first of them came, nobody knew of the rooms"
    assert [(alert.kind, alert.fingerprint) for alert in alerts if alert.fired_at == alert.updated_at] == [
        (alert.kind, alert.fingerprint) for alert in expected if alert.fired_at == alert.updated_at
    ]
    assert len({alert.fingerprint for alert in alerts}) == 1
    assert alerts[-1].state == "resolved"


def test_evidence_of_a_breach_shows_the_models_word_beside_who_found_it() -> None:
    found = msgspec.structs.replace(finding(), said_by="both", score=0.9)
    said = text(5, 10, kind="host_speech", room_id="r1", findings=[found], risks={"misleading": 0.4321, "abuse": 0.1})
    (alert,) = [alert for alert in play([said]) if alert.state == "firing"]
    shown = alert.evidence[0]
    assert (shown.risks, shown.findings) == ({"misleading": 0.432}, [found])


def told(texts: Iterable[ScoredText]) -> Brand:
    """A brand that has heard the texts."""
    ordered = sorted(texts, key=lambda one: one.log_time_ms)
    brand, log = Brand.create("acme", ordered[0].event_time_ms, CONFIG), SourceProgress()
    for one in ordered:
        tell(brand, log, one)
    return brand


def claim(minute: float, offset: int, words: str) -> ScoredText:
    found = msgspec.structs.replace(finding("medical_claim"), matched=words)
    return text(minute, offset, kind="host_speech", room_id="r1", text=f"{words}, my dears", findings=[found])


def test_firing_breach_follows_what_is_said() -> None:
    brand = told(claim(number, number, f"cures {number}") for number in range(12))
    [shown] = brand.running()
    assert shown.observed["findings"] == 12
    assert "“cures 11”" in shown.summary
    assert [one.text for one in shown.evidence][:2] == ["cures 11, my dears", "cures 10, my dears"]


def test_breach_that_comes_late_is_counted_and_not_called_the_latest() -> None:
    brand = told([claim(0, 0, "cures all"), claim(3, 1, "heals all")])
    log = SourceProgress()
    log.observe(source_partition(claim(0, 0, "")), at(3))
    brand.process(claim(1, 2, "saves all"), log)
    [shown] = brand.running()
    assert shown.observed["findings"] == 3
    assert "“heals all”" in shown.summary


def test_breach_that_is_repeated_is_one_piece_of_evidence() -> None:
    brand = told(claim(number / 4, number, ("cures all", "heals all")[number % 2]) for number in range(10))
    [shown] = brand.running()
    assert [(one.text, one.count) for one in shown.evidence] == [("heals all, my dears", 5), ("cures all, my dears", 5)]


def test_breach_says_when_it_resolves_once_a_minute_is_quiet() -> None:
    [shown] = told([claim(0, 0, "cures all")]).running()
    assert shown.calm_since is None
    [shown] = told([claim(0, 0, "cures all"), text(3, 1)]).running()
    assert (shown.calm_since, shown.resolves_at) == (at(0), at(7))


def test_crisis_shows_the_present_beside_its_height() -> None:
    brand = told([*steady(8, range(25)), *steady(40, range(12, 18), first_offset=1_000, mood="negative")])
    [shown] = brand.running()
    assert shown.observed["texts"] == 5 * 48
    assert shown.present == {"texts": 40, "harmful": 0, "texts_per_minute": 8, "minutes": 5}


def test_height_of_a_crisis_never_falls_between_two_records() -> None:
    texts = [*steady(8, range(40)), *steady(40, range(12, 18), first_offset=1_000, mood="negative")]
    ordered = sorted(texts, key=lambda one: one.log_time_ms)
    brand, log, heights = Brand.create("acme", ordered[0].event_time_ms, CONFIG), SourceProgress(), list[float]()
    for one in ordered:
        tell(brand, log, one)
        heights += [alert.observed["texts"] for alert in brand.running()]
    assert heights == sorted(heights)
    assert heights[-1] == 5 * 48


def test_crisis_says_since_when_it_is_calm_and_when_it_resolves() -> None:
    texts = crisis(minutes=range(12, 16))
    [resolved] = [alert for alert in play(texts) if alert.state == "resolved"]
    assert resolved.resolved_at is not None
    before = [one for one in texts if one.event_time_ms < resolved.resolved_at - 60_000]
    [shown] = told(before).running()
    assert shown.state == "firing"
    assert shown.calm_since == resolved.resolved_at - 10 * 60_000
    assert shown.resolves_at == resolved.resolved_at


def test_burst_of_praise_is_shown_by_praise() -> None:
    complaints = steady(3, range(12, 18), first_offset=5_000, mood="negative", text="does not work")
    praise = steady(40, range(12, 18), first_offset=1_000, mood="positive")
    [shown] = told([*steady(8, range(18)), *praise, *complaints]).running()
    assert shown.kind == "opportunity"
    assert {one.sentiment for one in shown.evidence} == {"positive"}


def test_surge_is_shown_by_what_is_said_most() -> None:
    said = steady(10, range(12, 18), first_offset=5_000, text="the queen wore it")
    [shown] = told([*steady(8, range(18)), *steady(30, range(12, 18), first_offset=1_000), *said]).running()
    assert shown.kind == "surge"
    assert shown.evidence[0].text == "the queen wore it"
    assert shown.evidence[0].count > 30


def test_alert_keeps_the_severity_with_which_it_fired() -> None:
    fired = [alert for alert in play(turning()) if alert.fired_at]
    assert {alert.first_severity for alert in fired} == {"info"}
    assert fired[-1].severity == "critical"
    direct = [alert for alert in play(crisis()) if alert.state == "firing"]
    assert {alert.first_severity for alert in direct} == {direct[0].severity}


def test_brand_knows_when_a_platform_last_hid_a_name() -> None:
    brand, log = Brand.create("acme", at(0), CONFIG), SourceProgress()
    told = [(1, Actor("p1")), (2, Actor("m1", masked=True)), (3, Actor("p2"))]
    known = []
    for offset, (minute, actor) in enumerate(told):
        tell(brand, log, text(minute, offset, actor=actor))
        known.append(BRAND_VIEW.decode(brand.view()).names_hidden_ms)
    assert known == [0, at(2), at(2)]
