"""Numbers that prove themselves: identity cards, bank cards and accounts have check digits."""

from datetime import date

IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "no", 16: "be", 18: "dk fi fk fo gl nl sd", 19: "mk si", 20: "at ba ee kz lt lu mn xk", 21: "ch hr li lv",
        22: "bg bh cr de gb ge ie me rs va", 23: "ae gi il iq om so tl", 24: "ad cz es md pk ro sa se sk tn vg",
        25: "ly pt st", 26: "is tr", 27: "bi dj fr gr it mc mr sm", 28: "al az by cy do gt hn hu lb ni pl sv",
        29: "br eg ps qa ua", 30: "jo kw mu ye", 31: "mt sc", 32: "lc", 33: "ru",
    }.items()
    for country in countries.split()
}  # fmt: skip
"""By country, as SWIFT's registry of IBANs has them."""


def is_id_card(number: str) -> bool:
    """A Chinese resident ID: 17 digits and a check character by ISO 7064 MOD 11-2 (GB 11643), a real date of birth."""
    if len(number) != 18 or not number[:17].isdigit():
        return False
    if birth_date(number) is None:
        return False
    total = sum(int(digit) * pow(2, 17 - i, 11) for i, digit in enumerate(number[:17]))
    return "10x98765432"[total % 11] == number[17].lower()


def birth_date(number: str) -> date | None:
    """The date of birth in a resident ID of 18 characters; None where there is none such."""
    if not "1850" <= number[6:10] <= "2100":
        return None
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def luhn(number: str) -> bool:
    """Whether the last digit is right by ISO/IEC 7812's check; all digits alike are nobody's card."""
    if len(set(number)) == 1:
        return False
    doubled = [int(digit) * (2 - i % 2) if i % 2 == 0 else int(digit) for i, digit in enumerate(reversed(number), 1)]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_iban(number: str) -> bool:
    """An account by ISO 13616, with its country's length and its check digits (ISO 7064, MOD 97-10)."""
    if len(number) != IBAN_LENGTHS.get(number[:2]):
        return False
    return int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97 == 1


def is_hong_kong_id(number: str) -> bool:
    """An identity card of Hong Kong: one or two letters, six digits, and a check character by weights, modulo 11."""
    letters = number[:-7]
    values = [36, *(int(letter, 36) for letter in letters)][-2:] + [int(digit) for digit in number[-7:-1]]
    check = 10 if number[-1] == "a" else int(number[-1])
    return (sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True)) + check) % 11 == 0


def is_taiwan_id(number: str) -> bool:
    """A national identification number of Taiwan: a letter for the county, nine digits, the last of which checks."""
    county = "abcdefghjklmnpqrstuvxywzio".index(number[0]) + 10
    digits = [county // 10, county % 10, *(int(digit) for digit in number[1:])]
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 10 == 0
