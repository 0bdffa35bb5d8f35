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


@pytest.mark.parametrize(
    ("value", "minor"),
    [("1.2万", 1_200_000), ("3万元", 3_000_000), ("1.5K", 150_000), ("19.90 kr", 1990), ("￥１９.９０", 1990),
     ("+19.90", 1990), ("HK$19.90", 1990)],
)  # fmt: skip
def test_amount_is_read_as_it_is_shown(value: str, minor: int) -> None:
    assert minor_units(value, "major", "CNY") == minor


@pytest.mark.parametrize("value", ["-19.90", "19.90-", "\u221219.90", "(19.90)", "¥-19.90", "-¥19.90", -19.9])
def test_negative_amount_is_one_of_what_is_paid_back_alone(value: Any) -> None:
    assert minor_units(value, "major", "CNY", paid_back=True) == 1990
    with pytest.raises(ForeignError):
        minor_units(value, "major", "CNY")


@pytest.mark.parametrize("value", ["(19.90", "-19.90-", "19.90)", "19.90 和 20", "1.2万3", "1" + " " * 50_000 + "x"])
def test_amount_that_is_written_twice_or_half_is_none(value: str) -> None:
    with pytest.raises(ForeignError):
        minor_units(value, "major", "CNY")
