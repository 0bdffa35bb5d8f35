"""A notification on its way to one receiver: within its rate limit, and retried until Alertmanager's timeout.

arrives ── waits for the limit ── sent ── 200 ──────────────────► delivered
                                   ▲ └─── 429, 5xx, no answer ── waits, doubling ─┐
                                   └──────────────────────────────────────────────┘
no time left ──► unavailable, or limited where only the rate limit was in the way: Alertmanager sends it again
"""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

import aiohttp
import msgspec

from streams.catalogue.facts import BrandFacts
from streams.clock import Clock, system_clock
from streams.errors import UsageError
from streams.metrics import RELAY_MESSAGES, RELAY_SECONDS, from_zero
from streams.notification.alertmanager import Notification
from streams.notification.formats import FORMATS, Answer, Post, RenderInput
from streams.notification.message import Links, Message, compose
from streams.notification.rate_limit import RateLimiter
from streams.notification.receivers import Receiver
from streams.notification.records import AlertRecords
from streams.notification.sentences import Reader

LOG = logging.getLogger(__name__)
Outcome = Literal["delivered", "refused", "unavailable", "limited"]
OUTCOMES: tuple[Outcome, ...] = ("delivered", "refused", "unavailable", "limited")
BUDGET_SECONDS = 8.0
"""Alertmanager waits at least ten seconds for an answer."""
ATTEMPT_SECONDS = 4.0
FIRST_WAIT_SECONDS = 0.2
MAX_WAIT_SECONDS = 2.0
MAX_ANSWER_BYTES = 10_000
KEPT_ENDS = 10_000


@dataclass(frozen=True)
class Result:
    """What became of a notification, and why, in words for the log."""

    outcome: Outcome
    reason: str = ""


@dataclass
class ReceiverClient:
    """Delivers to one receiver. Notifications go one after the other, in the order in which they came."""

    receiver: Receiver
    links: Links
    session: aiohttp.ClientSession
    records: AlertRecords | None = None
    """Without it messages have the words of Alertmanager alone."""
    facts: BrandFacts = field(default_factory=BrandFacts)
    """How brands are called."""
    clock: Clock = system_clock
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    budget_seconds: float = BUDGET_SECONDS
    _over: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_ENDS))
    """Whose end this receiver was told: people need no second word of it. Alertmanager has more than one: an alert that
    was over while it still fired there resolves later, and Prometheus tells of one for a quarter of an hour, so that it
    comes again with whatever else its place raises."""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._format = FORMATS[self.receiver.kind]
        self._rate_limiter = RateLimiter(self._format.limits)
        from_zero(RELAY_MESSAGES, (self.receiver.name,), OUTCOMES)
        RELAY_SECONDS.labels(self.receiver.name)

    async def deliver(self, notification: Notification) -> Result:
        """Return once the receiver has it, refuses it, or the budget is used up; raises nothing."""
        began = self.now()
        deadline = began + self.budget_seconds
        try:
            async with asyncio.timeout(self.budget_seconds), self._lock:
                result = await self._deliver(notification, deadline)
        except TimeoutError:
            result = Result("unavailable", "no answer in time")
        except UsageError as error:
            result = Result("refused", str(error))
        RELAY_MESSAGES.labels(self.receiver.name, result.outcome).inc()
        RELAY_SECONDS.labels(self.receiver.name).observe(self.now() - began)
        if result.outcome != "delivered":
            LOG.warning("%s to %s: %s", result.outcome, self.receiver.name, result.reason)
        return result

    async def _deliver(self, notification: Notification, deadline: float) -> Result:
        message = await self._compose(notification)
        if message is None:
            return Result("delivered")
        for post in self._format.write(RenderInput(notification, message, self.receiver.address(), self.clock())):
            result = await self._send(post, deadline)
            if result.outcome != "delivered":
                return result
        if self.records is not None:
            told = [item.alert.episode for item in message.items if item.alert.episode]
            over = [item.alert.episode for item in message.items if item.alert.episode and item.over]
            await self.records.mark_told(told, over, self.clock())
        if not self._format.keeps_state:
            self._remember_ends(message)
        return Result("delivered")

    def _remember_ends(self, message: Message) -> None:
        """One that fires again is news again when it ends."""
        told = {item.key: item.over for item in message.items}
        goes_on = deque((key for key in self._over if told.get(key, True)), maxlen=KEPT_ENDS)
        goes_on.extend(key for key, over in told.items() if over and key not in goes_on)
        self._over = goes_on

    async def _compose(self, notification: Notification) -> Message | None:
        """The message in the receiver's words; None where nothing of the notification is news."""
        news = [alert for alert in notification.alerts if alert.status == "firing" or alert.key not in self._over]
        if not news:
            return None
        notification = msgspec.structs.replace(notification, alerts=news)
        # A changed catalogue is read in a thread, not between two messages of the loop.
        await asyncio.to_thread(self.facts.label, "")
        reader = Reader(self.receiver.language, self.receiver.zone, self.clock(), self.facts.label)
        episodes = sorted({alert.episode for alert in notification.alerts if alert.episode})
        known = await self.records.known(episodes) if self.records is not None and episodes else {}
        return compose(notification, self.links, reader, known)

    async def _send(self, post: Post, deadline: float) -> Result:
        wait_seconds, reason = FIRST_WAIT_SECONDS, ""
        while True:
            pause = self._rate_limiter.wait_seconds(self.now())
            if self.now() + pause > deadline:
                return Result("unavailable", reason) if reason else Result("limited", "the receiver's rate limit")
            if pause:
                await self.sleep(pause)
            self._rate_limiter.sent(self.now())
            answer, asked_to_wait = await self._attempt(post)
            if answer.fate == "delivered":
                return Result("delivered")
            if answer.fate == "refused":
                return Result("refused", answer.reason)
            reason = answer.reason
            # Jittered, so that relays which failed together do not come back together.
            pause = max(asked_to_wait, wait_seconds * random.uniform(0.5, 1))
            if self.now() + pause > deadline:
                return Result("unavailable", reason)
            await self.sleep(pause)
            wait_seconds = min(2 * wait_seconds, MAX_WAIT_SECONDS)

    async def _attempt(self, post: Post) -> tuple[Answer, float]:
        """The answer, and the seconds that it asks to wait. An address never appears in a reason: it holds a key."""
        timeout = aiohttp.ClientTimeout(total=ATTEMPT_SECONDS)
        try:
            async with self.session.post(
                post.url, json=post.body, headers=post.headers, timeout=timeout, allow_redirects=False
            ) as response:
                body = await response.content.read(MAX_ANSWER_BYTES)
                return self._format.parse_response(response.status, body), _seconds(response.headers.get("Retry-After"))
        except (aiohttp.ClientError, OSError) as error:
            return Answer("again", type(error).__name__), 0.0


def _seconds(header: str | None) -> float:
    """Of a Retry-After header; 0 where there is none or it is a date."""
    return float(header) if header and header.isdigit() else 0.0
