"""The demo's feed in a thread of its own: one accelerated evening, then, once told to go on, real time without end.

    generating ─► playing ─► sent ─► go_on() ─► live, live, …

Between `sent` and `go_on()` nothing is sent: that is when the stack can be compared with the evening's truth.
"""

import threading
from collections.abc import Callable
from contextlib import closing
from typing import Literal, Protocol

from streams.errors import PulsewatchError
from streams.ingest.player import Progress, Sink
from streams.simulate.play import simulate
from streams.simulate.scenarios import scenario
from streams.simulate.truth import Truth


class ClosableSink(Sink, Protocol):
    def close(self) -> None: ...


class FeedStoppedError(PulsewatchError):
    """The feed was stopped in mid-play."""


Phase = Literal["generating", "playing", "sent", "live"]


class Feed:
    """`start`, look at `phase`, `progress`, `truth` and `failure` from any thread, `go_on`, `stop`."""

    def __init__(
        self, open_sink: Callable[[], ClosableSink], seed: int, wall_seconds: float, scenario_name: str = "demo"
    ) -> None:
        self._open_sink = open_sink
        self._scenario_name = scenario_name
        self._seed = seed
        self._wall_seconds = wall_seconds
        self._going_on = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self.truth: Truth | None = None
        """The accelerated scenario's, once it has been sent."""
        self.phase: Phase = "generating"
        self.evening = 1
        """The first is the accelerated one."""
        self.progress: Progress | None = None
        self.failure: PulsewatchError | None = None

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def go_on(self) -> None:
        """Send further evenings in real time, without end."""
        self._going_on.set()

    def stop(self) -> None:
        """Return once nothing more is sent."""
        self._stopping.set()
        self._going_on.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def finished(self) -> bool:
        """Whether the accelerated evening is in Kafka whole."""
        return self.truth is not None

    @property
    def position(self) -> str:
        """How far it has come, in words."""
        sent = f"{self.progress.sent:,} of {self.progress.total:,} records sent" if self.progress else ""
        match self.phase:
            case "generating":
                return "generating the evening"
            case "playing":
                return sent
            case "sent":
                return f"{sent} · catching up"
            case "live":
                return f"evening {self.evening} in real time · {sent or 'generating it'}"

    def _run(self) -> None:
        try:
            with closing(self._open_sink()) as sink:
                self.truth = self._play(sink, self._seed, self._wall_seconds)
                self.phase = "sent"
                self._going_on.wait()
                while not self._stopping.is_set():
                    self.phase, self.progress = "live", None
                    self.evening += 1
                    self._play(sink, self._seed + self.evening - 1, None)
        except FeedStoppedError:
            return
        except PulsewatchError as error:
            self.failure = error

    def _play(self, sink: Sink, seed: int, wall_seconds: float | None) -> Truth:
        chosen = scenario(self._scenario_name, seed)
        real_time_seconds = chosen.minutes * 60.0
        traffic, _ = simulate(
            chosen,
            sink,
            wall_seconds=wall_seconds or real_time_seconds,
            on_progress=self._on_progress,
            sleep=self._sleep,
        )
        return traffic.truth

    def _on_progress(self, progress: Progress) -> None:
        self.progress = progress
        if self.phase == "generating":
            self.phase = "playing"
        if self._stopping.is_set():
            raise FeedStoppedError

    def _sleep(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise FeedStoppedError
