"""Addresses that only this machine can reach, and the names by which a request calls this machine.

A web page can point a name of its own at this machine (DNS rebinding): its requests then call us by that name.
"""

from collections.abc import Collection
from ipaddress import ip_address
from typing import Final

_PRIVATE_ENDS: Final = (".internal", ".svc", ".cluster.local")
"""Ends that no name of the public DNS has."""


def is_loopback(host: str) -> bool:
    """Whether a host, by its address or as `localhost`, is this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_own_name(host: str, names: Collection[str] = ()) -> bool:
    """Whether a Host header has an address, `localhost`, a name without a dot or of a private network, or one of
    `names`."""
    name = host_name(host)
    private = "." not in name or name.endswith(_PRIVATE_ENDS)
    return bool(name) and (_is_address(name) or private or name in names)


def host_name(host: str) -> str:
    """A Host header without its port, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.rpartition(":")[0].lower() if ":" in host else host.lower()


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
