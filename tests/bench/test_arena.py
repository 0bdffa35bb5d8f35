"""Peers on one topic: what counts, and what is said of those who cannot take part."""

import pytest

from deploy.local.kafka import LocalKafka
from streams.errors import UsageError
from tests.bench.arena import BenchEnvironment, Mismatch, Peer, compare
from tests.bench.load import Load, write
from tests.bench.peers.task import Answer, Task
from tests.bench.transport import PEERS, check_decoded
from tests.conftest import TopicFactory

EVENTS = 3_000


@pytest.fixture
def arena(kafka: LocalKafka, topic: TopicFactory) -> BenchEnvironment:
    load, name = Load(EVENTS), topic(partitions=4, retention_ms="-1")
    return BenchEnvironment(kafka, None, name, load, write(load, kafka.bootstrap, name, 4), core=None)


def test_peers_decode_the_topic_and_are_held_against_the_recount(arena: BenchEnvironment) -> None:
    lines: list[str] = []
    outcome = compare("transport", arena, PEERS, ["pulsewatch", "aiokafka"], 1, check_decoded, lines.append)
    assert [(row["peer"], row["correct"]) for row in outcome["results"]] == [("pulsewatch", True), ("aiokafka", True)]
    assert all(row["min"] == row["events_per_second"] == row["max"] > 0 for row in outcome["results"])
    assert (outcome["bench"], outcome["events"], len(lines)) == ("transport", EVENTS, 2)


def test_peer_whose_result_is_wrong_is_not_correct(arena: BenchEnvironment) -> None:
    def refuse(_arena: BenchEnvironment, _task: Task, _answer: Answer) -> None:
        raise Mismatch("one event too many")

    [row] = compare("transport", arena, PEERS, ["aiokafka"], 1, refuse, lambda _: None)["results"]
    assert row == {
        "peer": "aiokafka", "events_per_second": 0, "min": 0, "max": 0, "cpu_us_per_event": 0, "correct": False,
        "trouble": "one event too many",
    }  # fmt: skip


def test_peer_whose_package_is_missing_is_skipped_with_the_way_to_install_it(arena: BenchEnvironment) -> None:
    absent = Peer("absent", "nowhere", package="no_such_package")
    outcome = compare("transport", arena, [absent], None, 1, check_decoded, lambda _: None)
    assert outcome["results"] == []
    assert outcome["skipped"] == [{"peer": "absent", "install": "pip install 'pulsewatch[bench]'"}]


def test_peer_that_dies_is_not_correct(arena: BenchEnvironment) -> None:
    [row] = compare("t", arena, [Peer("dead", "no.module")], None, 1, check_decoded, lambda _: None)["results"]
    assert not row["correct"]
    assert "No module named" in row["trouble"]


def test_unknown_peer_is_named(arena: BenchEnvironment) -> None:
    with pytest.raises(UsageError, match="no peer nobody; there are pulsewatch, aiokafka"):
        compare("transport", arena, PEERS, ["nobody"], 1, check_decoded, lambda _: None)
