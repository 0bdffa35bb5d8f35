"""Redis is emptied while no record comes: noticed within ten seconds, and all that it had is made again from Kafka."""

import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from deploy.local.http import text
from deploy.local.programs import ExporterProcess
from streams.clock import MINUTE_MS
from streams.simulate.generate import generate
from streams.simulate.scenarios import COUNTERS
from streams.topology import SCORED
from tests.faults.crisis import alerts, firing, running, story
from tests.faults.exactness import assert_exact
from tests.servers.site import Site
from tests.servers.waiting import until

NOTICED_SECONDS = 10.0


def empty(site: Site) -> None:
    """All of the site's keys go at once, as FLUSHALL takes them."""
    with site.ledger() as client:
        assert client.dbsize()
        client.flushall()


def begins_anew(site: Site, stage: str) -> bool:
    return site.stored(stage) > 0


@pytest.mark.slow
def test_counters_of_an_emptied_redis_are_made_again_while_no_record_comes(site: Site) -> None:
    traffic = generate(replace(COUNTERS, minutes=10, seed=41), int(time.time() * 1000))
    site.feed(traffic.records)
    ends = site.ends()
    worker = site.worker("engagement")
    with worker:
        until(lambda: site.caught_up("engagement", ends), "all is counted")
        empty(site)
        until(lambda: begins_anew(site, "engagement"), "the worker notices", NOTICED_SECONDS)
        until(lambda: site.caught_up("engagement", ends), "all is counted again")
        assert worker.exit_code is None
    assert_exact(site, traffic.truth)


@pytest.mark.slow
def test_crisis_of_an_emptied_redis_goes_on_and_is_never_told_as_resolved(site: Site, tmp_path: Path) -> None:
    records = story()
    amid = next(n for n, record in enumerate(records) if record.due_ms >= records[0].due_ms + 24 * MINUTE_MS)
    site.feed(records[:amid])
    ends = site.ends([SCORED])
    worker = site.worker("detection")
    with worker, ExporterProcess(tmp_path / "exporter", site.settings) as exporter:
        told = partial(_told_as_firing, exporter)
        until(lambda: site.caught_up("detection", ends) and firing(site) and told(), "the crisis fires")
        (raised,) = running(site)
        empty(site)
        deadline, seen = time.monotonic() + NOTICED_SECONDS, 0
        while not begins_anew(site, "detection"):
            assert time.monotonic() < deadline, "the worker notices"
            assert told(), "an alert that is missing for a scrape is told as resolved"
            seen += 1
        until(lambda: site.caught_up("detection", ends) and firing(site), "it fires again")
        assert seen > 2
        assert told()
        (again,) = running(site)
    assert (again.fingerprint, again.started_at) == (raised.fingerprint, raised.started_at)
    assert {alert.state for alert in alerts(site)} == {"pending", "firing"}


def _told_as_firing(exporter: ExporterProcess) -> bool:
    page = text(f"http://{exporter.address}/metrics")
    return any(line.startswith("pulsewatch_alert_firing{") and 'kind="crisis"' in line for line in page.splitlines())
