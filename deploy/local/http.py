"""Questions to the stack's own web servers, all of them on loopback."""

import json
from http.client import HTTPException
from typing import Any
from urllib.request import Request, urlopen

from streams.errors import Unavailable


def answers(url: str, authorization: str = "") -> bool:
    """Whether a GET gives 200 within a second."""
    try:
        with urlopen(_request(url, authorization), timeout=1) as response:  # noqa: S310 (addresses are the launcher's own)
            return int(response.status) == 200
    except (OSError, HTTPException):
        return False


def text(url: str, authorization: str = "") -> str:
    """What a GET gives. Raises Unavailable."""
    try:
        with urlopen(_request(url, authorization), timeout=5) as response:  # noqa: S310 (addresses are the launcher's own)
            return str(response.read().decode())
    except (OSError, HTTPException, ValueError) as error:
        raise Unavailable(f"{url}: {error}") from error


def get_json(url: str, authorization: str = "") -> Any:
    """The JSON that a GET gives. Raises Unavailable where there is none."""
    try:
        return json.loads(text(url, authorization))
    except ValueError as error:
        raise Unavailable(f"{url}: {error}") from error


def _request(url: str, authorization: str) -> Request:
    return Request(url, headers={"Authorization": authorization} if authorization else {})  # noqa: S310 (as above)
