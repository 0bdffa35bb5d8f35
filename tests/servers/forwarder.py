"""A port that leads to a server, and later to another one; connections that are open stay where they are."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from deploy.local.process import free_port


@dataclass
class Forwarder:
    """Forwards new connections to `target`, a port of this machine."""

    target: int
    port: int = field(default_factory=free_port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with aborted(writer):
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
            with aborted(there_writer):
                await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        try:
            yield
        finally:
            server.close()


@contextlib.contextmanager
def aborted(writer: asyncio.StreamWriter) -> Iterator[None]:
    """Cut the connection in the end, also where the loop ends first: what is left open complains in a later test."""
    try:
        yield
    finally:
        writer.transport.abort()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes until the reader's end."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
