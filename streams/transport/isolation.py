"""The record on which a stage fails, found and set aside, so that its partition goes on.

What failed is read again from the ledger's offset, so nothing of it has half an effect: first in pieces, then record by
record. A record that fails alone, again and again, becomes a dead letter with the reason `undigestible`, and the stage
sees the partition as if the record were not there.

    batch of 4,000 fails ─► pieces of 125 ─► the one that fails, in pieces of 3 ─► the one that fails, one by one
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from traceback import extract_tb
from typing import Any

from streams.errors import PulsewatchError
from streams.events.codec import DETAIL_CHARACTERS
from streams.events.dead_letters import DeadLetter, DeadLetterSink
from streams.events.schema import Coordinates
from streams.ledger.retry import retrying
from streams.metrics import DEAD_LETTERS, EVENTS
from streams.transport.batch import Batch

PIECES = 32
"""Into so many pieces a batch that failed is divided."""
MAX_TRIES = 3
"""How often a record is tried by itself: what failed may have been passing."""
PAUSE_SECONDS = 0.2
"""Before a record's second try; twice as long before the third."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Suspects:
    """Records of which at least one made the stage fail: offsets in [start, end), to be tried `size` at a time."""

    start: int
    end: int
    size: int

    def contain(self, piece: Batch) -> bool:
        """Whether a piece is one of those that were made of them."""
        return self.start <= piece.first_offset and piece.next_offset <= self.end


class Isolation:
    """What one lane knows of records that its stage cannot digest."""

    def __init__(
        self,
        stage: str,
        dead_letters: DeadLetterSink,
        *,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._stage = stage
        self._dead_letters = dead_letters
        self._sleep = sleep
        self._suspects: Suspects | None = None
        self._tried = (0, 0)
        """A record's offset, and how often it failed alone."""
        self._set_aside: set[int] = set()

    def pieces(self, batch: Batch) -> Iterator[Batch]:
        """The batch as the stage may have it: whole, as long as nothing in it is suspected or set aside."""
        suspects = self._suspects
        if suspects is not None and batch.first_offset >= suspects.end:
            suspects = self._suspects = None
        touched = any(batch.first_offset <= offset < batch.next_offset for offset in self._set_aside)
        if suspects is None and not touched:
            yield batch
            return
        borders = list(_borders(batch.offsets, suspects))
        for start, end in pairwise(borders):
            kept = [at for at in range(start, end) if batch.offsets[at] not in self._set_aside]
            if end < len(batch.offsets):
                yield batch.part(kept, batch.offsets[end])
            else:
                yield batch.part(kept, batch.next_offset, batch.refused)

    async def failed(self, piece: Batch | None, error: Exception) -> None:
        """Take in that the stage raised on a piece, after which the partition is read again. Raises the error where no
        record is to blame: it is one of our own with a fate, or the stage fails without any record."""
        if piece is None or isinstance(error, PulsewatchError):
            raise error
        at = Coordinates(piece.topic, piece.partition, piece.first_offset)
        if self._suspects is None or not self._suspects.contain(piece):
            self._divide(at, piece, piece.next_offset - piece.first_offset, error)
        elif len(piece) == 0:
            raise error
        elif len(piece) > 1:
            self._divide(at, piece, len(piece), error)
        else:
            self._suspects = Suspects(piece.first_offset, piece.next_offset, 1)
            await self._try_again(at, piece, error)

    def _divide(self, at: Coordinates, piece: Batch, records: int, error: Exception) -> None:
        log.warning("%s: %s, in the batch that begins there; it is read again in pieces", at, _place_of(error))
        self._suspects = Suspects(piece.first_offset, piece.next_offset, max(1, records // PIECES))

    async def _try_again(self, at: Coordinates, piece: Batch, error: Exception) -> None:
        before, tries = self._tried
        self._tried = (at.offset, tries := tries + 1 if before == at.offset else 1)
        if tries < MAX_TRIES:
            await self._sleep(PAUSE_SECONDS * tries)
        else:
            await self._put_aside(piece, at, error)

    async def _put_aside(self, piece: Batch, at: Coordinates, error: Exception) -> None:
        detail = f"{self._stage} fails on it: {_place_of(error)}"[:DETAIL_CHARACTERS]
        letter = DeadLetter(at, "undigestible", detail, self._stage, piece.values[0])
        await retrying(lambda: self._dead_letters.send([letter]))
        self._set_aside.add(at.offset)
        EVENTS.labels(self._stage, "dead_letter").inc()
        DEAD_LETTERS.labels(self._stage, letter.reason).inc()
        log.error("%s: %s; the record is a dead letter now", at, detail)


def _place_of(error: Exception) -> str:
    """The error's type and the line that raised it. Its message may quote the record: personal data."""
    frames = extract_tb(error.__traceback__)
    at = Path(frames[-1].filename) if frames else None
    return type(error).__name__ + (f" in {at.parent.name}/{at.name}:{frames[-1].lineno}" if at else "")


def _borders(offsets: Sequence[int], suspects: Suspects | None) -> Iterator[int]:
    """Positions at which pieces begin, and the end: suspects `size` at a time, what is before and behind them whole."""
    in_piece, was_suspect = 0, False
    if not offsets:
        yield 0
    for at, offset in enumerate(offsets):
        suspect = suspects is not None and suspects.start <= offset < suspects.end
        full = suspect and suspects is not None and in_piece == suspects.size
        if at == 0 or suspect != was_suspect or full:
            yield at
            in_piece = 0
        in_piece, was_suspect = in_piece + 1, suspect
    yield len(offsets)
