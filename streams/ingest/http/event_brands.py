"""Whose posted events are: the catalogue says by the text, and a memory in Redis by the event that one is about.

    <namespace>:ingest:brands:<digest>     set: event → the brands that its copies went to; lives DAYS days
    <namespace>:ingest:accounts:<digest>   set: account → the brands of its texts; lives DAYS days

So a deletion that names no brand reaches all copies, whichever process takes it. Without Redis texts are taken as
before and counted as not remembered; what needs the memory is told to come later.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, Protocol

from redis.exceptions import RedisError

from streams.catalogue.live import Catalogue, LiveCatalogue
from streams.clock import DAY_MS
from streams.errors import Unavailable
from streams.events.identity import event_identity
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event
from streams.ingest.feed_brands import CatalogueBrands, OwnAccounts, Subject
from streams.metrics import INGEST_FORGOTTEN

DAYS: Final = 8
ANSWER_SECONDS: Final = 2.0
PAUSE_SECONDS: Final = 5.0
"""After Redis did not answer, texts are not kept waiting for it for so long."""
log = logging.getLogger(__name__)

Subjects = tuple[Subject, str]
"""What is remembered: of an event, or of an account."""


class BrandStore(Protocol):
    """Where the brands of events are remembered, for all processes."""

    async def recall(self, subjects: Sequence[Subjects]) -> Mapping[Subjects, list[str]]:
        """The brands of each. Raises Unavailable."""

    async def keep(self, brands: Mapping[Subjects, Iterable[str]]) -> None:
        """Add brands to each. Raises Unavailable."""


class RedisBrandStore:
    """A BrandStore; the client is a worker's."""

    def __init__(self, client: Any, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    async def recall(self, subjects: Sequence[Subjects]) -> Mapping[Subjects, list[str]]:
        pipeline = self._client.pipeline(transaction=False)
        for subject in subjects:
            pipeline.smembers(self._key(subject))
        answers = await self._answers(pipeline)
        return {
            subject: sorted(name.decode() for name in names) for subject, names in zip(subjects, answers, strict=True)
        }

    async def keep(self, brands: Mapping[Subjects, Iterable[str]]) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for subject, names in brands.items():
            pipeline.sadd(self._key(subject), *names)
            pipeline.expire(self._key(subject), DAYS * DAY_MS // 1000)
        await self._answers(pipeline)

    async def aclose(self) -> None:
        await self._client.aclose()

    def _key(self, subject: Subjects) -> str:
        kind, of = subject
        return f"{self._namespace}:ingest:{kind}:{blake2b(of.encode(errors='replace'), digest_size=12).hexdigest()}"

    @staticmethod
    async def _answers(pipeline: Any) -> list[Any]:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answers: list[Any] = await pipeline.execute()
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable(f"Redis does not answer ({type(error).__name__})") from None
        return answers


class EventBrands:
    """A process's: the catalogue that is in force, and what is remembered."""

    def __init__(
        self,
        catalogue: LiveCatalogue,
        pseudonyms: Pseudonyms,
        store: BrandStore,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.catalogue = catalogue
        self._pseudonyms = pseudonyms
        self._store = store
        self._monotonic = monotonic
        self._paused_until = 0.0

    async def of_request(self, events: Iterable[Event]) -> "RequestBrands":
        """What a request's events may ask, with what they need of the memory. Raises Unavailable where it is needed."""
        needed = list(dict.fromkeys(one for event in events for one in _needed(event)))
        recalled = await self._store.recall(needed) if needed else {}
        return RequestBrands(self.catalogue, self._pseudonyms, recalled)

    async def keep(self, brands: "RequestBrands") -> None:
        """Remember where a request's events went. Never raises."""
        if not brands.new:
            return
        if self._monotonic() >= self._paused_until:
            try:
                await self._store.keep(brands.new)
            except Unavailable as error:
                self._paused_until = self._monotonic() + PAUSE_SECONDS
                log.warning("%s: deletions that name no brand will not find the texts that come now", error)
            else:
                return
        INGEST_FORGOTTEN.inc(sum(subject == "brands" for subject, _ in brands.new))


class RequestBrands:
    """The brands of one request's events."""

    def __init__(
        self, catalogue: LiveCatalogue, pseudonyms: Pseudonyms, recalled: Mapping[Subjects, list[str]]
    ) -> None:
        self._catalogue = catalogue.current
        self._pseudonyms = pseudonyms
        self._recalled = recalled
        self._of_source: dict[tuple[str, str], CatalogueBrands] = {}
        self.new: dict[Subjects, list[str]] = defaultdict(list)
        """What is to be remembered."""

    def events(self, event: Event) -> list[Event]:
        """The event of each of its brands; none for a text that is about no brand."""
        whose = self._of_source.get((event.source, event.platform))
        if whose is None:
            memory = _SourceMemory(self._recalled, self.new, event)
            own = OwnAccounts(self._in_force, event.platform, self._pseudonyms)
            whose = CatalogueBrands(self._in_force, own, memory)
            self._of_source[event.source, event.platform] = whose
        return whose.events(event)

    def _in_force(self) -> Catalogue:
        return self._catalogue


class _SourceMemory:
    """The memory as the events of one source see it."""

    def __init__(self, recalled: Mapping[Subjects, list[str]], new: dict[Subjects, list[str]], example: Event) -> None:
        self._recalled = recalled
        self._new = new
        self._example = example

    def get_all(self, subject: Subject, of: str) -> list[str]:
        name = _subject(subject, of, self._example)
        known = self._recalled.get(name, [])
        return known + [brand for brand in self._new.get(name, ()) if brand not in known]

    def put_all(self, subject: Subject, of: str, values: list[str]) -> None:
        self._new[_subject(subject, of, self._example)] = values


def _needed(event: Event) -> list[Subjects]:
    """What has to be known to say whose an event is: a text says it by itself."""
    if event.kind == "retraction":
        return [_subject("brands", event.retracts, event)] if event.retracts else []
    if event.brand_id:
        return []
    if event.kind == "account_deletion":
        return [_subject("accounts", event.actor.id, event)] if event.actor else []
    return [_subject("brands", event.subject_id, event)] if event.subject_id else []


def _subject(subject: Subject, of: str, event: Event) -> Subjects:
    if subject == "accounts":
        return subject, f"{event.platform}:{of}"
    return subject, event_identity(of, event.source, event.platform)
