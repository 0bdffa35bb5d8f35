"""The console as a process: the thread that follows Kafka, the readers, and the web server."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dashboards.console.auth import TokenAuth, read_tokens
from dashboards.console.routes import BUNDLE, NOT_BUILT, application
from dashboards.console.sources import PageSources
from dashboards.console.topic_follower import TopicFollower
from dashboards.readers import Readers
from streams.catalogue.facts import BrandFacts
from streams.errors import UsageError
from streams.kafka.connection import KafkaConnection
from streams.loopback import is_loopback
from streams.settings import Settings
from streams.web_server import serve_application

PORT = 9107


@dataclass(frozen=True)
class Options:
    """Where the console listens, and who may enter. `open_to_all` allows an address beyond loopback without tokens;
    `names` are host names of the console beside its address."""

    host: str = "127.0.0.1"
    port: int = PORT
    tokens: Path | None = None
    open_to_all: bool = False
    names: tuple[str, ...] = ()


def serve(settings: Settings, options: Options, on_progress: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises UsageError where it would be open by mistake, or cannot listen."""
    auth = auth_for(options)
    if not (BUNDLE / "index.html").is_file():
        on_progress(f"{NOT_BUILT}; until then it serves figures alone")
    facts = BrandFacts.of(settings)
    topics = TopicFollower(KafkaConnection.of(settings))
    topics.start()
    try:
        with Readers(settings) as readers:
            names = (options.host, *options.names)
            app = application(PageSources(readers, topics, facts=facts), auth, names)
            logging.getLogger("uvicorn.error").addFilter(_is_no_cancelled_stream)
            serve_application(
                app,
                options.host,
                options.port,
                grace_seconds=1,
                on_listening=lambda: on_progress(f"The console is at {address(options)}"),
            )
    finally:
        topics.stop()


def auth_for(options: Options) -> TokenAuth | None:
    """The people of the token file; None where everybody who reaches the address may look and decide. Raises UsageError
    for an address beyond loopback without a token file, unless it is open on purpose."""
    if options.tokens is not None:
        return read_tokens(options.tokens)
    if not options.open_to_all and not is_loopback(options.host):
        raise UsageError(f"--host {options.host} can be reached by others: give --tokens FILE, or --open to let all in")
    return None


def address(options: Options) -> str:
    """What to open in a browser."""
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"http://{host}:{options.port}/"


def _is_no_cancelled_stream(record: logging.LogRecord) -> bool:
    """A page that is open when the console stops is cut off; uvicorn would log it with its stack."""
    return "Cancel " not in record.getMessage()
