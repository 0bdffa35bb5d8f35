"""Somebody else's JSON as events: which of their fields is which of ours, written in feeds.yaml.

    mapping:
      each: data.items[]                     the messages in one answer; without it the whole is one
      when: status == 'public'               others are passed over
      type: event                            what it is …
      kinds: {comment: comment, thumb: like, removed: delete, ping: ignore}
      id: id
      time: created_at
      zone: Asia/Shanghai                    of times without an offset
      text: body
      author: user.id
      counts: {like: stats.likes}            running totals of what `id` names; their growth counts

Right of the colon stand JMESPath expressions (streams.ingest.expression) over the message; `_message` in one is the
whole of which `each` took a part. A mapping becomes a `Decoder`: what cannot be read is counted by type.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from streams.errors import UsageError
from streams.ingest.expression import Expression
from streams.ingest.feed import Decoder, Translation, one_or_list
from streams.ingest.foreign import Fields, ForeignError
from streams.ingest.mapping_fields import MessageMapping
from streams.ingest.mapping_rule import MappingRule, expression

WHOLE = "_message"
PASSED_OVER = "(when)"
UNMATCHED = "(no rule)"
MAX_MESSAGES = 100_000
"""Messages in one answer."""


def mapped(mapping: MessageMapping) -> Decoder:
    """The decoder of a mapping. Raises UsageError, which names the field and the place in its expression."""
    each = expression("each", mapping.each)
    rules = [MappingRule(number, fields) for number, fields in enumerate(_rules(mapping), 1)]
    translations: dict[str, Translation] = {}
    ignored = set[str]()
    for rule in rules:
        translations |= rule.translations
        ignored |= rule.ignored
    if mapping.rules is None:
        ignored.add(PASSED_OVER)
    none = UNMATCHED if mapping.rules is not None else PASSED_OVER

    def type_of(fields: Fields) -> str:
        value = fields.given
        return next((rule.type_of(value) for rule in rules if rule.takes(value)), none)

    def messages_in(value: Any) -> Sequence[Any]:
        if value is None:  # a deletion in a compacted topic
            return ()
        return one_or_list(value) if each is None else _parts(each, value)

    return Decoder(type_of, translations, frozenset(ignored), messages_in)


def _rules(mapping: MessageMapping) -> Iterator[MessageMapping]:
    """The rules with what they inherit; a mapping without any is one by itself."""
    if mapping.rules is None:
        yield mapping
        return
    if not mapping.rules:
        raise UsageError("rules: there are none")
    own = {name: getattr(mapping, name) for name in mapping.__struct_fields__ if name not in ("rules", "each")}
    for number, rule in enumerate(mapping.rules, 1):
        if rule.rules is not None or rule.each is not None:
            raise UsageError(f"rules, {number}: `rules` and `each` stand at the mapping alone")
        said = {name: value for name in own if (value := getattr(rule, name)) is not None}
        if said.get("kind") is not None:
            said |= {"type": None, "kinds": None}
        elif said.get("type") is not None or said.get("kinds") is not None:
            said["kind"] = None
        yield msgspec.structs.replace(mapping, rules=None, each=None, **said)


def _parts(each: Expression, value: Any) -> list[Any]:
    """The messages in a whole, each with the whole at hand; a part that is no object is `value`."""
    found = each.of(value)
    parts = found if isinstance(found, list) else [] if found is None else [found]
    if len(parts) > MAX_MESSAGES:
        raise ForeignError("out_of_range", f"more than {MAX_MESSAGES} messages in one")
    return [{**part, WHOLE: value} if isinstance(part, dict) else {"value": part, WHOLE: value} for part in parts]
