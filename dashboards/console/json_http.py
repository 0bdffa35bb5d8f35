"""JSON over HTTP: the body of a POST as a typed value, and a value as a response."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from streams.refusals import Refused, field_fault

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
    except msgspec.ValidationError as error:
        raise field_fault(str(error)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused("json", detail=str(error)) from None


def json_response(value: Any, status: int = 200) -> Response:
    """A JSON response with `Cache-Control: no-store`."""
    return Response(msgspec.json.encode(value), status, media_type="application/json", headers=NO_STORE)
