"""Money as foreign feeds write it, in minor units.

19900, "19900"           in: minor
199, 199.0, "199.00"     in: major
"¥1,299.00", "1.2万元"   the same, as it is shown
-199, "-199", "199-", "(199)"    negative: an amount of what is paid back alone
"""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from streams.ingest.foreign import MAX_COUNT, ForeignError
from streams.money import minor_digits

MoneyUnit = Literal["minor", "major"]
MAX_CHARS = 64
_SIGN = r"(?:[-+\u2212]\s*)?"
_AROUND = r"[^\d.,+\-\u2212()\s]"
_SHOWN = re.compile(
    rf"(?P<open>\()?\s*(?P<first>{_SIGN})(?:{_AROUND}{{1,4}}\s*)?(?P<second>{_SIGN})"
    r"(?P<whole>[0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5})(?P<fraction>\.[0-9]{1,9})?\s*"
    rf"(?P<times>千万|百万|[千万亿]|[kKmMwW](?!\w))?\s*(?:{_AROUND}{{1,4}}\s*)?(?P<last>{_SIGN})(?P<close>\))?"
)
_TIMES = {
    "千": 10**3, "k": 10**3, "万": 10**4, "w": 10**4, "百万": 10**6, "m": 10**6, "千万": 10**7, "亿": 10**8,
}  # fmt: skip


def minor_units(value: Any, unit: MoneyUnit, currency: str | None, *, paid_back: bool = False) -> int:
    """An amount in minor units; `paid_back`: of a refund, which some write as a negative number. Raises
    ForeignError."""
    amount = _decimal(value)
    if paid_back:
        amount = abs(amount)
    if unit == "major":
        amount = amount.scaleb(minor_digits(currency))
    whole = int(amount.to_integral_value(rounding=ROUND_HALF_UP))
    if amount < 0 or whole > MAX_COUNT:
        raise ForeignError("out_of_range", "amount is out of range")
    return whole


def _decimal(value: Any) -> Decimal:
    if isinstance(value, int | float) and not isinstance(value, bool):
        amount = Decimal(str(value))
        if amount.is_finite() and abs(amount) < MAX_COUNT * 2:
            return amount
        raise ForeignError("out_of_range", "amount is out of range")
    text = value.strip() if isinstance(value, str) else ""
    shown = _SHOWN.fullmatch(unicodedata.normalize("NFKC", text)) if len(text) <= MAX_CHARS else None
    if shown is None:
        raise ForeignError("wrong_type", "amount is no number")
    signs = [sign for sign in shown.group("open", "first", "second", "last") if sign and sign.strip()]
    if len(signs) > 1 or bool(shown["open"]) != bool(shown["close"]):
        raise ForeignError("wrong_type", "amount is no number")
    amount = Decimal(shown["whole"].replace(",", "") + (shown["fraction"] or ""))
    amount *= _TIMES.get((shown["times"] or "").lower(), 1)
    return -amount if signs and signs[0].strip() != "+" else amount
