"""Processes named so that no stranger is taken for one of ours: a pid is used again, a pid with its start is not."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process, by its pid and the tick of the kernel's clock at which it started (`/proc/<pid>/stat`, field 22)."""

    pid: int
    started_ticks: int

    @classmethod
    def of(cls, pid: int) -> "Process | None":
        """The process that has the pid now; None where there is none, or only a dead one that waits for its parent."""
        try:
            # The second field, the program's name in brackets, may hold anything.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else cls(pid, int(fields[19]))

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return Process.of(self.pid) == self

    def signal(self, number: signal.Signals, *, group: bool = False) -> None:
        """Send a signal, to its whole group where it leads one; nothing where it has ended."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                (os.killpg if group else os.kill)(self.pid, number)


def listens_itself(pid: int, port: int) -> bool:
    """Whether the process holds the socket that listens on the port, on any address of this machine."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    try:
        return any(os.readlink(handle) in sockets for handle in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def _listening(port: int) -> Iterator[str]:
    """The inodes of sockets that listen on the port (`/proc/net/tcp`: local address, state 0A, inode)."""
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]


def wait_for_end(processes: Iterable[Process], timeout_seconds: float) -> list[Process]:
    """Wait until all have ended; returns those that have not by then."""
    deadline = time.monotonic() + timeout_seconds
    left = [process for process in processes if process.alive]
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [process for process in left if process.alive]
    return left
