"""Amounts as feeds write them, in minor units."""

from typing import Any

import pytest

from streams.ingest.foreign import ForeignError
from streams.ingest.money import MoneyUnit, minor_units


@pytest.mark.parametrize(
    ("value", "unit", "currency", "minor"),
    [
        (19900, "minor", None, 19900),
        ("19900", "minor", "CNY", 19900),
        ("199.00", "major", "CNY", 19900),
        (199, "major", None, 19900),
        (0.1 + 0.2, "major", "USD", 30),
        ("¥1,299.90", "major", "CNY", 129990),
        ("1299 元", "major", "CNY", 129900),
        ("1500", "major", "JPY", 1500),
        ("1.234", "major", "KWD", 1234),
        ("0.005", "major", "USD", 1),
    ],
)
def test_amount_is_in_minor_units(value: Any, unit: MoneyUnit, currency: str | None, minor: int) -> None:
    assert minor_units(value, unit, currency) == minor


@pytest.mark.parametrize("value", ["1.299,00", "about 5", True, [], "-5", -5, "12,34", 2**54, float("inf"), "1e400"])
def test_what_is_no_amount_is_told(value: Any) -> None:
    with pytest.raises(ForeignError):
        minor_units(value, "minor", None)
