"""The demo's feed in a thread of its own: one accelerated scenario, then, if asked, real time without end."""

import threading
from contextlib import closing

from streams.errors import PulsewatchError
from streams.ingest.player import Progress, ReplayProducer
from streams.kafka.connection import KafkaConnection
from streams.settings import Settings
from streams.simulate.play import simulate
from streams.simulate.scenarios import scenario
from streams.simulate.truth import Truth


class FeedStoppedError(PulsewatchError):
    """The feed was stopped in mid-play."""


class Feed:
    """`start`, look at `progress`, `finished` and `failure` from any thread, `stop`."""

    def __init__(self, settings: Settings, seed: int, wall_seconds: float, *, forever: bool) -> None:
        self._settings = settings
        self._seed = seed
        self._wall_seconds = wall_seconds
        self._forever = forever
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self.truth: Truth | None = None
        """The accelerated scenario's, once it has been sent."""
        self.progress: Progress | None = None
        self.failure: PulsewatchError | None = None

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Return once nothing more is sent."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def finished(self) -> bool:
        """Whether the accelerated scenario is in Kafka whole."""
        return self.truth is not None

    def _run(self) -> None:
        try:
            with closing(ReplayProducer(KafkaConnection.of(self._settings))) as sink:
                self.truth = self._play(sink, self._seed, self._wall_seconds)
                seed = self._seed
                while self._forever:
                    seed += 1
                    self._play(sink, seed, None)
        except FeedStoppedError:
            return
        except PulsewatchError as error:
            self.failure = error

    def _play(self, sink: ReplayProducer, seed: int, wall_seconds: float | None) -> Truth:
        chosen = scenario("demo", seed)
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
        if self._stopping.is_set():
            raise FeedStoppedError

    def _sleep(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise FeedStoppedError
