"""Progress of long work on stderr, so that what a command prints can be piped; silent where stderr is no terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Position(Protocol):
    """How far a feed has come."""

    @property
    def sent(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def at_ms(self) -> int:
        """In the records' own time."""


class Watcher(Protocol):
    """Called now and then with the position."""

    def __call__(self, position: Position, /) -> None: ...


@contextmanager
def progress(what: str) -> Iterator[Watcher]:
    """A bar with records and event time."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[at]}"), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, at="")

        def watch(position: Position) -> None:
            at = datetime.fromtimestamp(position.at_ms / 1000, UTC).strftime("%m-%d %H:%M")
            bar.update(task, total=position.total, completed=position.sent, at=at)

        yield watch
