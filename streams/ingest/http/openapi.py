"""The interface as OpenAPI 3.1, built from the structs that read it."""

from typing import Any, Final

import msgspec

from streams.catalogue.live import CatalogueStatus
from streams.ingest.http.body import MAX_EVENTS
from streams.ingest.http.posted import EventResult, PostedEvent

REF: Final = "#/components/schemas/{name}"


class Answer(msgspec.Struct, frozen=True):
    """What became of a request's events; accepted ones are in Kafka."""

    accepted: int
    refused: int
    unmatched: int
    results: list[EventResult]


class Problem(msgspec.Struct, frozen=True):
    """Why a request was not read; nothing of it was taken."""

    error: str


class Health(msgspec.Struct, frozen=True):
    """Whether Kafka takes events, and which catalogue is in force; null where none was given."""

    kafka: bool
    catalogue: CatalogueStatus | None


def document() -> dict[str, Any]:
    """The OpenAPI document."""
    (event, answer, problem, health), components = msgspec.json.schema_components(
        [PostedEvent, Answer, Problem, Health], ref_template=REF
    )
    array = {"type": "array", "items": event, "minItems": 1, "maxItems": MAX_EVENTS}
    lines = {"type": "string", "pattern": "[!-~]", "description": "One event a line."}
    body = {
        "application/json": {"schema": {"anyOf": [event, array]}},
        "application/x-ndjson": {"schema": lines},
    }
    problems = {
        "400": "The body is no JSON, is cut short or has no event.",
        "401": "The key or the signature is missing, unknown, old or used before.",
        "403": "A web page asks, and no keys are set.",
        "408": "The body did not come within a minute.",
        "413": "The body or the number of its events is too large.",
        "415": "The content type or encoding is unknown.",
        "421": "It is called by a name that is not its own, and no keys are set.",
        "429": "The key's rate, or what Kafka takes, is exceeded: send the same again after Retry-After seconds.",
        "503": "Kafka does not acknowledge: send the same again after Retry-After seconds; nothing is counted twice.",
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pulsewatch ingest", "version": "1"},
        "paths": {
            "/v1/events": {
                "post": {
                    "operationId": "postEvents",
                    "summary": "Send one event, an array, or one event a line.",
                    "security": [{"key": []}, {"signature": []}],
                    "requestBody": {"required": True, "content": body},
                    "responses": {
                        "200": _response("Each event was accepted or refused.", answer),
                        **{status: _response(words, problem) for status, words in problems.items()},
                    },
                }
            },
            "/health": {
                "get": {
                    "operationId": "getHealth",
                    "summary": "Whether Kafka takes events.",
                    "responses": {
                        "200": _response("It does.", health),
                        "503": _response("It did not answer the last time.", health),
                    },
                }
            },
        },
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "signature": {"type": "apiKey", "in": "header", "name": "X-Pulsewatch-Signature"},
            },
        },
    }


def _response(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
