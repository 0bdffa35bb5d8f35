"""An outage of Kafka as two log lines: aiokafka logs many, again and again."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, NodeNotReadyError, RequestTimedOutError

from streams.clock import system_clock
from streams.errors import PulsewatchError

UNREACHABLE = (KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError, RequestTimedOutError, OSError)

log = logging.getLogger(__name__)


class Outage(logging.Handler):
    """Receives aiokafka's log; logs once that Kafka does not answer, once that it does again. Any thread may call."""

    def __init__(self, kafka: str) -> None:
        super().__init__(logging.WARNING)
        self._kafka = kafka
        self._since_ms: int | None = None
        self._closing = False
        self._lock = threading.Lock()

    @contextmanager
    def capturing(self, log_level: str) -> Iterator[None]:
        """Receive aiokafka's log meanwhile; with DEBUG its own lines from INFO on, and Faust's, are shown too."""
        kafka, libraries = logging.getLogger("aiokafka"), [logging.getLogger(name) for name in ("faust", "mode")]
        talkative = log_level == "DEBUG"
        kafka.addHandler(self)
        kafka.propagate = talkative
        kafka.setLevel(logging.INFO)  # below that it prints whole records, and people's texts do not belong into logs
        for library in libraries:
            library.setLevel(logging.DEBUG if talkative else logging.CRITICAL)
        try:
            yield
        finally:
            kafka.removeHandler(self)
            kafka.propagate = True

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging."""
        errors = [arg for arg in record.args or () if isinstance(arg, Exception)]
        if self._closing or any(_passes(error) for error in errors):
            return
        if str(record.msg).startswith("Unable to") or any(isinstance(error, UNREACHABLE) for error in errors):
            self.down()
        elif record.levelno >= logging.ERROR and self._since_ms is None:
            log.error("kafka: %s", record.getMessage(), exc_info=record.exc_info)

    @property
    def goes_on(self) -> bool:
        """Whether Kafka does not answer now."""
        return self._since_ms is not None

    def closing(self) -> None:
        """Shutting down: ignore aiokafka's connection errors from now on."""
        self._closing = True

    def down(self, reason: PulsewatchError | None = None) -> None:
        """Kafka did not answer, or not as it should; logs the first time."""
        with self._lock:
            began = self._since_ms is None
            self._since_ms = system_clock()
        if began:
            log.warning("%s; waiting, nothing is lost", reason or f"Kafka at {self._kafka} does not answer")

    def up(self, answered_ms: int) -> None:
        """Kafka answered at `answered_ms`; logs the end of an outage that began before."""
        with self._lock:
            ended = self._since_ms is not None and answered_ms > self._since_ms
            if ended:
                self._since_ms = None
        if ended:
            log.warning("Kafka at %s answers again", self._kafka)


def _passes(error: Exception) -> bool:
    """Whether Kafka answered, and aiokafka asks again by itself."""
    return isinstance(error, KafkaError) and error.retriable and not isinstance(error, UNREACHABLE)
