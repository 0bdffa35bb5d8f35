"""Where Redis is: a URL of one of seven forms, taken apart and checked before anything connects.

    redis://[user:password@]host[:port][/database]                      one server
    rediss://…                                                          with TLS
    unix://[user:password@]/path/to/socket
    redis+sentinel://[user:password@]host[:port][,host:port…]/service[/database]
    redis+cluster://[user:password@]host[:port][,host:port…]            and rediss+sentinel://, rediss+cluster://

No message has anything of the URL: it may hold a password, and where it is malformed nobody knows which part that is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import SplitResult, unquote, urlsplit

PORT, SENTINEL_PORT = 6379, 26379
SCHEME = re.compile(r"(?P<transport>rediss?)(\+(?P<form>sentinel|cluster))?|unix")
HOST = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s\[\]:@/]+)(:(?P<port>\d{1,5}))?")
ENCODE = (
    "percent-encode # ? / @ : and % in its password (# is %23, ? is %3F, / is %2F, @ is %40), "
    "or give the password alone in PULSEWATCH_REDIS_PASSWORD"
)


@dataclass(frozen=True)
class RedisAddress:
    form: Literal["server", "socket", "sentinel", "cluster"]
    hosts: tuple[tuple[str, int], ...] = ()
    """(host, port): the servers to ask first. Sentinels' where they say who the master is."""
    path: str = ""
    """Of the socket."""
    service: str = ""
    """The name under which sentinels know the master."""
    tls: bool = False
    database: int = 0
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the URL's query sets, as redis-py reads it."""


def parse_address(url: str) -> RedisAddress:
    """Raises ValueError with what is wrong and what to do."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(f"this is no URL: {ENCODE}") from None
    scheme = SCHEME.fullmatch(parts.scheme)
    if scheme is None:
        raise ValueError("it begins with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://")
    if "@" in parts.path + parts.query + parts.fragment or parts.fragment:
        raise ValueError(f"a sign in it ends its host too early: {ENCODE}")
    if parts.scheme == "unix":
        return _socket(parts)
    form = scheme["form"] or "server"
    login, _, hosts = parts.netloc.rpartition("@")
    if "@" in login:
        raise ValueError(f"it has two @: {ENCODE}")
    addresses = tuple(_host(host, SENTINEL_PORT if form == "sentinel" else PORT) for host in hosts.split(","))
    if form == "server" and len(addresses) > 1:
        raise ValueError("several hosts need redis+cluster:// or redis+sentinel://")
    service, database = _path(parts.path, form)
    user, password = _login(login)
    return RedisAddress(
        form=form,  # type: ignore[arg-type] # one of the pattern's words
        hosts=addresses,
        service=service,
        tls=scheme["transport"] == "rediss",
        database=database,
        user=user,
        password=password,
        options=_options(parts.query),
    )


def _socket(parts: SplitResult) -> RedisAddress:
    login, _, _ = parts.netloc.rpartition("@")
    user, password = _login(login)
    options = dict(_options(parts.query))
    return RedisAddress(
        "socket", path=unquote(parts.path), database=options.pop("db", 0), user=user, password=password, options=options
    )


def _host(text: str, port: int) -> tuple[str, int]:
    if not text:
        return "127.0.0.1", port
    found = HOST.fullmatch(text)
    if found is None or int(found["port"] or port) > 65_535:
        raise ValueError(f"its host is not host:port: {ENCODE}")
    return unquote(found["host"].strip("[]")), int(found["port"] or port)


def _path(path: str, form: str) -> tuple[str, int]:
    """(service, database)"""
    names = [unquote(name) for name in path.strip("/").split("/") if name]
    service = names.pop(0) if form == "sentinel" and names else ""
    if form == "sentinel" and not service:
        raise ValueError("after the sentinels it names the master's service: redis+sentinel://host:26379/SERVICE")
    if len(names) > 1 or (names and not names[0].isdecimal()):
        raise ValueError("its database is no number")
    if form == "cluster" and names and int(names[0]):
        raise ValueError("a cluster has database 0 alone")
    return service, int(names[0]) if names else 0


def _login(text: str) -> tuple[str | None, str | None]:
    user, _, password = text.partition(":")
    return unquote(user) or None, unquote(password) or None


def _options(query: str) -> Mapping[str, Any]:
    from redis.connection import parse_url  # takes long to import

    read: Any = parse_url
    try:
        options: dict[str, Any] = read(f"redis://localhost?{query}")
    except ValueError:
        raise ValueError("what follows its ? is not understood") from None
    options.pop("host", None)
    return options
