"""How much one person and one address may take of the console: streams held open, wrong tokens tried, turns to read.

Nobody is locked out: the right token always passes at once, and a page that gets no stream asks for its figures now and
then instead.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address
from typing import TypeVar

from starlette.requests import Request

from dashboards.console.auth import AccessDenied, current_user
from dashboards.console.sources import PageSources
from dashboards.console.stream import PageStream

MAX_STREAMS = 400
MAX_STREAMS_OF_ADDRESS = 120
"""Behind a proxy that does not tell who asks, all people have its address."""
MAX_STREAMS_OF_PERSON = 40
WRONG_TOKENS_A_MINUTE = 20
MAX_ADDRESSES = 10_000
MINUTE_MS = 60_000
TOO_MANY = 429
Result = TypeVar("Result")


def address_of(request: Request) -> str:
    """Who asks, as far as the network tells; of IPv6 the /64, which is one household or machine."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return f"{int(address) >> 64:x}::/64" if isinstance(address, IPv6Address) else host


def asker_of(request: Request) -> str:
    """Who waits for readings in turn with others: a person at an address, so that neither somebody else behind the same
    proxy nor oneself at another desk waits for five hundred pages of one browser."""
    user = current_user(request)
    return f"{address_of(request)} {user.name if user is not None else ''}"


async def read_in_turn(request: Request, act: Callable[[PageSources], Result]) -> Result:
    """What `act` returns, read when it is the asker's turn. Raises what it raises."""
    stream: PageStream = request.app.state.stream
    return await stream.call(act, asker=asker_of(request))


class OpenStreams:
    """The streams that are open, by person and by address."""

    def __init__(self) -> None:
        self._held = Counter[tuple[str, str]]()

    @contextmanager
    def one_more(self, person: str | None, address: str) -> Iterator[None]:
        """Count a stream while the block lasts; `person` is None where nobody logs in. Raises AccessDenied 429."""
        names = [("all", "")] + [("address", address)] + ([("person", person)] if person is not None else [])
        limits = {"all": MAX_STREAMS, "address": MAX_STREAMS_OF_ADDRESS, "person": MAX_STREAMS_OF_PERSON}
        if any(self._held[name] >= limits[name[0]] for name in names):
            raise AccessDenied(TOO_MANY, "pages_too_many")
        self._held.update(names)
        try:
            yield
        finally:
            self._held.subtract(names)
            for name in names:
                if not self._held[name]:
                    del self._held[name]


class WrongTokens:
    """When each address gave wrong tokens within the last minute."""

    def __init__(self) -> None:
        self._given: OrderedDict[str, deque[int]] = OrderedDict()

    def add(self, address: str, now_ms: int) -> None:
        """Count a wrong token. Raises AccessDenied 429 beyond WRONG_TOKENS_A_MINUTE."""
        given = self._given.setdefault(address, deque())
        self._given.move_to_end(address)
        if len(self._given) > MAX_ADDRESSES:
            self._given.popitem(last=False)
        while given and given[0] <= now_ms - MINUTE_MS:
            given.popleft()
        if len(given) >= WRONG_TOKENS_A_MINUTE:
            raise AccessDenied(TOO_MANY, "tokens_too_many")
        given.append(now_ms)
