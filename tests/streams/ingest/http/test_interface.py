"""Whatever the description allows, and whatever it does not, is answered as the description says."""

import json
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection

from streams.events.pseudonyms import Pseudonyms
from streams.ingest.http.app import Ingest
from streams.topology import LIVE, SOCIAL
from tests.fakes.publisher import Kept

app = Ingest({SOCIAL: Kept(), LIVE: Kept()}, None, Pseudonyms(b"key")).application()  # type: ignore[dict-item]
schema = schemathesis.openapi.from_asgi("/openapi.json", app)


@schemathesis.serializer("application/x-ndjson")
def lines(_context: schemathesis.SerializationContext, value: object) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


# A bad event is refused by itself, within a 200; and without a file of keys nobody is asked for one.
OURS = [negative_data_rejection, ignored_auth]


@schema.parametrize()
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_every_answer_is_as_described(case: "schemathesis.Case[Any]") -> None:
    case.call_and_validate(excluded_checks=OURS)
