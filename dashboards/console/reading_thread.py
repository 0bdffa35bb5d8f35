"""The one thread that uses the readers: what a person waits for goes before what is only refreshed."""

import asyncio
import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from enum import IntEnum
from typing import Any, TypeVar

Result = TypeVar("Result")


class Urgency(IntEnum):
    """What goes first, the lowest first; within one, what was asked first."""

    AWAITED = 0
    """Somebody looks at an empty page, or has pressed a button."""
    REFRESH = 1
    """A page that is shown already is read again."""
    CLOSING = 2


class ReadingThread:
    """`call` from the event loop; `close` waits for what was asked before."""

    def __init__(self) -> None:
        self._asked: queue.PriorityQueue[tuple[int, int, Future[Any], Callable[[], Any]]] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._thread = threading.Thread(target=self._run, name="readers", daemon=True)
        self._thread.start()

    async def call(self, act: Callable[[], Result], urgency: Urgency = Urgency.AWAITED) -> Result:
        """What `act` returns, run in the thread. Raises what it raises."""
        future: Future[Result] = Future()
        self._asked.put((urgency, next(self._numbers), future, act))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        self._asked.put((Urgency.CLOSING, next(self._numbers), Future(), lambda: None))
        self._thread.join()

    def _run(self) -> None:
        while True:
            urgency, _, future, act = self._asked.get()
            if urgency == Urgency.CLOSING:
                return
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(act())
            except BaseException as error:
                future.set_exception(error)
