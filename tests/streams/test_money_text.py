"""Money as people read it: as many decimals as the currency has, and a sign of its own."""

import pytest

from streams.money import CURRENCIES, SIGNS, major_units, minor_digits, money_text


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123_450, "CNY", "¥1,234.50"),
        (123_450, "JPY", "JP¥123,450"),
        (123_450, "KWD", "KWD\u00a0123.450"),
        (123_450, None, "1,234.50"),
        (-5, "USD", "-$0.05"),
        (0, "TWD", "NT$0.00"),
    ],
)
def test_amount_has_its_currencys_decimals_and_sign(minor: int, currency: str | None, text: str) -> None:
    assert money_text(minor, currency) == text


def test_number_for_tables_has_neither_sign_nor_separators() -> None:
    assert [major_units(123_456_789, currency) for currency in ("CNY", "JPY", "KWD", None)] == [
        "1234567.89", "123456789", "123456.789", "1234567.89",
    ]  # fmt: skip


def test_no_two_currencies_have_one_sign() -> None:
    assert len(set(SIGNS.values())) == len(SIGNS)
    assert SIGNS.keys() <= CURRENCIES
    assert {minor_digits(currency) for currency in CURRENCIES} == {0, 2, 3}
