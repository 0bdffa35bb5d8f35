"""A pid alone never decides what is stopped."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy.local.process_identity import Process, wait_for_end


@pytest.fixture
def child() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True) as process:
        yield process
        process.kill()


def test_process_lives_until_it_is_stopped(child: "subprocess.Popen[bytes]") -> None:
    process = Process.of(child.pid)
    assert process is not None
    assert process.alive
    process.signal(signal.SIGTERM, group=True)
    assert wait_for_end([process], timeout_seconds=10) == []
    assert child.wait() == -signal.SIGTERM


def test_stranger_with_the_same_pid_is_left_alone(child: "subprocess.Popen[bytes]") -> None:
    process = Process.of(child.pid)
    assert process is not None
    former = replace(process, started_ticks=process.started_ticks - 1)
    former.signal(signal.SIGKILL)
    assert not former.alive
    assert process.alive
    assert wait_for_end([process], timeout_seconds=0) == [process]


def test_dead_child_that_nobody_waited_for_is_not_alive(child: "subprocess.Popen[bytes]") -> None:
    process = Process.of(child.pid)
    assert process is not None
    child.kill()
    assert wait_for_end([process], timeout_seconds=10) == []
    assert Process.of(child.pid) is None
