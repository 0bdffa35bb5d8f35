"""docker-compose.yml for real: built, up, healthy, counting while containers die and lose their network, and gone.

Minutes: `make test-compose` runs it, and brings the engine and the base images first. It is skipped, with the reason,
where no engine can be had.
"""

import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from dashboards.readers import Readers
from deploy.demo.feed import Feed
from deploy.demo.outcome import compared
from deploy.local.http import answers
from streams.ingest.player import ReplayProducer
from streams.kafka.connection import KafkaConnection
from tests.servers.containers import plugin
from tests.servers.containers.base_images import services
from tests.servers.containers.engine import DockerEngine, reason_against
from tests.servers.containers.project import Project
from tests.servers.waiting import until

WALL_SECONDS = 240.0
CUT_OFF_SECONDS = 60.0
CATCH_UP_SECONDS = 600.0

pytestmark = [
    pytest.mark.compose,
    pytest.mark.skipif(reason_against() is not None, reason=f"no Docker engine: {reason_against()}"),
    pytest.mark.skipif(not plugin.is_built(), reason="run `make test-compose`, which builds compose's plugin"),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[DockerEngine]:
    with DockerEngine() as engine:
        yield engine


@pytest.fixture(scope="module")
def project(engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = Project(engine, tmp_path_factory.mktemp("compose"))
    try:
        project.up()
        yield project
    finally:
        print(project.logs())  # noqa: T201 (shown where a test fails)
        project.down()
    assert project.leftovers() == []


def test_every_service_is_healthy_or_has_done_its_work(project: Project) -> None:
    once = {"topics", "secrets"}
    assert project.states() == {name: "exited" if name in once else "healthy" for name in services()}
    assert all(answers(f"{project.url(name)}/healthz") for name in ("console", "relay"))


def test_counters_equal_the_truth_through_kills_and_a_minute_without_network(project: Project) -> None:
    kafka = KafkaConnection.of(project.settings)
    feed = Feed(lambda: ReplayProducer(kafka), 11, WALL_SECONDS, "demo")
    with closing(Readers(project.settings)) as readers:
        feed.start()
        try:
            _until_sent(feed, 0.2)
            for victim in ("engagement", "redis"):
                project.kill(victim)
                until(lambda: project.restarts(victim) == 1, f"{victim} is started again", 60, 1.0)  # noqa: B023
            _until_sent(feed, 0.4)
            with project.cut_off("detection"):
                time.sleep(CUT_OFF_SECONDS)  # the fault itself
            until(lambda: feed.finished or feed.failure is not None, "the evening is sent", WALL_SECONDS * 2, 1.0)
            assert feed.failure is None
            until(lambda: _caught_up(readers), "the workers have caught up", CATCH_UP_SECONDS, 2.0)
        finally:
            feed.stop()
        until(lambda: "unhealthy" not in project.states().values(), "all are healthy again", 120, 2.0)
        assert feed.truth is not None
        comparison = compared(feed.truth, readers.engagement, kafka)
    assert list(comparison.differences) == []
    assert [verdict for verdict in comparison.verdicts if verdict.fault] == []
    assert comparison.figures > 1000


def _until_sent(feed: Feed, share: float) -> None:
    def sent() -> bool:
        assert feed.failure is None
        return feed.progress is not None and feed.progress.sent >= share * feed.progress.total

    until(sent, f"{share:.0%} of the evening are sent", WALL_SECONDS * 2, 0.5)


def _caught_up(readers: Readers) -> bool:
    """Three readings in a row without lag: what one stage writes is another's input."""
    for _ in range(3):
        snapshot = readers.snapshots.read()
        if snapshot.trouble or not snapshot.lags or any(lag.records for lag in snapshot.lags):
            return False
        time.sleep(1.0)
    return True
