"""JSON over HTTP: the body of a POST as a typed value, and a value as a response."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from streams.errors import PulsewatchError, Unavailable, UsageError
from streams.refusals import Refused

MAX_BYTES = 20_000
NO_STORE = {"cache-control": "no-store"}


async def read_json(request: Request, kind: Any) -> Any:
    """The body as a `kind`. Raises UsageError for more than MAX_BYTES, and for what is no such JSON."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BYTES:
            raise Refused("too_large", bytes=MAX_BYTES)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(str(error)) from None


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why something was not done: in English, and for a page in another language by its name in streams.refusals."""

    error: str
    why: str = ""
    facts: Mapping[str, Any] = {}


def problem_of(error: PulsewatchError) -> Problem:
    """An error as pages show it."""
    if isinstance(error, Refused):
        return Problem(str(error), error.why, error.facts)
    return Problem(str(error), "redis_away" if isinstance(error, Unavailable) else "")


def json_response(value: Any, status: int = 200) -> Response:
    """A JSON response with `Cache-Control: no-store`."""
    return Response(msgspec.json.encode(value), status, media_type="application/json", headers=NO_STORE)
