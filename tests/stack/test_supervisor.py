"""The whole stack for real: up, found by its state file, mended, down, and nothing left."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from deploy.local.process import LOOPBACK
from deploy.local.process_identity import Process
from deploy.local.stack import Ports
from deploy.local.supervisor import Running, Status, down, read, status, up
from streams.errors import Unavailable, UsageError
from streams.settings import Settings
from tests.servers.waiting import until


def states(folder: Path) -> dict[str, str]:
    return {row.name: row.state for row in status(folder, Settings())}


def processes(folder: Path) -> dict[str, Process]:
    running = read(folder)
    assert running is not None
    return {**running.processes, "supervisor": running.supervisor}


def test_stack_comes_up_is_mended_and_goes_down_whole(tmp_path: Path) -> None:
    told: list[str] = []
    addresses = up(tmp_path, Settings(), told.append)
    try:
        assert set(states(tmp_path).values()) == {"answers"}
        assert len(states(tmp_path)) == 11  # four servers, the pages' receiver, three workers, exporter, relay, console
        assert "detection answers" in told
        assert up(tmp_path, Settings()) == addresses

        os.kill(processes(tmp_path)["detection"].pid, signal.SIGKILL)
        until(lambda: states(tmp_path)["detection"] != "answers", "the loss is seen", 10)
        until(lambda: states(tmp_path)["detection"] == "answers", "detection is started again")
        before = processes(tmp_path)
    finally:
        stopped = down(tmp_path)
    assert set(stopped) == set(before) - {"supervisor"}
    assert [name for name, process in before.items() if process.alive] == []
    assert status(tmp_path, Settings()) == []
    assert down(tmp_path) == []


def test_killed_supervisor_leaves_no_server_behind(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.supervisor", str(tmp_path)], stdout=output, stderr=subprocess.STDOUT
        )
    until(lambda: "redis answers" in log.read_text(), "Redis answers")
    children = [Process.of(int(pid)) for pid in _children(supervisor.pid)]
    supervisor.kill()
    supervisor.wait()
    assert len(children) >= 3
    until(lambda: not any(child and child.alive for child in children), "the servers are gone", 10)
    assert down(tmp_path) == []


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_nothing_was_started_in_an_empty_folder(tmp_path: Path) -> None:
    assert status(tmp_path, Settings()) == []
    assert down(tmp_path) == []


def test_state_of_a_former_life_stops_no_stranger(tmp_path: Path) -> None:
    """After a reboot the pids in the file belong to others: here to this very test."""
    own = Process.of(os.getpid())
    assert own is not None
    stranger = Process(own.pid, own.started_ticks - 1)
    _write(tmp_path, Running(stranger, Ports.free(), {"redis": stranger}, ready=True))
    assert status(tmp_path, Settings())[0] == Status("redis", read_ports(tmp_path).redis, None, "gone")
    assert down(tmp_path) == []
    assert own.alive


def test_unreadable_state_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text("{")
    with pytest.raises(UsageError, match=r"stack\.json cannot be read"):
        down(tmp_path)


def test_stack_keeps_its_ports_but_for_those_that_another_program_took() -> None:
    before = Ports.free()
    with socket.create_server((LOOPBACK, before.redis)):
        again = Ports.usual(before)
    assert again.redis != before.redis
    assert replace(again, redis=before.redis) == before


def test_stack_that_cannot_come_up_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "redis").write_text("a file where the folder should be")
    told: list[str] = []
    with pytest.raises(Unavailable, match=r"^the stack did not come up: .*redis.*supervisor\.log$"):
        up(tmp_path, Settings(), told.append)
    assert [line for line in told if "redis" in line and line.startswith("failed: ")]
    assert not any(process.alive for process in processes(tmp_path).values())


def read_ports(folder: Path) -> Ports:
    running = read(folder)
    assert running is not None
    return running.ports


def _write(folder: Path, running: Running) -> None:
    (folder / "stack.json").write_bytes(msgspec.json.encode(running))
