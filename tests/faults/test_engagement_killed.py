"""The first thing that must always hold: nothing lost, nothing counted twice, however often the worker is killed."""

import time
from dataclasses import replace

import pytest

from streams.simulate.generate import generate
from streams.simulate.scenarios import COUNTERS
from streams.simulate.truth import Truth
from tests.faults.exactness import assert_exact, compared
from tests.faults.kills import kill_again_and_again
from tests.servers.site import AHEAD_RECORDS, Site
from tests.servers.waiting import until

ARRIVED_BY_THE_LAST_DEATH = 0.9
"""Of the records: a fast worker cannot have counted all when it dies. The last death is due at 0.75 or before."""


def counted_through_kills(site: Site, *, kills: int, minutes: int, seed: int, module: str = "deploy.cli") -> Truth:
    """Feed a scenario, kill the worker over and over, let the last one finish. Returns what it should have counted."""
    traffic = generate(replace(COUNTERS, minutes=minutes, seed=seed), int(time.time() * 1000))
    total = len(traffic.records)
    worker = site.worker("engagement", module=module)
    before_the_last_death = int(ARRIVED_BY_THE_LAST_DEATH * total)
    with site.feeding("engagement", traffic.records[:before_the_last_death], ahead=min(AHEAD_RECORDS, total // 8)):
        deaths = kill_again_and_again(site, worker, kills, total, seed)
        worker.launch()
    assert len(deaths) == kills
    assert all(death.in_midrun for death in deaths)
    assert deaths[-1].died_at < total
    site.feed(traffic.records[before_the_last_death:])
    ends = site.ends()
    assert sum(ends.values()) == total
    until(lambda: site.caught_up("engagement", ends), "the last worker has counted all")
    worker.stop()
    return traffic.truth


def test_counters_survive_three_kills_of_the_worker(site: Site) -> None:
    assert_exact(site, counted_through_kills(site, kills=3, minutes=12, seed=21))


def test_kills_expose_a_worker_that_stores_effects_and_offset_apart(site: Site) -> None:
    truth = counted_through_kills(site, kills=2, minutes=4, seed=24, module="tests.faults.broken_worker")
    assert compared(site, truth).differences


@pytest.mark.slow
def test_counters_survive_twenty_kills_of_the_worker(site: Site) -> None:
    assert_exact(site, counted_through_kills(site, kills=20, minutes=60, seed=22))
