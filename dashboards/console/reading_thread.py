"""The one thread that uses the readers: what a person waits for goes before what is only refreshed, and who asks for
much waits for it alone.

    rank    the k-th reading that somebody waits for ranks k: of A's five hundred and B's one, B's is the second
    shared  a reading that others ask for too keeps its best rank
"""

import asyncio
import itertools
import queue
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Urgency(IntEnum):
    """What goes first, the lowest first; within one, by rank, then what was asked first."""

    AWAITED = 0
    """Somebody looks at an empty page, or has pressed a button."""
    REFRESH = 1
    """A page that is shown already is read again."""
    CLOSING = 2


@dataclass(frozen=True, eq=False)
class Reading(Generic[Result]):
    """What was asked of the thread."""

    act: Callable[[], Result]
    future: Future[Result] = field(default_factory=Future)

    async def result(self) -> Result:
        """What `act` returns. Raises what it raises."""
        return await asyncio.wrap_future(self.future)


class ReadingThread:
    """`call`, `ask` and `ask_too` from the event loop; `close` waits for what was asked before.

    `asker` is whoever waits for a reading; None is the console itself.
    """

    def __init__(self) -> None:
        self._asked: queue.PriorityQueue[tuple[int, int, int, Reading[Any]]] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._waiting = Counter[str]()
        self._counting = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="readers", daemon=True)
        self._thread.start()

    async def call(
        self, act: Callable[[], Result], urgency: Urgency = Urgency.AWAITED, asker: str | None = None
    ) -> Result:
        """What `act` returns, run in the thread. Raises what it raises."""
        return await self.ask(act, urgency, asker).result()

    def ask(
        self, act: Callable[[], Result], urgency: Urgency = Urgency.AWAITED, asker: str | None = None
    ) -> Reading[Result]:
        """Queue a reading; cancelling its future takes it out again."""
        reading = Reading(act)
        self._queue(reading, urgency, asker)
        return reading

    def ask_too(self, reading: Reading[Any], asker: str) -> None:
        """Let `asker` wait as well: the reading keeps its rank or takes this one's, the better."""
        if not reading.future.done():
            self._queue(reading, Urgency.AWAITED, asker)

    def close(self) -> None:
        self._queue(Reading(lambda: None), Urgency.CLOSING, None)
        self._thread.join()

    def _queue(self, reading: Reading[Any], urgency: Urgency, asker: str | None) -> None:
        rank = 0
        if asker is not None:
            with self._counting:
                rank = self._waiting[asker]
                self._waiting[asker] += 1
            reading.future.add_done_callback(partial(self._waits_no_more, asker))
        self._asked.put((urgency, rank, next(self._numbers), reading))

    def _waits_no_more(self, asker: str, _future: Future[Any]) -> None:
        with self._counting:
            self._waiting[asker] -= 1
            if not self._waiting[asker]:
                del self._waiting[asker]

    def _run(self) -> None:
        while True:
            urgency, _, _, reading = self._asked.get()
            if urgency == Urgency.CLOSING:
                return
            future = reading.future
            # Whoever asked too has queued the reading once more.
            if future.done() or not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(reading.act())
            except BaseException as error:
                future.set_exception(error)
