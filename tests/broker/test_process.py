"""The worker as a process: signals, exit codes, Kafka going away under it."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.local.kafka import LocalKafka
from tests.conftest import TopicFactory
from tests.fakes.transport import Recorder
from tests.servers.waiting import DEADLINE_SECONDS, until_async
from tests.servers.workers import produce, running

PROGRAM = """
import json, sys
from streams.settings import Settings
from streams.transport.worker import run_worker
from tests.fakes.transport import Recorder

kafka, topic, instance, ledger = sys.argv[1:]
handler = Recorder((topic,), stage=topic)
try:
    handler.stored[topic, 0] = int(open(ledger).read())
except FileNotFoundError:
    pass

def applied():
    open(ledger, "w").write(str(handler.stored[topic, 0]))

handler.on_applied = applied
code = run_worker(handler, Settings(kafka=kafka, instance=instance or None))
json.dump([value.decode() for value in handler.values()], sys.stdout)
sys.exit(code)
"""


@asynccontextmanager
async def process(kafka: str, topic: str, ledger: Path, instance: str = "") -> AsyncIterator[Process]:
    """A worker over one topic that remembers its offset in a file."""
    arguments = ["-c", PROGRAM, kafka, topic, instance, str(ledger)]
    worker = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=PIPE, stderr=PIPE)
    try:
        yield worker
    finally:
        if worker.returncode is None:
            worker.kill()
        await worker.wait()


def stands_at(ledger: Path, offset: int) -> bool:
    return ledger.exists() and ledger.read_text() == str(offset)


def reader(worker: Process) -> asyncio.StreamReader:
    assert worker.stderr is not None
    return worker.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_worker_exits_0_on_a_signal(
    kafka: LocalKafka, topic: TopicFactory, tmp_path: Path, number: signal.Signals
) -> None:
    name, ledger = topic(), tmp_path / "ledger"
    await produce(kafka.bootstrap, name, [b"a", b"b"])
    async with process(kafka.bootstrap, name, ledger) as worker:
        await until_async(lambda: stands_at(ledger, 2))
        worker.send_signal(number)
        out, err = await asyncio.wait_for(worker.communicate(), 10)
    assert (worker.returncode, json.loads(out), err) == (0, ["a", "b"], b"")


async def test_worker_with_a_name_has_its_partitions_back_at_once_after_a_kill(
    kafka: LocalKafka, topic: TopicFactory, tmp_path: Path
) -> None:
    name, ledger = topic(), tmp_path / "ledger"
    await produce(kafka.bootstrap, name, [b"a"])
    async with process(kafka.bootstrap, name, ledger, "one") as killed:
        await until_async(lambda: stands_at(ledger, 1))
        killed.kill()
        await killed.wait()
    await produce(kafka.bootstrap, name, [b"b"])
    handler = Recorder((name,), stage=name)
    handler.stored[name, 0] = 1
    async with running(handler, kafka.bootstrap, "one"):
        # A session timeout is 10 seconds: without the name the dead member would hold the partition that long.
        await until_async(lambda: handler.values() == [b"b"], seconds=8)


async def test_worker_outlives_kafka(topic: TopicFactory, kafka: LocalKafka, tmp_path: Path) -> None:
    name, ledger = topic(), tmp_path / "ledger"
    await produce(kafka.bootstrap, name, [b"a"])
    async with process(kafka.bootstrap, name, ledger) as worker:
        await until_async(lambda: stands_at(ledger, 1))
        kafka.kill()
        try:
            missed = await asyncio.wait_for(reader(worker).readline(), DEADLINE_SECONDS)
        finally:
            kafka.start()
        await produce(kafka.bootstrap, name, [b"b"])
        await until_async(lambda: stands_at(ledger, 2))
        worker.terminate()
        out, err = await worker.communicate()
    lines = [line.partition("WARNING ")[2] for line in (missed + err).decode().splitlines()]
    where = f"Kafka at {kafka.bootstrap}"
    assert lines == [f"{where} does not answer; waiting, nothing is lost", f"{where} answers again"]
    assert (worker.returncode, json.loads(out)) == (0, ["a", "b"])


STUCK_PROGRAM = """
import asyncio, sys, threading
from concurrent.futures import ThreadPoolExecutor
from streams.settings import Settings
from streams.transport.worker import run_worker
from tests.fakes.transport import Recorder

kafka, topic = sys.argv[1:]
pool = ThreadPoolExecutor(1)

class Stuck(Recorder):
    async def apply(self, prepared):
        await asyncio.get_running_loop().run_in_executor(pool, threading.Event().wait)

sys.exit(run_worker(Stuck((topic,), stage=topic), Settings(kafka=kafka, stuck_seconds=1)))
"""


async def test_worker_with_a_thread_that_never_returns_exits_4_with_one_line(
    kafka: LocalKafka, topic: TopicFactory
) -> None:
    name = topic()
    await produce(kafka.bootstrap, name, [b"a"])
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STUCK_PROGRAM, kafka.bootstrap, name, stdout=PIPE, stderr=PIPE
    )
    _, err = await asyncio.wait_for(worker.communicate(), 40)
    [line] = err.decode().splitlines()
    assert worker.returncode == 4
    assert line.endswith(f"{name}:0 has stood still for 1 seconds with records to store; this worker ends")
