from streams.alerts.alert import Alert
from streams.clock import MINUTE_MS
from streams.detection.backtest.recorded_bursts import RecordedBurst, bursts, false_alarms, match_bursts


def comments(counts: dict[int, int]) -> list[int]:
    return [minute * MINUTE_MS for minute, count in sorted(counts.items()) for _ in range(count)]


def alert(fired: float, resolved: float | None) -> Alert:
    return Alert(
        fingerprint=f"{fired}", kind="crisis", severity="warning", state="resolved", brand_id="acme", started_at=0,
        updated_at=0, summary="", explanation="", runbook="", fired_at=int(fired * MINUTE_MS),
        resolved_at=None if resolved is None else int(resolved * MINUTE_MS),
    )  # fmt: skip


def test_burst_begins_where_thirty_comments_lie_within_ten_minutes() -> None:
    #   1000: 10   1004: 10   1008: 9 | 1009: 1      the tenth minute completes thirty
    found = bursts(comments({1000: 10, 1004: 10, 1008: 9, 1009: 1}))
    assert found == [RecordedBurst(begins=1000, onset=1009, peak=1009, ends=1009)]
    assert bursts(comments({1000: 40})) == [RecordedBurst(begins=1000, onset=1000, peak=1000, ends=1009)]


def test_busy_hours_are_no_burst() -> None:
    steady = dict.fromkeys(range(1000, 1400), 5) | {1390: 60}
    assert [burst.onset for burst in bursts(comments(steady)) if burst.onset > 1100] == []
    larger = dict.fromkeys(range(1000, 1400), 5) | {1390: 200}
    assert [burst.onset for burst in bursts(comments(larger)) if burst.onset > 1100] == [1390]


def test_bursts_within_ten_minutes_are_one() -> None:
    assert len(bursts(comments({1000: 40, 1018: 40}))) == 1
    assert len(bursts(comments({1000: 40, 1040: 160}))) == 2


def test_peak_is_the_first_of_the_fullest_ten_minutes() -> None:
    #   1000: 40   1005: 60   1011: 60      ten minutes hold 40, 100, and from 1011 on 120
    (burst,) = bursts(comments({1000: 40, 1005: 60, 1011: 60}))
    assert (burst.onset, burst.peak, burst.ends) == (1000, 1011, 1020)


def test_burst_is_met_by_an_alert_that_fires_during_it() -> None:
    burst = RecordedBurst(begins=1000, onset=1009, peak=1012, ends=1020)
    early, late, before, after = alert(1003, 1030), alert(1015, None), alert(900, 990), alert(1030, 1040)
    assert match_bursts([burst], [early, late])[0].delay_seconds == -360
    assert match_bursts([burst], [early, late])[0].lead_seconds == 540
    assert match_bursts([burst], [early, late])[0].after_begin_seconds == 180
    assert match_bursts([burst], [late])[0].delay_seconds == 360
    assert match_bursts([burst], [before, after])[0].fingerprint is None


def test_alert_that_still_fires_met_the_burst_when_it_began() -> None:
    burst = RecordedBurst(begins=1000, onset=1009, peak=1012, ends=1020)
    assert match_bursts([burst], [alert(950, 1001)])[0].delay_seconds == -540
    assert match_bursts([burst], [alert(950, 1001)])[0].after_begin_seconds == 0


def test_alerts_far_from_any_burst_lie_outside() -> None:
    burst = RecordedBurst(begins=1000, onset=1009, peak=1012, ends=1020)
    near, far = alert(985, 992), alert(1100, 1110)
    assert false_alarms([burst], [near, far]) == [far]
