"""The page of feeds.yaml: what every feed may say, what each kind adds, and the mapping."""

import typing
from collections.abc import Mapping

import msgspec

from deploy.reference.markdown import code, table
from deploy.reference.source import fields
from streams.ingest.feed_entry import FeedEntry
from streams.ingest.feed_list import AnyFeed
from streams.ingest.mapping_fields import MAPPED_KINDS, MessageMapping
from streams.ingest.preset import names
from streams.ingest.written_times import TIMES

_INTRODUCTION = """# Feeds

The fields of `feeds.yaml` ([how to connect a feed](../guides/connect.md)). `pulsewatch feeds check` names a slip
with its field.

"""


def feeds() -> str:
    return "".join((
        _INTRODUCTION,
        "## Every feed\n\n", _table(FeedEntry, ()),
        "\nPresets: ", ", ".join(map(code, names())), ".\n",
        *(_kind(one) for one in typing.get_args(AnyFeed)),
        "\n## `mapping`\n\n", " ".join((MessageMapping.__doc__ or "").split()), "\n\n", _table(MessageMapping, ()),
        "\nKinds: ", ", ".join(map(code, sorted(MAPPED_KINDS))), ".\n\nTimes: ", TIMES, ".\n",
    ))  # fmt: skip


def _kind(kind: type[FeedEntry]) -> str:
    own = _table(kind, FeedEntry.__struct_fields__)
    return f"\n## `kind: {kind.__struct_config__.tag}`\n\n{' '.join((kind.__doc__ or '').split())}\n\n{own}"


def _table(struct: type[msgspec.Struct], but: tuple[str, ...]) -> str:
    said = _said(struct)
    rows = [
        (code(field.encode_name), _default(field), said.get(field.name, ""))
        for field in msgspec.structs.fields(struct)
        if field.name not in but
    ]
    return table(("field", "default", "meaning"), rows)


def _said(struct: type[msgspec.Struct]) -> Mapping[str, str]:
    """What is said of its fields, those of the structs below it included; its own word goes before theirs."""
    said: dict[str, str] = {}
    for one in struct.__mro__:
        if one.__module__ != "msgspec" and one is not object and issubclass(one, FeedEntry | MessageMapping):
            said |= {name: text for name, text in fields(one).items() if text and name not in said}
    return said


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    return code(field.default) if isinstance(field.default, str | int | float) else ""
