"""Where peers meet: one broker, one topic, one core for each in turn, a recount that every result is held against."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from kafka.admin import NewTopic

from deploy.local.kafka import LocalKafka
from deploy.local.redis import LocalRedis
from streams.errors import PulsewatchError, UsageError
from streams.topology import MAX_RECORD_BYTES
from tests.bench.load import Load, Written, write
from tests.bench.peers.task import Answer, Task

TOPIC = "bench"
PARTITIONS = 4
RUN_SECONDS = 300.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Peer:
    """A way to do the task."""

    name: str
    module: str
    package: str | None = None
    """What it needs beyond Pulsewatch's own requirements, by import name."""
    share: float = 1.0
    """Of the topic's events, for those who would need hours."""


@dataclass(frozen=True)
class BenchEnvironment:
    """Servers that run, a topic that is full."""

    kafka: LocalKafka
    redis: LocalRedis | None
    topic: str
    load: Load
    written: Written
    core: int | None

    def task(self, peer: Peer) -> Task:
        """What this peer is asked in its next run."""
        run = uuid4().hex[:12]
        return Task(
            kafka=self.kafka.bootstrap,
            topic=self.topic,
            partitions=PARTITIONS,
            events=int(self.written.events * peer.share),
            core=self.core,
            group=f"bench-{run}",
            redis=self.redis.url if self.redis else "",
            namespace=f"bench-{run}",
        )


class Mismatch(PulsewatchError):
    """A peer's result is not what the recount says, or there is none."""


Check = Callable[[BenchEnvironment, Task, Answer], None]
"""Raises Mismatch."""


@contextmanager
def opened(load: Load, say: Say, *, with_redis: bool = False) -> Iterator[BenchEnvironment]:
    """Start the servers on all cores but the last, which is the peers', and fill the topic."""
    cores = sorted(os.sched_getaffinity(0))
    own_core = cores[-1] if len(cores) > 1 else None
    # Children inherit it: the servers and this process share what the peers do not use.
    os.sched_setaffinity(0, set(cores[:-1]) or set(cores))
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pulsewatch-bench-")))
            say("starting servers")
            kafka = stack.enter_context(LocalKafka(folder / "kafka"))
            redis = stack.enter_context(LocalRedis(folder / "redis")) if with_redis else None
            with kafka.admin() as admin:
                # A load's times are its own: without this the broker would expire it at once.
                configs = {"max.message.bytes": str(MAX_RECORD_BYTES), "retention.ms": "-1"}
                admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1, topic_configs=configs)])
            written = write(load, kafka.bootstrap, TOPIC, PARTITIONS, lambda done: say(f"{done:,} events written"))
            yield BenchEnvironment(kafka, redis, TOPIC, load, written, own_core)
    finally:
        os.sched_setaffinity(0, set(cores))


def compare(
    bench: str,
    arena: BenchEnvironment,
    peers: Sequence[Peer],
    wanted: Sequence[str] | None,
    repeats: int,
    check: Check,
    say: Say,
) -> dict[str, Any]:
    """Let the peers run in turn, `repeats` times round; a run whose result is wrong makes its peer's row incorrect."""
    present, skipped = _present(chosen(peers, wanted))
    answers: dict[str, list[Answer]] = {peer.name: [] for peer in present}
    wrong: dict[str, str] = {}
    for number in range(repeats):
        for peer in present:
            task = arena.task(peer)
            try:
                answer = _run(peer, task)
                check(arena, task, answer)
            except Mismatch as mismatch:
                wrong[peer.name] = str(mismatch)
                say(f"round {number + 1}: {peer.name}: {mismatch}")
            else:
                answers[peer.name].append(answer)
                say(f"round {number + 1}: {peer.name}: {answer.events / answer.seconds:,.0f} events/s")
    return {
        "bench": bench,
        "events": arena.written.events,
        "bytes_per_event": round(arena.written.values_bytes / max(arena.written.events, 1)),
        "partitions": PARTITIONS,
        "repeats": repeats,
        "results": [_row(name, found, wrong.get(name)) for name, found in answers.items()],
        "skipped": skipped,
    }


def chosen(peers: Sequence[Peer], wanted: Sequence[str] | None) -> list[Peer]:
    """The peers that are wanted; None is all. Raises UsageError where a name is none of them."""
    names = [peer.name for peer in peers]
    if unknown := set(wanted or ()) - set(names):
        raise UsageError(f"no peer {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return [peer for peer in peers if wanted is None or peer.name in wanted]


def _present(peers: Sequence[Peer]) -> tuple[list[Peer], list[dict[str, str]]]:
    present = [peer for peer in peers if peer.package is None or find_spec(peer.package)]
    missing = [peer.name for peer in peers if peer not in present]
    return present, [{"peer": name, "install": "pip install 'pulsewatch[bench]'"} for name in missing]


def _run(peer: Peer, task: Task) -> Answer:
    command = [sys.executable, "-m", peer.module, msgspec.json.encode(task).decode()]
    try:
        # The command is our own module's; the task is built above.
        done = subprocess.run(command, capture_output=True, timeout=RUN_SECONDS, check=False)
        return msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=Answer)
    except subprocess.TimeoutExpired:
        raise Mismatch(f"no result in {RUN_SECONDS:.0f} seconds") from None
    except (IndexError, msgspec.DecodeError):
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise Mismatch(f"no result: {lines[-1] if lines else f'exit code {done.returncode}'}") from None


def _row(name: str, answers: list[Answer], trouble: str | None) -> dict[str, Any]:
    speeds = [answer.events / answer.seconds for answer in answers]
    cpu_us = [answer.cpu_seconds / answer.events * 1e6 for answer in answers]
    row: dict[str, Any] = {
        "peer": name,
        "events_per_second": round(statistics.median(speeds)) if speeds else 0,
        "min": round(min(speeds, default=0)),
        "max": round(max(speeds, default=0)),
        # Of the peer's process alone; steadier than the speed where the machine has other work.
        "cpu_us_per_event": round(statistics.median(cpu_us), 2) if cpu_us else 0,
        "correct": trouble is None,
    }
    return row if trouble is None else {**row, "trouble": trouble}
