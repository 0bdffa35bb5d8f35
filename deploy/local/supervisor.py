"""`up`, `down`, `status`: the stack in a process of its own, which others find by a file in the stack's folder.

`python -m deploy.local.supervisor FOLDER [SERVER…]` is that process: it owns the servers, starts again what ends,
and stops all on SIGTERM. The folder's lock is its own for as long as it lives, so that one folder never has two.
"""

import fcntl
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Literal

import msgspec

from deploy.local.process import ServerProcess, listens, own_folder, signals_unwind
from deploy.local.process_identity import Process, listens_itself, wait_for_end
from deploy.local.programs import variables
from deploy.local.stack import Addresses, Ports, Stack, addresses, servers
from streams.errors import PulsewatchError, Unavailable, UsageError
from streams.settings import Settings, settings

FOLDER = Path(".stack")
START_SECONDS = 240.0
STOP_SECONDS = 120.0
CHECK_SECONDS = 0.5
FAILURE = "failed: "
"""What the supervisor's last words begin with."""


class Running(msgspec.Struct, frozen=True):
    """The state file: who supervises the folder's stack, where it listens and which processes it has."""

    supervisor: Process
    ports: Ports
    processes: dict[str, Process]
    ready: bool = False
    """Whether all have answered once."""
    only: tuple[str, ...] | None = None
    """Some of the stack's servers; None for all."""


@dataclass(frozen=True)
class Status:
    """One server of the stack as it is now."""

    name: str
    port: int
    pid: int | None
    state: Literal["answers", "silent", "gone"]


def up(
    folder: Path,
    chosen: Settings,
    on_progress: Callable[[str], None] = lambda _line: None,
    *,
    only: Sequence[str] | None = None,
) -> Addresses:
    """Start the stack, or some of its servers, in the background and wait until all answers; the addresses of one that
    is up already.

    Raises Unavailable, with nothing left running, where it does not come up; UsageError where more or less of it runs.
    """
    running = read(folder)
    if running and running.supervisor.alive and running.ready:
        if running.only != (None if only is None else tuple(only)):
            there = ", ".join(running.only or ("the whole stack",))
            raise UsageError(f"{folder} runs {there} already: `pulsewatch down` first")
        return addresses(running.ports)
    own_folder(folder)
    log = folder / "supervisor.log"
    log.unlink(missing_ok=True)
    log.touch(0o600)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.supervisor", str(folder.absolute()), *(only or ())],
            env=os.environ | variables(chosen),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        ports = _wait_until_up(folder, process, log, on_progress).ports
    except BaseException:
        process.terminate()
        process.wait(STOP_SECONDS)
        raise
    # It is meant to outlive this process, which Popen would warn of.
    process.returncode = 0
    return addresses(ports)


def down(folder: Path) -> list[str]:
    """Stop the folder's stack; returns the names of what ran. Its data stays. Raises Unavailable if something stays."""
    running = read(folder)
    if running is None:
        return []
    names = [name for name, process in running.processes.items() if process.alive]
    running.supervisor.signal(signal.SIGTERM)
    wait_for_end([running.supervisor], STOP_SECONDS)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in running.processes.values():
            process.signal(number, group=True)
        left = wait_for_end(running.processes.values(), timeout_seconds=10)
    if left or running.supervisor.alive:
        raise Unavailable(f"still running: {[process.pid for process in [running.supervisor, *left] if process.alive]}")
    _state_file(folder).unlink(missing_ok=True)
    return names


def status(folder: Path, chosen: Settings) -> list[Status]:
    """Every server of the folder's stack and whether it answers now; empty where none was started."""
    running = read(folder)
    if running is None:
        return []
    known = servers(folder.absolute(), chosen, running.ports)
    wanted = known if running.only is None else running.only
    return [_status(server, running.processes.get(name)) for name, server in known.items() if name in wanted]


def read(folder: Path) -> Running | None:
    """The state file; None where there is none."""
    try:
        return msgspec.json.decode(_state_file(folder).read_bytes(), type=Running)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        advice = "of another version? Remove it once nothing of that stack runs"
        raise UsageError(f"{_state_file(folder)} cannot be read, {advice} ({error})") from None


def supervise(folder: Path, chosen: Settings, only: Sequence[str] | None = None) -> None:
    """Own the folder's stack, or some of it, until SIGTERM. Raises UsageError where another process does, Unavailable
    at the start."""
    before = read(folder)
    with _locked(folder), signals_unwind():
        stack = Stack(folder, chosen, Ports.usual(before.ports if before else None), on_progress=_say, only=only)
        try:
            stack = _started(folder, chosen, stack)
            with _stopping(stack):
                _write(folder, stack, ready=True)
                while True:
                    if stack.restart_dead():
                        _write(folder, stack, ready=True)
                    time.sleep(CHECK_SECONDS)
        finally:
            _write(folder, stack, ready=False)


def _started(folder: Path, chosen: Settings, stack: Stack) -> Stack:
    """Start the stack; on other ports where another program, such as a second stack, took one of its own meanwhile."""
    _write(folder, stack, ready=False)
    try:
        stack.start()
    except Unavailable:
        if not any(listens(port) for port in astuple(stack.ports)):
            raise
        _say("another program took a port: starting on others")
        stack = Stack(folder, chosen, Ports.usual(stack.ports), on_progress=_say, only=stack.only)
        _write(folder, stack, ready=False)
        stack.start()
    return stack


@contextmanager
def _stopping(stack: Stack) -> Iterator[None]:
    """Stop the stack, which runs already, at the end."""
    try:
        yield
    finally:
        stack.stop()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"{folder} is in use by another stack") from None
        yield


def _wait_until_up(
    folder: Path, process: "subprocess.Popen[bytes]", log: Path, on_progress: Callable[[str], None]
) -> Running:
    deadline = time.monotonic() + START_SECONDS
    shown = 0
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        lines = log.read_text(errors="replace").splitlines()
        for line in lines[shown:]:
            on_progress(line)
        shown = len(lines)
        running = read(folder)
        if running and running.ready and running.supervisor.pid == process.pid:
            return running
        if ended:
            why = next((line for line in lines if FAILURE in line), "it ended").removeprefix(FAILURE)
            raise Unavailable(f"the stack did not come up: {why}; see {log}")
        time.sleep(0.1)
    raise Unavailable(f"the stack did not come up within {START_SECONDS:.0f} s; see {log}")


def _status(server: ServerProcess, process: Process | None) -> Status:
    if process is None or not process.alive:
        return Status(server.name, server.port, None, "gone")
    answers = server.ready() and listens_itself(process.pid, server.port)
    return Status(server.name, server.port, process.pid, "answers" if answers else "silent")


def _write(folder: Path, stack: Stack, *, ready: bool) -> None:
    supervisor = Process.of(os.getpid())
    if supervisor is None:
        raise UsageError("/proc is needed to tell processes apart")
    found = {name: Process.of(pid) for name, pid in stack.pids().items()}
    processes = {name: process for name, process in found.items() if process}
    fresh = _state_file(folder).with_suffix(".new")
    fresh.write_bytes(
        msgspec.json.encode(
            Running(supervisor, stack.ports, processes, ready, None if stack.only is None else tuple(stack.only))
        )
    )
    fresh.replace(_state_file(folder))


def _state_file(folder: Path) -> Path:
    return folder / "stack.json"


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 (`up` shows these lines)


def main() -> int:
    """The supervisor process; its output is the folder's supervisor.log. What it and its servers write, their owner
    alone may read."""
    os.umask(0o077)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    try:
        supervise(Path(sys.argv[1]), settings(), sys.argv[2:] or None)
    except (PulsewatchError, OSError) as error:
        print(f"{FAILURE}{error}", file=sys.stderr, flush=True)  # noqa: T201 (`up` shows these lines)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
