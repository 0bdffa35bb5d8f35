"""Servers that die, freeze and come back, and a worker that comes back from the dead: the counters stay exact."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from redis.exceptions import RedisError

from streams.simulate.generate import generate
from streams.simulate.scenarios import COUNTERS
from streams.simulate.truth import Truth
from streams.transport.worker import FENCED
from tests.faults.exactness import assert_exact
from tests.servers.site import NamedWorker, Site
from tests.servers.waiting import until


@contextmanager
def midrun(site: Site, *, minutes: int, seed: int) -> Iterator[tuple[NamedWorker, Truth]]:
    """A worker that has counted a third of a scenario; after the fault it has to finish the rest."""
    traffic = generate(replace(COUNTERS, minutes=minutes, seed=seed), int(time.time() * 1000))
    total = len(traffic.records)
    worker = site.worker("engagement")
    worker.launch()
    with site.feeding("engagement", traffic.records):
        until(lambda: site.stored("engagement") > total / 3, "a third is counted")
        assert site.stored("engagement") < total
        yield worker, traffic.truth
    finish(site, worker)


def finish(site: Site, worker: NamedWorker) -> None:
    """The worker has outlived the fault and counts all that is there."""
    ends = site.ends()
    until(lambda: answers(lambda: site.caught_up("engagement", ends)), "all is counted")
    assert worker.exit_code is None
    worker.stop()


def misses_redis(worker: NamedWorker) -> None:
    """Wait until the worker has missed an answer of Redis, so that replies to scripts that ran are lost."""
    until(lambda: "waiting, nothing is lost" in worker.log.read_text(), "the worker misses Redis")


def answers(question: Callable[[], bool]) -> bool:
    """False while the server that is asked is not back yet."""
    try:
        return question()
    except (OSError, RedisError):
        return False


def test_counters_survive_a_killed_redis_that_returns_with_less(site: Site) -> None:
    with midrun(site, minutes=10, seed=31) as (worker, truth):
        before = site.redis.pid
        site.redis.kill()
        assert site.redis.exit_code == -9
        misses_redis(worker)
        site.redis.start()
        assert site.redis.pid != before
    assert_exact(site, truth)


@pytest.mark.slow
def test_counters_survive_a_redis_frozen_beyond_the_clients_timeout(site: Site) -> None:
    with midrun(site, minutes=12, seed=32) as (worker, truth):
        site.redis.pause()
        misses_redis(worker)
        site.redis.resume()
    assert_exact(site, truth)


@pytest.mark.slow
def test_counters_survive_a_restart_of_kafka(site: Site) -> None:
    traffic = generate(replace(COUNTERS, minutes=12, seed=33), int(time.time() * 1000))
    half = len(traffic.records) // 2
    worker = site.worker("engagement")
    site.feed(traffic.records[:half])
    worker.launch()
    until(lambda: site.stored("engagement") > 0, "the worker counts")
    before = site.kafka.pid
    site.kafka.restart()
    assert site.kafka.pid != before
    # Nobody feeds meanwhile: kafka-python's producer leaves sockets open where it finds no broker.
    site.feed(traffic.records[half:])
    finish(site, worker)
    assert_exact(site, traffic.truth)


@pytest.mark.slow
def test_counters_survive_a_frozen_worker_that_wakes_beside_its_successor(site: Site) -> None:
    traffic = generate(replace(COUNTERS, minutes=12, seed=34), int(time.time() * 1000))
    first, second = site.worker("engagement", "first"), site.worker("engagement", "second")
    with site.feeding("engagement", traffic.records):
        first.launch()
        until(lambda: site.stored("engagement") > 100, "the first counts")
        first.pause()
        frozen_at = site.stored("engagement")
        second.launch()
        until(lambda: site.stored("engagement") > frozen_at, "the second has taken over")
        first.resume()
        until(lambda: first.exit_code is not None, "the first ends")
    assert first.exit_code == FENCED
    finish(site, second)
    assert_exact(site, traffic.truth)
