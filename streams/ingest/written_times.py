"""Times as people and platforms write them: any unit since the epoch, and the forms of a date that are in use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from streams.events.codec import EARLIEST_MS, MAX_AHEAD_MS
from streams.ingest.foreign import ForeignError, is_nothing, on_the_clock, time_ms_of, whole_number

TimeUnit = Literal["auto", "s", "ms", "us", "ns"]
"""What a number counts since the epoch; `auto` goes by its size."""

TIMES = (
    "ISO 8601 (2026-09-21T22:13:20+08:00), 2026-09-21 22:13[:20], 2026/09/21 22:13[:20], 2026年9月21日 22:13[:20], "
    "Weibo's (Mon Sep 21 22:13:20 +0800 2026), Mon, 21 Sep 2026 22:13:20 +0800, seconds or milliseconds since the epoch"
)
"""The forms of a time that are known; those without an offset are in the zone of the reader's choice."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?"
_WEIBO = re.compile(
    rf"\w{{3}} (?P<month>\w{{3}}) (?P<day>\d{{1,2}}) {_CLOCK} (?P<offset>[+-]\d{{4}}) (?P<year>\d{{4}})"
)
_LOCAL = re.compile(rf"(?P<year>\d{{4}})[-/.年](?P<month>\d{{1,2}})[-/.月](?P<day>\d{{1,2}})日?(?:[T ]*{_CLOCK})?")
_COMPACT = re.compile(
    r"(?P<year>20\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?P<second>[0-5]\d)(?:\d{3})?)?"
)
"""As payment services write it. Since the epoch these digits would be of 1970, or 600 years away."""
_ZERO = re.compile(r"(?:0000-00-00|0001-01-01|1970-01-01)(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?)?")
_SPACED_OFFSET = re.compile(r"(\d)\s*(?:UTC|GMT)")

_MS: Mapping[TimeUnit, tuple[int, int]] = {"s": (1000, 1), "ms": (1, 1), "us": (1, 1000), "ns": (1, 1_000_000)}


@dataclass(frozen=True)
class WrittenTimes:
    """How one feed writes its times."""

    zone: tzinfo
    """Of times without an offset."""
    unit: TimeUnit = "auto"
    form: str | None = None
    """strptime's."""

    def ms(self, name: str, value: Any, received_ms: int) -> int:
        """Milliseconds since the epoch; that of arrival where there is no time. Raises ForeignError."""
        if _is_no_time(value):
            return received_ms
        try:
            at_ms = self._ms(value)
        except ForeignError as error:
            raise ForeignError(error.reason, f"{name}: {error}") from None
        if at_ms < EARLIEST_MS:
            raise ForeignError("out_of_range", f"{name} is before 2005")
        if at_ms > received_ms + MAX_AHEAD_MS:
            raise ForeignError("out_of_range", f"{name} is in the future")
        return at_ms

    def _ms(self, value: Any) -> int:
        if self.form is not None:
            return formed_ms(value, self.form, self.zone)
        if self.unit == "auto":
            return written_ms(value, self.zone)[0]
        times, parts = _MS[self.unit]
        number = whole_number(value)
        if number is not None:
            return number * times // parts
        try:
            return int(float(value) * times / parts)
        except (TypeError, ValueError, OverflowError):
            raise ForeignError("wrong_type", f"no time in {self.unit}") from None


def _is_no_time(value: Any) -> bool:
    """Whether it says that there is none: as nothing, zero, or the zero of a database or a language."""
    zero = value.strip() == "0" or _ZERO.fullmatch(value.strip()) if isinstance(value, str) else value == 0
    return bool(zero) or is_nothing(value)


def written_ms(time: Any, zone: tzinfo) -> tuple[int, bool]:
    """A time in one of the known forms, and whether it had no offset. Raises ForeignError, which names the forms."""
    compact = _COMPACT.fullmatch(str(time).strip()) if isinstance(time, str | int) else None
    at_ms = 0 if compact else time_ms_of(time)
    if at_ms:
        return at_ms, False
    text, later = on_the_clock(time.strip() if isinstance(time, str) else "")
    later_ms = later // timedelta(milliseconds=1)
    try:
        if compact:
            return _epoch_ms(compact, int(compact["month"]), zone), True
        read_ms, is_local = _read_ms(text, zone)
        return read_ms + later_ms, is_local
    except (ValueError, OverflowError):
        raise ForeignError(
            "wrong_type", f"no time that is known; known are {TIMES}; `time_form` names another"
        ) from None


def _read_ms(text: str, zone: tzinfo) -> tuple[int, bool]:
    """Raises ValueError, OverflowError."""
    weibo = _WEIBO.fullmatch(text)
    if weibo:
        offset = datetime.strptime(weibo["offset"], "%z").tzinfo
        return _epoch_ms(weibo, _MONTHS.index(weibo["month"]) + 1, offset), False
    local = _LOCAL.fullmatch(text)
    if local:
        return _epoch_ms(local, int(local["month"]), zone), True
    if text[:1].isalpha():
        return _in_zone_ms(parsedate_to_datetime(text), zone)
    return _in_zone_ms(datetime.fromisoformat(_SPACED_OFFSET.sub(r"\1+00:00", text)), zone)


def formed_ms(time: Any, form: str, zone: tzinfo) -> int:
    """A time in a form that a person wrote down (strptime's). Raises ForeignError."""
    try:
        return _in_zone_ms(datetime.strptime(str(time).strip(), form), zone)[0]  # noqa: DTZ007 - the zone follows
    except (ValueError, OverflowError):
        raise ForeignError("wrong_type", f"a time that is not as {form}") from None


def _in_zone_ms(moment: datetime, zone: tzinfo) -> tuple[int, bool]:
    local = moment.tzinfo is None
    return int((moment.replace(tzinfo=zone) if local else moment).timestamp() * 1000), local


def _epoch_ms(written: re.Match[str], month: int, zone: tzinfo | None) -> int:
    year, day, hour, minute, second = (int(written[part] or 0) for part in ("year", "day", "hour", "minute", "second"))
    return int(datetime(year, month, day, hour, minute, second, tzinfo=zone).timestamp() * 1000)
