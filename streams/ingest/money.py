"""Money as foreign feeds write it, in minor units.

19900, "19900"           in: minor
199, 199.0, "199.00"     in: major
"¥1,299.00"              the same, as it is shown
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from streams.ingest.foreign import MAX_COUNT, ForeignError
from streams.money import minor_digits

MoneyUnit = Literal["minor", "major"]
_SHOWN = re.compile(r"[^\d.,+-]{0,4}([0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5})(\.[0-9]{1,9})?[^\d.,]{0,4}")


def minor_units(value: Any, unit: MoneyUnit, currency: str | None) -> int:
    """An amount in minor units. Raises ForeignError."""
    amount = _decimal(value)
    if unit == "major":
        amount = amount.scaleb(minor_digits(currency))
    whole = int(amount.to_integral_value(rounding=ROUND_HALF_UP))
    if not 0 <= whole <= MAX_COUNT:
        raise ForeignError("out_of_range", "amount is out of range")
    return whole


def _decimal(value: Any) -> Decimal:
    if isinstance(value, int | float) and not isinstance(value, bool):
        amount = Decimal(str(value))
        if amount.is_finite() and abs(amount) < MAX_COUNT * 2:
            return amount
        raise ForeignError("out_of_range", "amount is out of range")
    shown = _SHOWN.fullmatch(value.strip()) if isinstance(value, str) else None
    if shown is None:
        raise ForeignError("wrong_type", "amount is no number")
    return Decimal(shown[1].replace(",", "") + (shown[2] or ""))
