"""The page of topics and records, and the records' JSON Schemas."""

import json
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import msgspec

from deploy.reference.markdown import code, table
from deploy.reference.source import constants, fields
from streams.alerts.alert import Alert, Evidence
from streams.events import codec, schema
from streams.events.dead_letters import DeadLetter
from streams.events.schema import Actor, Coordinates, Event, Finding, ScoredText
from streams.topology import STAGES, TOPICS

SCHEMAS: Mapping[str, type[msgspec.Struct]] = {"event": Event, "scored-text": ScoredText, "alert": Alert}
_STRUCTS: tuple[type[msgspec.Struct], ...] = (Event, Actor, ScoredText, Coordinates, Finding, Alert, Evidence)
_HEADERS = {
    "topic": "where the record came from", "partition": "decimal digits", "offset": "decimal digits",
    "reason": "see below", "detail": "for people; quotes no text", "stage": "which stage could not read it",
    "truncated": "`1` where the value is only the beginning of the record's, or nothing of it; else missing",
    "size": "the record's bytes, in decimal digits, where it was cut; else missing",
}  # fmt: skip


_INTRODUCTION = """# Topics and records

JSON, UTF-8. Times are milliseconds since the epoch; money is in minor units. A reader ignores fields that it does not
know.

"""


def records() -> str:
    return "".join((
        _INTRODUCTION,
        _topics(),
        "\nSchemas: " + ", ".join(f"[{name}.json](schemas/{name}.json)" for name in SCHEMAS) + ".\n",
        *(_record(struct) for struct in _STRUCTS),
        "\n## Kinds of events\n\n", _said(schema, "Kind"), "\n## Values\n\n", _said(schema, "ValueMode"),
        _dead_letters(),
    ))  # fmt: skip


def schemas() -> dict[str, str]:
    return {f"schemas/{name}.json": _json(msgspec.json.schema(struct)) for name, struct in SCHEMAS.items()}


def _topics() -> str:
    rows = [
        (
            code(topic.name), code(topic.key), topic.holds,
            ", ".join(name for name, stage in STAGES.items() if topic.name in stage.writes) or "feeds",
            ", ".join(name for name, stage in STAGES.items() if topic.name in stage.reads),
            "compacted" if topic.compacted else f"at most {topic.max_days} days" if topic.max_days else "retention",
        )
        for topic in TOPICS
    ]  # fmt: skip
    return table(("topic", "key", "one record", "written by", "read by", "kept"), rows)


def _record(struct: type[msgspec.Struct]) -> str:
    said = fields(struct)
    properties: dict[str, Any] = msgspec.json.schema_components([struct])[1][struct.__name__]["properties"]
    rows = [
        (code(field.encode_name), _type(properties[field.encode_name]), _default(field), said.get(field.name, ""))
        for field in msgspec.structs.fields(struct)
    ]
    about = (struct.__doc__ or "").strip()
    return f"\n## {struct.__name__}\n\n{about}\n\n" + table(("field", "type", "default", "meaning"), rows)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    return "" if value is None else code(json.dumps(value))


def _type(form: Mapping[str, Any]) -> str:
    if "$ref" in form:
        name = form["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in form:
        return " or ".join(_type(one) for one in form["anyOf"])
    if "enum" in form:
        return " · ".join(code(value) for value in form["enum"])
    if form.get("type") == "array":
        return f"array of {_type(form['items'])}" if form.get("items") else "array of two numbers"
    if form.get("type") == "object":
        inner = form.get("additionalProperties")
        return f"object of {_type(inner)}" if isinstance(inner, dict) else "object"
    bounds = {"minLength": "≥", "maxLength": "≤", "minimum": "≥", "maximum": "≤"}
    limits = "".join(f", {sign} {form[key]}" for key, sign in bounds.items() if key in form)
    return f"{form.get('type', 'any')}{limits}"


def _dead_letters() -> str:
    headers = [name for name, _ in DeadLetter(Coordinates("", 0, 0), "empty", "", "", None, True, 0).headers]
    return (
        "\n## Dead letters\n\nThe value is the record's bytes as they came, the key its origin. Record headers:\n\n"
        + table(("header", "holds"), [(code(name), _HEADERS[name]) for name in headers])
        + "\n"
        + _said(codec, "Reason")
    )


def _said(module: ModuleType, name: str) -> str:
    (found,) = (one for one in constants(module) if one.name == name)
    return f"{found.text}\n"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
