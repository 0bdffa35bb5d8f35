"""What all protocols over HTTP have in common: the address, who asks, how much an answer may be, what a refusal means.

Certificates are checked; proxies are those of the environment (HTTPS_PROXY, NO_PROXY). Credentials go to the host that
the configuration names and to no other: a redirect to another one is refused.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Annotated, Final

import aiohttp
from msgspec import Meta
from yarl import URL

from streams.clock import system_clock
from streams.ingest.feed_entry import FeedEntry
from streams.ingest.protocols.received import FeedRefused, FeedUnavailable
from streams.ingest.secret import Secret, Secrets

ANSWER_BYTES: Final = 32_000_000
"""An answer to a question, a page of a poll, a message of a WebSocket: a longer one is not read to its end."""
CONNECT_SECONDS: Final = 30.0
ANSWER_SECONDS: Final = 60.0
REDIRECTS: Final = 5
MAX_RETRY_SECONDS: Final = 3_600.0
"""However long a server asks us to wait."""
USER_AGENT: Final = "pulsewatch"
_CHARSET = re.compile(r"charset=\"?([\w.:-]+)", re.IGNORECASE)
NOTHING_NEW: Final = frozenset({204, 304})
LATER: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
MOVED: Final = frozenset({301, 302, 303, 307, 308})

WebUrl = Annotated[str, Meta(pattern=r"^(https?|wss?)://[^\s/@]+(/\S*)?$", max_length=2_000)]
Text = str | Secret
Query = Mapping[str, str] | Sequence[tuple[str, str]]


class WebFeed(FeedEntry, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """A feed with an address on the web."""

    url: WebUrl
    headers: dict[str, Text] = {}
    """Sent with each request; a value may be a secret."""
    query: dict[str, Text] = {}
    """Added to the address."""
    token: Secret | None = None
    """Sent as `Authorization: Bearer …`."""

    @property
    def address(self) -> str:
        return bare(self.url)

    def secrets(self) -> Iterator[Secret]:
        yield from (value for value in (*self.headers.values(), *self.query.values()) if isinstance(value, Secret))
        if self.token is not None:
            yield self.token

    def endpoint(self, secrets: Secrets) -> "Endpoint":
        """The address with its secrets. Raises UsageError where one is missing."""
        headers = {name: secrets.text(value) for name, value in self.headers.items()}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {secrets.read(self.token)}"
        query = {name: secrets.text(value) for name, value in self.query.items()}
        return Endpoint(URL(self.url), headers, query)


@dataclass(frozen=True)
class Endpoint:
    """Where to ask, and as whom. `str()` is the address without credentials."""

    url: URL
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return bare(str(self.url))

    def address(self, more: Query = ()) -> URL:
        """The address with its query, and more of it; a name may come more than once."""
        return self.url.extend_query([*self.query.items(), *(more.items() if isinstance(more, Mapping) else more)])

    def at(self, path: str) -> "Endpoint":
        """Another path of the same server, for the same credentials."""
        scheme = {"ws": "http", "wss": "https"}.get(self.url.scheme, self.url.scheme)
        return Endpoint(self.url.with_scheme(scheme).with_path(path).with_query(None), self.headers, self.query)


def bare(url: str) -> str:
    """An address without user, password, query and fragment."""
    return str(URL(url).with_user(None).with_query(None).with_fragment(None))


def session(quiet_seconds: float | None = None) -> aiohttp.ClientSession:
    """A session whose connections end with it. A stream may go on for ever, but not without a word for so long."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=quiet_seconds)
    return aiohttp.ClientSession(
        trust_env=True,
        timeout=timeout,
        headers={"User-Agent": USER_AGENT},
        cookie_jar=aiohttp.DummyCookieJar(),
    )


@asynccontextmanager
async def failing_kindly(where: object) -> AsyncIterator[None]:
    """What aiohttp raises, as FeedUnavailable or FeedRefused."""
    try:
        yield
    except aiohttp.WSServerHandshakeError as error:
        raise refusal(where, error.status, error.headers or {}) from None
    except aiohttp.ClientConnectorCertificateError as error:
        raise FeedRefused(f"{where}: its certificate is not trusted ({error.certificate_error})") from None
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
        raise FeedRefused(f"{where}: no such address ({error})") from None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise FeedUnavailable(f"{where} does not answer: {str(error) or type(error).__name__}") from error


def refusal(where: object, status: int, headers: Mapping[str, str], detail: str = "") -> FeedUnavailable | FeedRefused:
    """What an answer that is none means."""
    said = f" ({detail})" if detail else ""
    if status in LATER or status >= 500:
        return FeedUnavailable(f"{where} answers {status}{said}", retry_after_seconds(headers))
    if status in (401, 403):
        return FeedRefused(f"{where} answers {status}{said}: look at `token`, `headers` and `query`")
    if status in MOVED:
        return FeedRefused(f"{where} redirects to another host: set `url` to where it is now")
    return FeedRefused(f"{where} answers {status}{said}: look at `url`")


def retry_after_seconds(headers: Mapping[str, str], now_ms: int | None = None) -> float:
    """How long a server asks us to wait, in seconds or until a date; 0 where it does not say."""
    asked = headers.get("Retry-After", "").strip()
    seconds = 0.0
    if asked.isdecimal():
        seconds = float(asked)
    elif asked:
        try:
            seconds = parsedate_to_datetime(asked).timestamp() - (system_clock() if now_ms is None else now_ms) / 1000
        except (ValueError, OverflowError):
            seconds = 0.0
    return min(max(0.0, seconds), MAX_RETRY_SECONDS)


@asynccontextmanager
async def answered(
    client: aiohttp.ClientSession, endpoint: Endpoint, url: URL, headers: Mapping[str, str], seconds: float | None
) -> AsyncIterator[aiohttp.ClientResponse]:
    """The answer to GET, with redirects within the host followed. Raises FeedUnavailable, FeedRefused; an answer of 304
    or 204, which has no body, is one."""
    timeout = client.timeout if seconds is None else aiohttp.ClientTimeout(seconds, sock_connect=CONNECT_SECONDS)
    async with failing_kindly(endpoint):
        for _ in range(REDIRECTS):
            async with client.get(
                url, headers={**endpoint.headers, **headers}, allow_redirects=False, timeout=timeout
            ) as answer:
                to = answer.headers.get("Location")
                if answer.status in MOVED and to and same_host(url, url.join(URL(to))):
                    url = url.join(URL(to))
                    continue
                if answer.status != 200 and answer.status not in NOTHING_NEW:
                    raise refusal(endpoint, answer.status, answer.headers)
                yield answer
                return
        raise FeedRefused(f"{endpoint} redirects for ever: look at `url`")


def same_host(here: URL, there: URL) -> bool:
    """Whether what is meant for one may go to the other: a scheme may get safer, and never less so."""
    return (
        here.host == there.host
        and (here.port == there.port or there.scheme == "https")
        and (there.scheme == "https" or here.scheme == there.scheme)
    )


async def body(answer: aiohttp.ClientResponse, where: object, max_bytes: int = ANSWER_BYTES) -> bytes:
    """The whole of an answer. Raises FeedUnavailable for one that is larger than allowed, or cut."""
    parts = bytearray()
    async for part in answer.content.iter_any():
        parts += part
        if len(parts) > max_bytes:
            raise FeedUnavailable(f"{where} answers with more than {max_bytes} bytes", MAX_RETRY_SECONDS)
    return bytes(parts)


def in_utf_8(text: bytes, headers: Mapping[str, str]) -> bytes:
    """An answer of another encoding, where its headers name one, as UTF-8. What is UTF-8 in spite of them stays so."""
    named = _CHARSET.search(headers.get("Content-Type", ""))
    if named is None or text.isascii():
        return text
    try:
        text.decode()
    except UnicodeDecodeError:
        try:
            return text.decode(named[1], errors="replace").encode(errors="replace")
        except LookupError:
            return text
    return text


@asynccontextmanager
async def connected(
    endpoint: Endpoint,
    query: Query,
    *,
    subprotocols: Sequence[str] = (),
    heartbeat_seconds: float = 30.0,
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A WebSocket. Raises FeedUnavailable, FeedRefused."""
    async with (
        session() as client,
        failing_kindly(endpoint),
        client.ws_connect(
            endpoint.address(query),
            headers=endpoint.headers,
            protocols=subprotocols,
            heartbeat=heartbeat_seconds,
            max_msg_size=ANSWER_BYTES,
        ) as socket,
    ):
        yield socket


class MessageTooLarge(FeedUnavailable):
    """A message of more than ANSWER_BYTES ended the connection. It would again: who has a cursor moves it behind it."""


async def texts(socket: aiohttp.ClientWebSocketResponse, where: object) -> AsyncIterator[str | bytes]:
    """The messages of a socket. Ends where the server closes it; raises FeedUnavailable where it is cut,
    MessageTooLarge."""
    async for message in socket:
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            yield message.data
        elif message.type == aiohttp.WSMsgType.ERROR:
            if getattr(message.data, "code", None) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
                raise MessageTooLarge(f"{where} tells a message of more than {ANSWER_BYTES} bytes")
            raise FeedUnavailable(f"{where} ended the connection: {message.data or socket.exception()}")
    code = socket.close_code
    if code not in (None, aiohttp.WSCloseCode.OK, aiohttp.WSCloseCode.GOING_AWAY):
        raise FeedUnavailable(f"{where} ended the connection with code {code}")
