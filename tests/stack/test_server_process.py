"""Servers never outlive their launcher, and say why they did not start."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from deploy.local.process import ServerProcess, free_port, listens, tail
from streams.errors import Unavailable, UsageError
from tests.servers.listener import Listener
from tests.servers.waiting import until

LAUNCHER = """
import sys, time
from pathlib import Path
from deploy.local.process import signals_unwind
from tests.servers.listener import Listener
with signals_unwind(), Listener(Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    time.sleep(600)
"""


class Broken(ServerProcess):
    name = "broken"

    def command(self) -> Sequence[str]:
        return [sys.executable, "-c", "raise SystemExit('no such luck')"]


class Deaf(ServerProcess):
    """Ignores SIGTERM."""

    name = "deaf"
    stop_seconds = 0.5
    listens_itself = False

    def command(self) -> Sequence[str]:
        ignore = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('up', 'w'); time.sleep(60)"
        return [sys.executable, "-c", ignore]

    def ready(self) -> bool:
        return (self.folder / "up").exists()


class Silent(ServerProcess):
    """Runs and listens nowhere."""

    name = "silent"
    start_seconds = 0.5

    def command(self) -> Sequence[str]:
        return [sys.executable, "-c", "import time; time.sleep(60)"]


class Absent(ServerProcess):
    def command(self) -> Sequence[str]:
        return ["no-such-program"]


def gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_server_listens_within_and_not_after(tmp_path: Path) -> None:
    with Listener(tmp_path) as server:
        assert listens(server.port)
    assert not listens(server.port)


@pytest.mark.parametrize("kind", [Silent, Broken])
def test_server_is_not_ready_while_anothers_answers_on_its_port(kind: type[ServerProcess], tmp_path: Path) -> None:
    with Listener(tmp_path / "other") as other, pytest.raises(Unavailable, match=r"ended|does not answer"):
        kind(tmp_path / "own", other.port).start()


def test_folder_and_log_are_their_owners_alone(tmp_path: Path) -> None:
    with Listener(tmp_path / "server") as server:
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (server.folder, server.log)]
    assert modes == [0o700, 0o600]


def test_server_stops_on_an_exception(tmp_path: Path) -> None:
    server = Listener(tmp_path)
    with pytest.raises(ZeroDivisionError), server:
        _ = 1 / 0
    assert server.pid is None
    assert server.exit_code is not None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_server_dies_with_a_launcher_that_gets(number: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LAUNCHER, str(tmp_path)]
    # As a shell starts a background job: with SIGINT ignored.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    launcher = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, before)
    assert launcher.stdout is not None
    with launcher, launcher.stdout:
        server_pid = int(launcher.stdout.readline())
        os.kill(launcher.pid, number)
        try:
            until(lambda: gone(server_pid), "the server dies with its launcher", 30)
        finally:
            launcher.kill()


def test_error_shows_the_end_of_the_log(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"exit code 1.*\n.*no such luck"):
        Broken(tmp_path).start()


def test_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no-such-program is not installed"):
        Absent(tmp_path).start()


def test_server_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    server = Deaf(tmp_path)
    server.start()
    server.stop()
    assert server.exit_code == -signal.SIGKILL


def test_free_ports_lie_below_the_ephemeral_ones() -> None:
    assert all(20_000 <= free_port() < 32_000 for _ in range(50))


def test_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert tail(log) == "(no log)"
    log.write_text("\n".join(str(number) for number in range(100)))
    assert tail(log, lines=2) == "98\n99"
