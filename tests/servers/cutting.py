"""A port that leads to a server and cuts each connection after so many bytes of its answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from deploy.local.process import free_port
from tests.servers.forwarder import aborted, pump
from tests.servers.waiting import until_async


@dataclass
class CuttingProxy:
    """Forwards to `target`. The next connections are cut after `cuts` bytes, one each; later ones are whole."""

    target: int
    cuts: list[int] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    connections: int = 0
    passed: int = 0
    """Bytes of answers, over all connections."""
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["CuttingProxy"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        try:
            yield self
        finally:
            server.close()
            self.cut_all()
            await until_async(lambda: not self._open, "all connections are cut")

    def cut_all(self) -> None:
        """Cut every connection now."""
        for writer in self._open:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        left = self.cuts.pop(0) if self.cuts else None
        self._open.add(writer)
        try:
            with aborted(writer):
                there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
                with aborted(there_writer):
                    await self._forward(reader, there_writer, there_reader, writer, left)
        finally:
            self._open.discard(writer)

    async def _forward(
        self,
        reader: asyncio.StreamReader,
        there_writer: asyncio.StreamWriter,
        there_reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        left: int | None,
    ) -> None:
        """Both ways, until one of them ends."""
        ways = {
            asyncio.create_task(pump(reader, there_writer)),
            asyncio.create_task(self._answer(there_reader, writer, left)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: int | None) -> None:
        with contextlib.suppress(ConnectionError):
            while left != 0 and (data := await reader.read(65_536 if left is None else min(left, 65_536))):
                left = None if left is None else left - len(data)
                self.passed += len(data)
                writer.write(data)
                await writer.drain()
