"""A catalogue that is as its file is: a changed brands.yaml is in force within seconds, a broken one never is.

rename over it       taken at the second look that sees the same file
written in place     not taken while it grows: two looks must see the same size and time
broken, or gone      what was in force stays so; the log, a metric and `status()` say why
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from streams.catalogue.brand import Brand, read_brands
from streams.catalogue.matcher import BrandMatcher
from streams.clock import Clock, system_clock
from streams.errors import UsageError
from streams.metrics import CATALOGUE_BRANDS, CATALOGUE_BROKEN, CATALOGUE_READS, from_zero
from streams.refusals import Problem, problem_of
from streams.untrusted import one_line

LOOK_SECONDS: Final = 1.0
LABEL_CHARS: Final = 60
log = logging.getLogger(__name__)

_Signature = tuple[int, int, int]
"""When it was written, its size, which file it is."""


class Catalogue:
    """The brands of one reading of the file. Immutable."""

    def __init__(self, brands: Sequence[Brand]) -> None:
        self.brands: Mapping[str, Brand] = MappingProxyType({brand.id: brand for brand in brands})
        self.revision = revision_of(brands)

    @cached_property
    def matcher(self) -> BrandMatcher:
        """Finds the brands of texts; made when first asked for."""
        return BrandMatcher(list(self.brands.values()))

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """What people read for each id: the display name on one line, with the id where another brand has it too."""
        labels = {brand.id: label_of(brand.display_name) or label_of(brand.id) for brand in self.brands.values()}
        counts = Counter(labels.values())
        return {name: label if counts[label] == 1 else f"{label} ({label_of(name)})" for name, label in labels.items()}


def label_of(name: str) -> str:
    """A brand's name or id as it may stand on a line of ours: at most LABEL_CHARS characters, none of them hidden."""
    return one_line(" ".join(name.split()), LABEL_CHARS)


def revision_of(brands: Sequence[Brand]) -> str:
    """Another one for other brands: what a person saw before a change."""
    return blake2b(msgspec.json.encode(list(brands)), digest_size=6).hexdigest()


class CatalogueStatus(msgspec.Struct, frozen=True):
    """What is in force, since when, and why a later file is not."""

    file: str
    brands: int
    revision: str
    since_ms: int
    problem: Problem | None = None


class LiveCatalogue:
    """The catalogue of a file, read again when it changes.

    `current` never looks at the file. Whoever has an event loop runs `watch()`; whoever has none asks `fresh()`. Raises
    UsageError where the file cannot be used at the start; later never.
    """

    def __init__(
        self, path: Path, clock: Clock = system_clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._clock = clock
        self._monotonic = monotonic
        self._taken = self._seen = _signature(path)
        self._looked = monotonic()
        self._problem: Problem | None = None
        self.current = Catalogue(read_brands(path))
        self._since_ms = clock()
        from_zero(CATALOGUE_READS, ("taken", "broken"))
        self._tell()

    @property
    def path(self) -> Path:
        return self._path

    def status(self) -> CatalogueStatus:
        current = self.current
        return CatalogueStatus(self._path.name, len(current.brands), current.revision, self._since_ms, self._problem)

    def fresh(self) -> Catalogue:
        """The catalogue after a look at the file, where the last look is LOOK_SECONDS ago. May block while it reads."""
        if self._monotonic() - self._looked >= LOOK_SECONDS:
            self.look()
        return self.current

    async def watch(self) -> None:
        """Look at the file every LOOK_SECONDS, for ever; what it reads, it reads in a thread."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await asyncio.to_thread(self.look, ready=True)

    def look(self, *, ready: bool = False) -> bool:
        """Take the file if it is another and has settled; with `ready`, its matcher is made before it is in force."""
        self._looked = self._monotonic()
        signature = _signature(self._path)
        settled, self._seen = signature == self._seen, signature
        if signature == self._taken or not settled:
            return False
        self._taken = signature
        try:
            catalogue = Catalogue(read_brands(self._path))
        except UsageError as error:
            self._keep(error)
            return False
        if ready:
            catalogue.matcher  # noqa: B018 - made here, in the thread, and not in the midst of the first text
        self.current, self._since_ms, self._problem = catalogue, self._clock(), None
        CATALOGUE_READS.labels("taken").inc()
        self._tell()
        log.warning("%s is in force: %d brands, revision %s", self._path, len(catalogue.brands), catalogue.revision)
        return True

    def take(self) -> None:
        """Look until the file is taken: for who has just written it, whole."""
        self.look()
        self.look()

    def _keep(self, error: UsageError) -> None:
        self._problem = problem_of(error)
        CATALOGUE_READS.labels("broken").inc()
        self._tell()
        since = datetime.fromtimestamp(self._since_ms / 1000, UTC).isoformat(timespec="seconds")
        log.error("%s; the catalogue of %s (%d brands) stays in force", error, since, len(self.current.brands))

    def _tell(self) -> None:
        CATALOGUE_BRANDS.set(len(self.current.brands))
        CATALOGUE_BROKEN.set(self._problem is not None)


def _signature(path: Path) -> _Signature | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
