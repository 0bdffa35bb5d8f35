"""How fast a stage gets decoded events out of Kafka, beside other ways to read the same topic."""

from collections.abc import Sequence
from typing import Any

from tests.bench.arena import BenchEnvironment, Mismatch, Peer, Say, chosen, compare, opened
from tests.bench.load import Load
from tests.bench.peers.task import Answer, Task

PEERS = (
    Peer("pulsewatch", "tests.bench.peers.pulsewatch"),
    Peer("aiokafka", "tests.bench.peers.bare_aiokafka", package="aiokafka"),
    Peer("confluent-kafka", "tests.bench.peers.bare_confluent", package="confluent_kafka"),
    # Sixty times slower: a twentieth of the topic takes long enough.
    Peer("faust", "tests.bench.peers.stock_faust", package="faust", share=0.05),
)


def run_transport(
    *,
    events: int = 1_500_000,
    repeats: int = 5,
    peers: Sequence[str] | None = None,
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """Read and decode the same topic with each peer, each alone on a core, the rounds interleaved.

    Starts a Kafka of its own. `peers` None is all; a peer whose package is missing is listed under `skipped`. Raises
    UsageError for an unknown peer, Unavailable where Kafka does not start.
    """
    chosen(PEERS, peers)  # before minutes of work
    load = Load(events)
    with opened(load, say) as arena:
        return compare("transport", arena, PEERS, peers, repeats, check_decoded, say)


def check_decoded(arena: BenchEnvironment, task: Task, answer: Answer) -> None:
    """Raises Mismatch unless enough events were read, and each was decoded."""
    if answer.events < task.events:
        raise Mismatch(f"{answer.events:,} of {task.events:,} events")
    if answer.total != arena.written.total(answer.counts):
        raise Mismatch("the sum over the decoded events is wrong")
