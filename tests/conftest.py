"""Fixtures for every test; real servers start once a run, with the first test that asks, and always stop.

The rooms that mirror the code need no server, so they start none: `make test-unit` runs them in a minute or so.
"""

import gc
import itertools
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from kafka.admin import NewTopic

from deploy.local.kafka import LocalKafka
from deploy.local.process import ServerProcess, signals_unwind
from deploy.local.redis import LocalRedis
from tests.servers.certificates import Authority

TopicFactory = Callable[..., str]
TESTS = Path(__file__).parent
UNIT_ROOMS = ("dashboards", "deploy", "models", "streams")


class ServerStarted(Exception):
    """A test of a room without servers started one: it belongs into the room of what it needs."""


def refuse(server: ServerProcess) -> None:
    raise ServerStarted(f"{server.name}: tests of real servers live in tests/redis, tests/broker, tests/stack, …")


def is_unit(item: pytest.Item) -> bool:
    """Whether the test is in a room without servers."""
    return item.path.relative_to(TESTS).parts[0] in UNIT_ROOMS


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with pytest.MonkeyPatch.context() as patch:
        if is_unit(item):
            patch.setattr(ServerProcess, "launch", refuse)
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def _signals_unwind() -> Iterator[None]:
    with signals_unwind():
        yield


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """The run's broker. A test that stops or kills it starts it again."""
    with LocalKafka(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRedis]:
    """The run's Redis. A test that stops or kills it starts it again."""
    with LocalRedis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the certificates of servers with TLS."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def refused_sockets() -> Iterator[None]:
    """redis-py and aiokafka leave the sockets of refused connections to the garbage collector, which says so: it does
    within the test that expects it."""
    yield
    gc.collect()


@pytest.fixture
def topic(kafka: LocalKafka, request: pytest.FixtureRequest) -> TopicFactory:
    """Makes a fresh topic: `topic(partitions=4, **config)` returns its name."""
    numbers = itertools.count()
    stem = f"{request.node.name[:40]}-{uuid4().hex[:8]}".translate({ord(c): "-" for c in "[]/ :,"})

    def make(partitions: int = 1, **config: str) -> str:
        name = f"{stem}-{next(numbers)}"
        configs = {key.replace("_", "."): value for key, value in config.items()}
        with kafka.admin() as admin:
            admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configs)])
        return name

    return make


@pytest.fixture
def namespace() -> str:
    """A fresh first part for the test's Redis keys."""
    return f"t-{uuid4().hex[:12]}"


@pytest.fixture
def stack_folder(tmp_path: Path) -> Path:
    """A data folder for servers of the test's own."""
    return tmp_path / "stack"
