"""A currency's minor unit (ISO 4217), and an amount of it as people read it: "¥1,234.50", "JP¥1,234", "CHF 12.00"."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_CODES: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP"
    " CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF"
    " IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD"
    " MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB"
    " RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD"
    " UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
CURRENCIES: Final = frozenset(_CODES.split())
"""ISO 4217's, but for funds, metals and tests."""
_WITHOUT_MINOR: Final = frozenset({
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
})  # fmt: skip
_THOUSANDTHS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
SIGNS: Final[Mapping[str, str]] = MappingProxyType({
    "AUD": "A$", "BRL": "R$", "CAD": "CA$", "CNY": "¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "ILS": "₪", "INR": "₹",
    "JPY": "JP¥", "KRW": "₩", "MXN": "MX$", "NZD": "NZ$", "PHP": "₱", "SGD": "S$", "THB": "฿", "TRY": "₺",
    "TWD": "NT$", "UAH": "₴", "USD": "$", "VND": "₫",
})  # fmt: skip
"""One of its own each, so that brands of two currencies may stand in one table. The others have their code."""


def minor_digits(currency: str | None) -> int:
    """Digits of a currency's minor unit; two where it is not known."""
    if currency in _WITHOUT_MINOR:
        return 0
    return 3 if currency in _THOUSANDTHS else 2


def major_units(minor: float, currency: str | None) -> str:
    """An amount in minor units as a number in major ones, for tables that compute: "1234.50"."""
    digits = minor_digits(currency)
    return f"{minor / 10**digits:.{digits}f}"


def money_text(minor: float, currency: str | None) -> str:
    """An amount in minor units as people read it, with its currency's sign where the currency is known."""
    digits = minor_digits(currency)
    number = f"{abs(minor) / 10**digits:,.{digits}f}"
    sign = "" if currency is None else SIGNS.get(currency, f"{currency}\u00a0")
    return f"{'-' if minor < 0 else ''}{sign}{number}"
