"""One server process: started on loopback, waited for, always stopped.

Each child leads a process group of its own, so Ctrl-C in the terminal reaches the launcher only, which then stops the
children in order. The kernel kills a child whose launcher is gone, SIGKILL included (`PR_SET_PDEATHSIG`, set by
`setpriv`): the signal is bound to the *thread* that started the child, so start servers from one that lives on.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from deploy.local.process_identity import listens_itself
from streams.errors import Unavailable, UsageError

LOOPBACK = "127.0.0.1"
# Below Linux's ephemeral ports (32768 and up), from which another process's outgoing connection may take any.
PORTS = range(20_000, 32_000)
TAIL_LINES = 15


def free_port() -> int:
    """A loopback port on which no server listens now."""
    for _ in range(1000):
        port = random.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port
    raise Unavailable(f"no free port between {PORTS.start} and {PORTS.stop}")


def listens(port: int) -> bool:
    """Whether something accepts connections on the loopback port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """The last lines of a log, or a word that there is none."""
    if not log.exists():
        return "(no log)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) or "(empty log)"


@contextlib.contextmanager
def signals_unwind() -> Iterator[None]:
    """Within it SIGTERM raises SystemExit(143) and SIGINT KeyboardInterrupt in the main thread, so that every `with` on
    the way out stops its server. A shell starts background jobs with SIGINT ignored: not within this."""

    def unwind(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, unwind),
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class ServerProcess:
    """A program in a folder: `start`, `stop`, `kill`, `pause`, `resume`; as a context manager started and stopped.

    Subclasses give the command, the readiness probe and, where needed, what has to be written before the first start.
    """

    name = "server"
    start_seconds = 90.0
    """Long enough for a busy machine: who fails says so at once."""
    stop_seconds = 15.0
    stop_signal = signal.SIGTERM
    listens_itself = True
    """Whether the process that is started is the one that listens on the port."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder.absolute()
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What the program prints, over all its starts."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """The process, None where it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """How the last process ended; None while it runs and before the first start."""
        return self._process.poll() if self._process else None

    def command(self) -> Sequence[str]:
        """The program and its arguments."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """Variables beyond the launcher's own."""
        return {}

    def prepare(self) -> None:
        """Writes configuration; called before each start."""

    def ready(self) -> bool:
        """Whether it answers. Called every 50 ms until it does; must not block for long."""
        return listens(self.port)

    def answers(self) -> bool:
        """Whether it answers by itself: who listens on its port may be another's server."""
        return (
            self.pid is not None and self.ready() and (not self.listens_itself or listens_itself(self.pid, self.port))
        )

    def start(self) -> None:
        """Start and wait until it answers. Raises Unavailable, with the log's tail, where it ends or takes too long."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start without waiting; nothing where it runs already. Raises UsageError where its program is missing."""
        if self.pid:
            return
        own_folder(self.folder)
        self.prepare()
        self._process = spawn(self.command(), self.log, self.folder, self.environment())

    def wait(self) -> None:
        """Wait until it answers. Raises Unavailable, with the log's tail, and leaves it stopped, where it does not."""
        try:
            self._wait()
        except BaseException:
            self.kill()
            raise

    def ask_to_stop(self) -> None:
        """Ask it to end and do not wait: `stop` does."""
        self._signal(self.stop_signal)

    def stop(self) -> None:
        """Ask it to end, kill it where it does not; its data stays."""
        if self._process is not None:
            stop_group(self._process, self.stop_signal, self.stop_seconds)

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self._process is not None:
            stop_group(self._process, signal.SIGKILL, self.stop_seconds)

    def restart(self) -> None:
        """Stop and start again on the same port and data."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _signal(self, number: signal.Signals) -> None:
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def _wait(self) -> None:
        deadline = time.monotonic() + self.start_seconds
        while not self.answers():
            if self.exit_code is not None:
                raise Unavailable(self._failure(f"ended with exit code {self.exit_code}"))
            if time.monotonic() > deadline:
                raise Unavailable(self._failure(f"does not answer within {self.start_seconds:.0f} s"))
            time.sleep(0.05)

    def _failure(self, what: str) -> str:
        return f"{self.name} {what}; the end of {self.log}:\n{tail(self.log)}"


def spawn(command: Sequence[str], log: Path, folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program as the leader of its own group that dies with the calling thread; output goes to the log."""
    if shutil.which(command[0]) is None:
        raise UsageError(f"{command[0]} is not installed: run `python -m deploy.local.install`")
    log.touch(0o600)
    with log.open("ab") as output:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *command],
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def own_folder(folder: Path) -> None:
    """Make a folder that its owner alone may open: data and logs hold what people said. One that is shared on purpose
    keeps its group."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(folder.stat().st_mode & 0o770)


def stop_group(process: subprocess.Popen[bytes], number: signal.Signals, timeout_seconds: float) -> None:
    """Signal the whole group and wait; after the timeout SIGKILL. Returns once the process is reaped."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
            os.killpg(process.pid, signal.SIGCONT)
        try:
            process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    # What the leader left behind in its group.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
