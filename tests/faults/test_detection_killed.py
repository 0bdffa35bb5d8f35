"""An alert outlives the worker that raised it, and is not raised again by its successor."""

import time
from functools import partial

import msgspec
import pytest

from streams.clock import MINUTE_MS
from streams.events.schema import Event, Kind
from streams.ingest.player import TimedRecord
from streams.simulate.alert_comparison import alert_histories
from streams.topology import LIVE, SCORED
from tests.faults.crisis import BRAND, alerts, firing, running, story
from tests.faults.kills import kill_while_it_goes_on
from tests.servers.site import Site
from tests.servers.waiting import until


def test_alert_survives_the_worker_that_raised_it_and_is_not_doubled(site: Site) -> None:
    records = story()
    amid = next(n for n, record in enumerate(records) if record.due_ms >= records[0].due_ms + 24 * MINUTE_MS)
    worker = site.worker("detection")
    site.feed(records[:amid])
    worker.launch()
    until(lambda: firing(site), "the alert fires")
    worker.kill()
    assert worker.exit_code == -9
    (raised,) = running(site)

    site.feed(records[amid:])
    ends = site.ends([SCORED])
    with worker:
        until(lambda: site.caught_up("detection", ends) and not running(site), "the successor resolves the alert")
    (life,) = alert_histories(alerts(site))
    assert (life.last.kind, life.last.state, life.last.fingerprint) == ("crisis", "resolved", raised.fingerprint)
    assert life.last.started_at == raised.started_at


def undisclosed() -> tuple[list[TimedRecord], TimedRecord]:
    """A room that sells for twenty minutes and does not say so, and the caption that does."""
    started_ms = int(time.time() * 1000) // MINUTE_MS * MINUTE_MS - 25 * MINUTE_MS
    said = [_live(minute, "speech", started_ms, "it weighs around two pounds") for minute in range(20)]
    card = _live(0, "product_shown", started_ms)
    return [card, *said], _live(21, "speech", started_ms, "this live is sponsored by Velvet")


def _live(minute: int, kind: Kind, started_ms: int, text: str | None = None) -> TimedRecord:
    at_ms = started_ms + minute * MINUTE_MS
    event = Event(
        event_id=f"{kind}-{minute}", source="tiktok-live", platform="tiktok", kind=kind, brand_id=BRAND, lang="en",
        event_time_ms=at_ms, ingest_time_ms=at_ms, room_id="room-1", session_id="s", text=text,
        product_id=None if text else "cream",
    )  # fmt: skip
    return TimedRecord(LIVE, b"room-1", msgspec.json.encode(event), at_ms, at_ms)


def test_disclosure_timer_outlives_workers_before_and_after_its_deadline(site: Site) -> None:
    selling, disclosure = undisclosed()
    worker = site.worker("detection")
    for start, end, runs in ((0, 10, 0), (10, len(selling), 1)):
        site.feed(selling[start:end])
        worker.launch()
        until(partial(site.caught_up, "detection", site.ends([LIVE])), "the worker has read all")
        worker.kill()
        assert worker.exit_code == -9
        assert [alert.state for alert in running(site, LIVE)] == ["firing"] * runs
    (raised,) = running(site, LIVE)

    site.feed([disclosure])
    with worker:
        until(lambda: not running(site, LIVE), "the successor resolves the alert")
        until(lambda: alerts(site)[-1].state == "resolved", "and says so")
    (life,) = alert_histories(alerts(site))
    assert (life.last.family, life.last.state) == ("ad_disclosure", "resolved")
    assert (life.last.fingerprint, life.last.started_at) == (raised.fingerprint, raised.started_at)


@pytest.mark.slow
def test_alert_is_the_same_whenever_workers_die(site: Site) -> None:
    records = story()
    worker = site.worker("detection")
    with site.feeding("detection", records, ahead=80):
        deaths = kill_while_it_goes_on(site, worker, 8, len(records), seed=11)
        worker.launch()
    assert deaths >= 4
    ends = site.ends([SCORED])
    until(lambda: site.caught_up("detection", ends) and not running(site), "the last worker resolves the alert")
    worker.stop()
    assert [(life.last.kind, life.max_severity) for life in alert_histories(alerts(site))] == [("crisis", "critical")]
