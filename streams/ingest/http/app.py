"""`POST /v1/events`: an answer for each event, and none is called accepted before Kafka has it."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from streams.clock import Clock, system_clock
from streams.errors import Unavailable
from streams.events.pseudonyms import Pseudonyms
from streams.ingest.http.body import Refused, read_body, split
from streams.ingest.http.event_brands import EventBrands
from streams.ingest.http.keys import ANYBODY, Sender, Senders
from streams.ingest.http.openapi import Answer, Health, Problem, document
from streams.ingest.http.posted import EventResult, PostedEvent, Routed, read_posted, receive
from streams.kafka.producer import TopicPublisher
from streams.loopback import is_own_name
from streams.metrics import INGEST_EVENTS
from streams.web_server import SlowBody

IN_FLIGHT_EVENTS: Final = 50_000
"""Events that wait for Kafka's acknowledgement; more are told to come later."""
ACKNOWLEDGE_SECONDS: Final = 10.0
"""How long Kafka may take; then the sender is told to send the same again."""
RETRY_SECONDS: Final = 1
BACKGROUND_SLICE: Final = 500
"""Events that are read before others' requests have their turn."""
_encode = msgspec.json.Encoder().encode
Item = TypeVar("Item")


class Ingest:
    """The application's state; one event loop."""

    def __init__(
        self,
        publishers: Mapping[str, TopicPublisher],
        senders: Senders | None,
        pseudonyms: Pseudonyms,
        brands: EventBrands | None = None,
        clock: Clock = system_clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publishers = publishers
        self._senders = senders
        self._pseudonyms = pseudonyms
        self._brands = brands
        self._clock = clock
        self._monotonic = monotonic
        self._in_flight = 0
        self._kafka_answers = True

    def application(self) -> Starlette:
        """The ASGI application."""
        openapi = Response(_encode(document()), media_type="application/json")

        async def describe(_request: Request) -> Response:
            return openapi

        @asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            watching = None if self._brands is None else asyncio.create_task(self._brands.catalogue.watch())
            yield
            if watching is not None:
                watching.cancel()
            for publisher in self._publishers.values():
                await publisher.close()

        routes = [
            Route("/v1/events", self.events, methods=["POST"]),
            Route("/health", self.health),
            Route("/openapi.json", describe),
        ]
        return Starlette(routes=routes, lifespan=lifespan)

    async def health(self, request: Request) -> Response:
        """200 while Kafka takes events. A broken catalogue is told and stops nothing: the one before it is in force."""
        try:
            self._refuse_other_names(request)
        except Refused as refused:
            return _problem(refused)
        state = Health(self._kafka_answers, None if self._brands is None else self._brands.catalogue.status())
        status = 200 if self._kafka_answers else 503
        return Response(_encode(state), status, media_type="application/json")

    async def events(self, request: Request) -> Response:
        """1. Is it no web page? 2. Who sends it? Of strangers no body is read. 3. Its body, bounded, and its signature.
        4. Its rate. 5. Events. 6. Kafka. 7. Answer."""
        try:
            self._refuse_pages(request)
            sender = self._sender_of_head(request)
            body = await read_body(request.stream(), request.headers.get("content-encoding", "identity").lower())
            sender = sender or self._sender_of_signature(request, body)
            raws = split(body, request.headers.get("content-type", "").partition(";")[0].strip().lower())
            self._admit(sender, len(raws))
        except Refused as refused:
            return _problem(refused)
        except SlowBody as slow:
            return _problem(Refused(slow.status_code, slow.detail), slow.headers)
        self._in_flight += len(raws)
        try:
            results = await self._received(raws, sender)
        except Unavailable as error:
            return _problem(Refused(503, str(error)))
        finally:
            self._in_flight -= len(raws)
        if self._senders is not None and (signature := request.headers.get("x-pulsewatch-signature")):
            self._senders.accepted(signature, self._clock() / 1000)
        counts = Counter(result.status for result in results)
        for status in ("accepted", "refused", "unmatched"):
            INGEST_EVENTS.labels(status).inc(counts[status])
        answer = Answer(counts["accepted"], counts["refused"], counts["unmatched"], results)
        return Response(_encode(answer), media_type="application/json")

    def _refuse_pages(self, request: Request) -> None:
        """Without keys whoever reaches loopback may send, a browser's pages not: one sends its origin, or calls us by
        a name that it pointed here. Raises Refused."""
        if self._senders is not None:
            return
        self._refuse_other_names(request)
        if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise Refused(403, "web pages send no events: give --keys")

    def _refuse_other_names(self, request: Request) -> None:
        if self._senders is None and not is_own_name(request.headers.get("host", "")):
            raise Refused(421, "this server has another name: call it by its address, or give it --keys")

    def _sender_of_head(self, request: Request) -> Sender | None:
        """Whose request it is by its head alone; None where its body is signed. Raises Refused."""
        if self._senders is None:
            return ANYBODY
        if "x-pulsewatch-signature" in request.headers:
            return None
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Refused(401, "send Authorization: Bearer KEY, or a signature")
        return self._senders.by_key(key.strip())

    def _sender_of_signature(self, request: Request, body: bytes) -> Sender:
        assert self._senders is not None
        headers = request.headers
        name, timestamp = headers.get("x-pulsewatch-sender", ""), headers.get("x-pulsewatch-timestamp", "")
        signature = headers["x-pulsewatch-signature"]
        return self._senders.by_signature(name, timestamp, signature, body, self._clock() / 1000)

    def _admit(self, sender: Sender, count: int) -> None:
        if self._in_flight and self._in_flight + count > IN_FLIGHT_EVENTS:
            raise Late(RETRY_SECONDS, "Kafka takes events more slowly than they come")
        if self._senders is not None:
            wait_seconds = self._senders.wait_seconds(sender, count, self._monotonic())
            if wait_seconds:
                raise Late(wait_seconds, f"more than {sender.events_per_second} events a second")

    async def _received(self, raws: Sequence[bytes | msgspec.Raw], sender: Sender) -> list[EventResult]:
        """What became of each event; those that are accepted are in Kafka. Raises Unavailable."""
        now_ms = self._clock()
        posted = [
            read_posted(index, raw, self._pseudonyms, now_ms) async for index, raw in _in_slices(list(enumerate(raws)))
        ]
        brands = None
        if self._brands is not None:
            brands = await self._brands.of_request(event for event in posted if isinstance(event, PostedEvent))
        routed: list[Routed] = []
        results: list[EventResult] = []
        async for index, event in _in_slices(list(enumerate(posted))):
            if isinstance(event, EventResult):
                results.append(event)
                continue
            good, result = receive(index, event, sender, brands, now_ms)
            results.append(result)
            routed += good
        await self._acknowledged(routed)
        if self._brands is not None and brands is not None:
            await self._brands.keep(brands)
        return results

    async def _acknowledged(self, routed: Sequence[Routed]) -> None:
        try:
            await self._publish(routed)
        except Unavailable:
            self._kafka_answers = False
            raise
        self._kafka_answers = True

    async def _publish(self, routed: Sequence[Routed]) -> None:
        by_topic: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        for one in routed:
            by_topic[one.topic].append((one.key, one.value))
        publishing = (self._publishers[topic].publish(records) for topic, records in by_topic.items())
        try:
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                await asyncio.gather(*publishing)
        except TimeoutError:
            raise Unavailable(f"Kafka does not acknowledge within {ACKNOWLEDGE_SECONDS:.0f} s") from None


async def _in_slices(items: Sequence[Item]) -> AsyncIterator[Item]:
    """The items, with a turn for others' requests between slices of them."""
    for number, item in enumerate(items):
        if number and number % BACKGROUND_SLICE == 0:
            await asyncio.sleep(0)
        yield item


class Late(Refused):
    """Too much at once: the same may be sent again in some seconds."""

    def __init__(self, seconds: float, reason: str) -> None:
        super().__init__(429, reason)
        self.seconds = seconds


def _problem(refused: Refused, said: Mapping[str, str] | None = None) -> Response:
    headers = dict(said or {})
    if isinstance(refused, Late):
        headers["retry-after"] = str(max(1, round(refused.seconds + 0.5)))
    elif refused.status == 503:
        headers["retry-after"] = str(RETRY_SECONDS)
    elif refused.status == 401:
        headers["www-authenticate"] = "Bearer"
    INGEST_EVENTS.labels("request_refused").inc()
    return Response(_encode(Problem(refused.reason)), refused.status, headers, "application/json")
