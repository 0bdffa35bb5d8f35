"""One rule of a mapping: its expressions, read once, and what a message becomes by them."""

import re
from collections.abc import Mapping
from datetime import UTC, tzinfo
from functools import partial
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec

from streams.errors import UsageError
from streams.events.codec import contradiction
from streams.events.schema import RUNNING_TOTAL_KINDS, TEXT_KINDS, Actor, Event, Kind, ValueMode
from streams.ingest.expression import Expression, ExpressionError
from streams.ingest.feed import Message, Translation
from streams.ingest.foreign import (
    ForeignError,
    digest,
    identifier_of,
    is_nothing,
    is_true,
    shown_number_of,
    whole_number,
)
from streams.ingest.mapping_fields import MAPPED_KINDS, OTHERWISE, MessageMapping
from streams.ingest.money import minor_units
from streams.ingest.written_times import WrittenTimes

NO_ID = "no id (0 is none, too)"
_OF_MONEY = frozenset({"gift", "order", "payment", "refund"})
_CURRENCIES: Mapping[str, str] = {"RMB": "CNY", "CNH": "CNY", "人民币": "CNY", "NTD": "TWD"}
"""Codes that are in use and that ISO 4217 has not."""
_CURRENCY = re.compile(r"[A-Z]{3}")


class MappingRule:
    """One kind of messages, its expressions read."""

    def __init__(self, number: int, fields: MessageMapping) -> None:
        self._fields = fields
        self._number = number
        self._when = expression("when", fields.when)
        self._type = expression("type", fields.type)
        self._find = {name: expression(name, getattr(fields, name)) for name in _FIELDS}
        self._counts = {kind: expression(f"counts.{kind}", text) for kind, text in (fields.counts or {}).items()}
        self._times = WrittenTimes(_zone(fields.zone), fields.time_unit or "auto", fields.time_form)
        self._kinds = _kinds(fields)
        self._edited_kind: Any = next((kind for kind in self._kinds.values() if kind in TEXT_KINDS), "post")
        self._check()
        named = {self._named(theirs): ours for theirs, ours in self._kinds.items()}
        self.translations: Mapping[str, Translation] = {
            name: self._translation(ours) for name, ours in named.items() if ours != "ignore"
        }
        self.ignored = {name for name, ours in named.items() if ours == "ignore"}

    def takes(self, value: Any) -> bool:
        """Whether the message is of this rule. Raises ForeignError."""
        return self._when is None or is_true(self._when.of(value))

    def type_of(self, value: Any) -> str:
        """The message's type. Raises ForeignError."""
        if self._type is None:
            return self._named(OTHERWISE)
        found = _word(self._type.of(value))
        if not found and OTHERWISE not in self._kinds:
            raise ForeignError("no_type", f"no {self._fields.type}")
        return self._named(found if found in self._kinds or OTHERWISE not in self._kinds else OTHERWISE)

    def _named(self, word: str) -> str:
        """A type's name, which says the rule where there are several kinds of messages."""
        if self._type is None:
            return self._kinds[OTHERWISE] if self._number == 1 else f"{self._kinds[OTHERWISE]} ({self._number})"
        return word if self._number == 1 else f"{word} ({self._number})"

    def _check(self) -> None:
        for ours, name in _NEEDS.items():
            if ours in self._kinds.values() and self._find[name] is None:
                raise UsageError(f"{name}: a message of kind {ours} needs it")
        if self._fields.time_form is not None and self._fields.time_unit is not None:
            raise UsageError("time_form: `time_unit` says something else")
        if (named := self._fields.currency) is not None and _CURRENCY.fullmatch(named):
            raise UsageError(f"currency: {named} would be a field of the message; the constant is \"'{named}'\"")
        if self._fields.reports_in is not None and self._find["currency"] is None:
            raise UsageError("currency: `reports_in` needs it")
        self._check_totals()

    def _check_totals(self) -> None:
        for kind in self._counts:
            if kind not in RUNNING_TOTAL_KINDS:
                known = ", ".join(sorted(RUNNING_TOTAL_KINDS))
                raise UsageError(f"counts.{kind}: no kind that has running totals: {known}")
        if self._counts and set(self._kinds.values()) == {"ignore"}:
            raise UsageError("counts: what is ignored has none; say `kind: like`, `value`, and `value_is: total`")
        if self._counts and self._find["id"] is None:
            raise UsageError("id: `counts` need it: it says whose totals they are")
        if self._fields.value_is != "total":
            return
        for ours in self._kinds.values():
            if ours in get_args(Kind) and ours not in RUNNING_TOTAL_KINDS | {"gift", "viewers"}:
                raise UsageError(f"value_is: {ours} has no running total")
        if all(self._find[name] is None for name in ("parent", "subject", "id")):
            raise UsageError("parent: a running total needs it, or `subject` or `id`")

    def _translation(self, ours: str) -> Translation:
        if ours == "delete":
            return self._deleted
        if ours == "edit":
            return self._told_anew
        if ours == "account_deletion":
            return self._account_deleted
        kind: Any = ours
        return lambda message: self._told(message, kind)

    # What a message becomes

    def _told(self, message: Message, kind: Kind) -> list[Event]:
        return [self._event(message, kind, self._own_id(message, kind)), *self._totals(message)]

    def _told_anew(self, message: Message) -> list[Event]:
        """The wording that it has now; the feed takes the last one back."""
        own_id = self._own_id(message, "edit")
        version = f"edited:{digest(self._text(message), self._found(message, 'time'))[:16]}"
        return [self._event(message, self._edited_kind, own_id, version), *self._totals(message)]

    def _deleted(self, message: Message) -> list[Event]:
        found = self._found(message, "id")
        ids = [self._identifier(one) for one in (found if isinstance(found, list) else [found])]
        if not all(ids):
            raise ForeignError("missing_field", NO_ID)
        at_ms = self._at_ms(message)
        return [self._placed(message, message.retraction(self._secret(message, one), at_ms)) for one in ids]

    def _account_deleted(self, message: Message) -> list[Event]:
        author = self._identifier(self._found(message, "author"))
        actor = message.context.actor(author)
        if actor is None:
            raise ForeignError("missing_field", "no author")
        at_ms = self._at_ms(message)
        return [
            message.event("account_deletion", message.made_id("account_deletion", author, at_ms), at_ms, actor=actor)
        ]

    def _event(self, message: Message, kind: Kind, own_id: str, version: str = "") -> Event:
        """`version`: of an edited text, which wording it is."""
        text = self._text(message)
        total = self._fields.value_is == "total" or kind == "viewers"
        mode: ValueMode = "snapshot" if total else "delta"
        value = self._count(message, "value", paid_back=kind == "refund")
        if value is None and total:
            raise ForeignError("missing_field", "no value")
        subject = self._subject(message, own_id if total and kind != "viewers" else None)
        if total and kind != "viewers":
            own_id = f"{own_id}={value}"
        final = self._found(message, "final")
        tell = partial(message.version, kind, own_id, version) if version else partial(message.event, kind, own_id)
        event = tell(
            self._at_ms(message),
            actor=self._actor(message),
            text=text or None,
            lang=(self._word_of(message, "lang") or "")[:16] or None,
            subject_id=subject,
            product_id=self._identifier(self._found(message, "product")) or None,
            value=1 if value is None else value,
            value_mode=mode,
            amount=self._amount(message, kind),
            final=True if final is None else is_true(final),
            commercial=is_true(self._found(message, "commercial")),
        )
        return _consistent(self._placed(message, event))

    def _totals(self, message: Message) -> list[Event]:
        """A running total for each count that is there."""
        if not self._counts:
            return []
        own_id = self._own_id(message, "")
        value = message.fields.given
        at_ms = self._times.ms("counts_time", self._found(message, "counts_time"), message.received_ms)
        told = []
        for kind, expression in self._counts.items():
            found = expression.of(value) if expression is not None else None
            count = shown_number_of(found)
            if count is None:
                if not is_nothing(found):
                    message.notes.append("unknown_count")
                continue
            total: Any = kind
            event = message.event(
                total,
                f"{own_id}:{kind}={count}",
                at_ms,
                subject_id=message.context.own_id(own_id),
                value=count,
                value_mode="snapshot",
            )
            told.append(self._placed(message, event))
        return told

    # What its fields say

    def _found(self, message: Message, name: str) -> Any:
        expression = self._find[name]
        if expression is None:
            return None
        try:
            return expression.of(message.fields.given)
        except ForeignError as error:
            raise ForeignError(error.reason, f"{name}: {error}") from None

    def _own_id(self, message: Message, kind: str) -> str:
        if self._find["id"] is not None:
            given = self._identifier(self._found(message, "id"))
            if not given:
                raise ForeignError("missing_field", NO_ID)
            return self._secret(message, given)
        author = self._identifier(self._found(message, "author"))
        content = [self._found(message, name) for name in ("time", "text", "value", "amount", "subject", "parent")]
        if not author and all(one in (None, "") for one in content):
            raise ForeignError("missing_field", "none of the mapping's fields is there")
        return message.made_id(kind, author, *content)

    def _secret(self, message: Message, own_id: str) -> str:
        return message.context.pseudonymise(own_id) if self._fields.personal_id else own_id

    def _at_ms(self, message: Message) -> int:
        return self._times.ms("time", self._found(message, "time"), message.received_ms)

    def _text(self, message: Message) -> str:
        return self._word_of(message, "text") or ""

    def _word_of(self, message: Message, name: str) -> str | None:
        found = self._found(message, name)
        if found is None or isinstance(found, str):
            return found
        if isinstance(found, int | float) and not isinstance(found, bool):
            return str(found)
        raise ForeignError("wrong_type", f"{name} is no text")

    def _actor(self, message: Message) -> Actor | None:
        author = self._identifier(self._found(message, "author"))
        if not author:
            return None
        followers = shown_number_of(self._found(message, "followers")) or 0
        return message.context.actor(author, followers, is_true(self._found(message, "verified")))

    def _identifier(self, value: Any) -> str:
        if value is None or isinstance(value, str | int | float):
            return identifier_of(value)
        raise ForeignError("wrong_type", "an id that is neither text nor number")

    def _subject(self, message: Message, otherwise: str | None) -> str | None:
        named = self._identifier(self._found(message, "subject"))
        if named:
            return named
        parent = self._identifier(self._found(message, "parent"))
        if parent:
            return message.context.own_id(self._secret(message, parent))
        return None if otherwise is None else message.context.own_id(otherwise)

    def _count(self, message: Message, name: str, *, paid_back: bool) -> int | None:
        """`paid_back`: of a refund, which some write as a negative number."""
        found = self._found(message, name)
        if is_nothing(found):
            return None
        count = shown_number_of(_positive(found) if paid_back else found)
        if count is None:
            raise ForeignError("wrong_type", f"{name} is no whole number from 0 to 2^53")
        return count

    def _amount(self, message: Message, kind: Kind) -> int:
        found = self._found(message, "amount")
        if is_nothing(found):
            if self._find["amount"] is not None and kind in _OF_MONEY:
                message.notes.append("unknown_price")
            return 0
        currency = (self._word_of(message, "currency") or "").strip().upper() or None
        currency = _CURRENCIES.get(currency or "", currency)
        if self._fields.reports_in is not None and currency != self._fields.reports_in:
            message.notes.append("other_currency")
            return 0
        return minor_units(found, self._fields.amount_in or "minor", currency, paid_back=kind == "refund")

    def _placed(self, message: Message, event: Event) -> Event:
        """The event in the room, session and brand that the message names; where it names none, in the feed's."""
        changes = {
            ours: found
            for name, ours in (("room", "room_id"), ("session", "session_id"), ("brand", "brand_id"))
            if self._find[name] is not None and (found := self._identifier(self._found(message, name)))
        }
        return msgspec.structs.replace(event, **changes) if changes else event


_FIELDS = (
    "id", "time", "text", "lang", "author", "followers", "verified", "parent", "subject", "brand", "room", "session",
    "product", "value", "amount", "currency", "final", "commercial", "counts_time",
)  # fmt: skip
_NEEDS: Mapping[str, str] = {
    "delete": "id", "edit": "id", "account_deletion": "author", **dict.fromkeys(TEXT_KINDS, "text"), "viewers": "value",
}  # fmt: skip
"""What a message of a kind cannot do without."""


def expression(name: str, text: str | None) -> Expression | None:
    if text is None:
        return None
    try:
        return Expression(text)
    except ExpressionError as error:
        raise UsageError(f"{name}: {error}") from None


def _kinds(fields: MessageMapping) -> dict[str, str]:
    """Their word → ours; a mapping of one kind has it for every word."""
    if (fields.kind is None) == (fields.type is None):
        raise UsageError("kind: say either `kind`, or `type` and `kinds`")
    if (fields.type is None) != (fields.kinds is None):
        raise UsageError("kinds: `type` and `kinds` go together")
    kinds = {OTHERWISE: fields.kind} if fields.kind is not None else dict(fields.kinds or {})
    for theirs, ours in kinds.items():
        if ours not in MAPPED_KINDS:
            where = "kind" if fields.kind is not None else f"kinds.{theirs}"
            raise UsageError(f"{where}: {ours} is no kind of event: {', '.join(sorted(MAPPED_KINDS))}")
    return kinds


def _zone(name: str | None) -> tzinfo:
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise UsageError(f"zone: {name} is no time zone; one is Asia/Shanghai") from None


def _consistent(event: Event) -> Event:
    against = contradiction(event)
    if against is not None:
        raise ForeignError("missing_field", against[1])
    return event


def _positive(value: Any) -> Any:
    number = whole_number(value)
    return value if number is None else abs(number)


def _word(value: Any) -> str:
    """Their word for what a message is; numbers and truth as JSON has them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.strip()
    number = whole_number(value)
    return "" if number is None else str(number)
