"""Values as foreign feeds write them, read tolerantly: the one place that knows in how many ways they do.

    a 64-bit number as a string        "7412345678901234567"      protobuf's JSON
    the same field by other names      msg_id, msgId, MsgId       one collector, another, a third
    an empty list for an empty object  "data": []                 PHP
    an object as a string of JSON      "extra": "{…}"             Bilibili
    a time in s, ms, µs, or as 0       1789999980, "1789999980000"
    half an emoji, a byte-order mark                              texts that were cut

A field that is missing, null or of no use has its default; one that is there and cannot be what it must be is a
`ForeignError`, which names it and quotes nothing.
"""

import json
import math
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Literal

import msgspec

from streams.events.codec import EARLIEST_MS

UnreadReason = Literal[
    "not_json", "too_deep", "no_type", "unknown_type", "missing_field", "wrong_type", "out_of_range",
    "unknown_price", "list_price", "masked_user", "text_cut", "other_currency", "unknown_count",
]  # fmt: skip
"""Why a message, or a part of it, could not be read; a metric label.

Nothing of the message was read: `not_json` · `too_deep` nested beyond the parser's limit · `no_type` it does not say
what it is · `unknown_type` this decoder has never heard of it · `missing_field` `wrong_type` `out_of_range` a field
that the message cannot do without. It was read, and something is not known: `unknown_price` a gift whose price nobody
told, or an order without an amount (it counts, its money is 0) · `list_price` what it costs as a rule, not what was
paid · `masked_user` the platform hides who it was · `text_cut` beyond the longest text · `other_currency` money of
another currency than the brand reports in (it counts, its money is 0) · `unknown_count` a running total that is no
number (the others were read).
"""

NOTHING_READ: frozenset[UnreadReason] = frozenset({
    "not_json", "too_deep", "no_type", "unknown_type", "missing_field", "wrong_type", "out_of_range",
})  # fmt: skip
"""Of these the message went nowhere."""
MAX_COUNT = 2**53
"""As streams.events.schema has it: what Lua and JavaScript keep exact."""
MAX_OWN_ID_CHARS = 64
MAX_LINES = 100_000
"""JSON lines in one message."""
_SECONDS_BELOW, _MILLISECONDS_BELOW, _MICROSECONDS_BELOW = 10**11, 10**14, 10**17
_NOTHING = frozenset({"", "-", "--", "none", "null", "nan"})
"""How writers of text say that they have no number, or no time."""
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
_WHOLE = re.compile(r"[+-]?[0-9]{1,40}(?:\.0*)?")
_DECIMAL = re.compile(r"[0-9]{1,20}\.[0-9]{1,20}")
_AT_MIDNIGHT = re.compile(r"(?<=\d[T ])24:00(?::00(?:\.0+)?)?(?![\d:])")
_LEAP_SECOND = re.compile(r"(?<=\d:\d\d:)60(?![\d:])")
_SHOWN = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(千万|[千万亿wWkKmM]?)\+?")
_SHOWN_UNITS = {
    "": 1,
    "千": 1_000,
    "k": 1_000,
    "万": 10_000,
    "w": 10_000,
    "m": 1_000_000,
    "千万": 10_000_000,
    "亿": 100_000_000,
}


class ForeignError(msgspec.ValidationError):
    """A message that cannot be read, with the reason; the text names a field and never quotes one."""

    def __init__(self, reason: UnreadReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def epoch_ms(time: int) -> int:
    """Milliseconds since the epoch, from a feed's seconds, milliseconds, microseconds or nanoseconds: as any other of
    these the number would be decades away."""
    if time < _SECONDS_BELOW:
        return time * 1000
    if time < _MILLISECONDS_BELOW:
        return time
    return time // 1000 if time < _MICROSECONDS_BELOW else time // 1_000_000


def read_json(raw: bytes | str) -> Any:
    """The JSON value of a message. Half emojis and invalid UTF-8 become U+FFFD. Raises ForeignError."""
    data = raw.encode(errors="surrogatepass") if isinstance(raw, str) else bytes(raw)
    data = data.removeprefix(BOM_UTF8)
    try:
        return msgspec.json.decode(data)
    except RecursionError:
        raise ForeignError("too_deep", "nested too deeply") from None
    except ValueError:
        return _read_leniently(data)


def read_values(raw: bytes | str) -> Any:
    """The JSON value of a message; of several lines with a value each, as NDJSON has them, their list. Raises
    ForeignError."""
    try:
        return read_json(raw)
    except ForeignError as error:
        data = raw.encode(errors="surrogatepass") if isinstance(raw, str) else raw
        lines = [line for line in data.split(b"\n") if line.strip()]
        if error.reason != "not_json" or not 1 < len(lines) <= MAX_LINES:
            raise
        return [read_json(line) for line in lines]


def _read_leniently(data: bytes) -> Any:
    """The same by a parser that takes what ours is too strict for: it is slow, and nearly never asked."""
    try:
        return _repaired(json.loads(data.decode(errors="replace")))
    except RecursionError:
        raise ForeignError("too_deep", "nested too deeply") from None
    except ValueError:
        is_marked = data.startswith(b"\0\0") and data[2:5] > b"\0\0\0"  # the number of a schema
        marked = ", but what a schema registry marks: Avro or Protobuf" if is_marked else ""
        raise ForeignError("not_json", f"no JSON{marked}") from None


def _repaired(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE_SURROGATES.sub("\ufffd", value)
    if isinstance(value, list):
        return [_repaired(item) for item in value]
    if isinstance(value, dict):
        return {_repaired(key): _repaired(item) for key, item in value.items()}
    return value


def whole_number(value: Any) -> int | None:
    """A whole number, however it is written; None where it is none, as truth is."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and value == int(value) else None
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value.strip().partition(".")[0])
    return None


def shown_number_of(value: Any) -> int | None:
    """A count as it is shown to people, rounded (`1.2万`, `12.3K`, `1千+`), or as it is; None where it is none."""
    shown = _SHOWN.fullmatch(value.strip().replace(",", "")) if isinstance(value, str) else None
    if shown is None:
        return _count_or_none(value)
    number = round(float(shown[1]) * _SHOWN_UNITS[shown[2].lower()])
    return number if number <= MAX_COUNT else None


def _count_or_none(value: Any) -> int | None:
    number = whole_number(value)
    return number if number is not None and 0 <= number <= MAX_COUNT else None


def is_nothing(value: Any) -> bool:
    """Whether it says that there is no number, or no time."""
    if isinstance(value, str):
        return value.strip().lower() in _NOTHING
    return value is None or (isinstance(value, float) and math.isnan(value))


def is_true(value: Any) -> bool:
    """As a person means it: "false", "0", "no" and an empty text are not."""
    if isinstance(value, str):
        return flag_of(value) or value.strip().lower() not in ("", "false", "0", "no", "none", "null")
    return bool(value)


def identifier_of(value: Any) -> str:
    """An id as text, 64-bit numbers exact; empty for none, which is null, 0 or an empty string. A long one is replaced
    by its digest, which is as stable."""
    number = whole_number(value) if isinstance(value, int | float) else None
    name = str(number) if number is not None else value.strip() if isinstance(value, str) else ""
    if name in ("", "0"):
        return ""
    return name if len(name) <= MAX_OWN_ID_CHARS else digest(name)


def flag_of(value: Any) -> bool:
    return value.strip().lower() in ("1", "true") if isinstance(value, str) else bool(value)


def digest(*parts: object) -> str:
    """32 hexadecimal digits for what has no id, or too long a one."""
    return blake2b("\0".join(map(str, parts)).encode(errors="surrogatepass"), digest_size=16).hexdigest()


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return name.replace("_", "").lower()


class Fields:
    """A foreign object. Each reader takes a field's names, the likeliest first; `msg_id` finds `msgId` and `MsgID`."""

    __slots__ = ("_alike", "_given")

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        self._alike: dict[str, Any] | None = None

    def __bool__(self) -> bool:
        return bool(self._given)

    @property
    def given(self) -> Mapping[str, Any]:
        """The object as it came."""
        return self._given

    def get(self, *names: str) -> Any:
        """The first that is there and not null."""
        for name in names:
            found = self._given.get(name)
            if found is None:
                found = self._by_plain_name().get(_plain(name))
            if found is not None:
                return found
        return None

    def text(self, *names: str) -> str:
        """Empty where it is missing. Raises ForeignError for what is no text."""
        value = self.get(*names)
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        raise ForeignError("wrong_type", f"{names[0]} is no text")

    def required_text(self, *names: str) -> str:
        """Raises ForeignError where it is missing or empty."""
        text = self.text(*names)
        if not text:
            raise ForeignError("missing_field", f"no {names[0]}")
        return text

    def identifier(self, *names: str) -> str:
        """The first that names something; empty where none does."""
        return next(filter(None, (identifier_of(self.get(name)) for name in names)), "")

    def number(self, *names: str, default: int = 0) -> int:
        """A count. Raises ForeignError for what is no whole number from 0 to 2^53."""
        value = self.get(*names)
        if value is None or value == "":
            return default
        number = whole_number(value)
        if number is None:
            raise ForeignError("wrong_type", f"{names[0]} is no whole number")
        if not 0 <= number <= MAX_COUNT:
            raise ForeignError("out_of_range", f"{names[0]} is out of range")
        return number

    def required_number(self, *names: str) -> int:
        """The same; a missing one is a ForeignError too."""
        if self.get(*names) in (None, ""):
            raise ForeignError("missing_field", f"no {names[0]}")
        return self.number(*names)

    def number_or_none(self, *names: str) -> int | None:
        """What the message can do without: None where it is missing or no count."""
        return _count_or_none(self.get(*names))

    def shown_number(self, *names: str) -> int | None:
        """A count as it is shown to people; None where it is missing or none."""
        return shown_number_of(self.get(*names))

    def flag(self, *names: str) -> bool:
        return flag_of(self.get(*names))

    def time_ms(self, *names: str) -> int:
        """The first that is a time, in milliseconds since the epoch; 0 where none is."""
        return next(filter(None, (sent_ms(self.get(name)) for name in names)), 0)

    def part(self, *names: str) -> "Fields":
        """An object within; empty where it is missing, null or `[]`. One in a string of JSON is read."""
        value = self.get(*names)
        if isinstance(value, str) and value.lstrip().startswith("{"):
            try:
                value = read_json(value)
            except ForeignError:
                value = None
        return Fields(value if isinstance(value, dict) else {})

    def required_part(self, *names: str) -> "Fields":
        """Raises ForeignError where it is missing or empty."""
        part = self.part(*names)
        if not part:
            raise ForeignError("missing_field", f"no {names[0]}")
        return part

    def parts(self, *names: str) -> Iterator["Fields"]:
        """The objects of a list; a single object is a list of one."""
        value = self.get(*names)
        for item in [value] if isinstance(value, dict) else value if isinstance(value, list) else []:
            if isinstance(item, dict):
                yield Fields(item)

    def items(self, *names: str) -> Sequence[Any]:
        """A list, empty where there is none; a text or number that stands for itself is a list of one."""
        value = self.get(*names)
        if isinstance(value, list):
            return value
        return [value] if value != "" and isinstance(value, str | int) and not isinstance(value, bool) else []

    def _by_plain_name(self) -> dict[str, Any]:
        if self._alike is None:
            self._alike = {}
            for name, value in self._given.items():
                if value is not None:
                    self._alike.setdefault(_plain(name) if isinstance(name, str) else "", value)
        return self._alike


def sent_ms(value: Any) -> int:
    """When a platform says that something was sent; 0 where that is no time, as 1970 is none: it had not begun."""
    at_ms = time_ms_of(value)
    return at_ms if at_ms >= EARLIEST_MS else 0


def time_ms_of(value: Any) -> int:
    """A time in any unit, or as ISO 8601 with an offset; 0 where it is none."""
    number = whole_number(value)
    if number is not None:
        return epoch_ms(number) if 0 < number < 10**20 else 0
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, float) and math.isfinite(value) and 0 < value < 10**20:
        return int(value * 1000) if value < _SECONDS_BELOW else epoch_ms(int(value))
    if isinstance(value, str):
        text, later = on_the_clock(value.strip())
        try:
            moment = datetime.fromisoformat(text)
            return max(0, int((moment + later).timestamp() * 1000)) if moment.tzinfo else 0
        except (ValueError, OverflowError):
            return 0
    return 0


def on_the_clock(text: str) -> tuple[str, timedelta]:
    """A written time as a clock shows it that knows neither 24:00 nor a 61st second, and how much later it was."""
    text, midnights = _AT_MIDNIGHT.subn("00:00:00", text)
    text, leaps = _LEAP_SECOND.subn("59", text)
    return text, timedelta(days=midnights, seconds=leaps)
