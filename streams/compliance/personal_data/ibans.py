"""Bank accounts by ISO 13616, as banks write them and broken up anywhere: DE89 3704 …, G B 2 9 N W B K …"""

from __future__ import annotations

import re
from typing import Any

from streams.compliance.personal_data.check_digits import IBAN_LENGTHS, is_iban
from streams.compliance.personal_data.form import Form, Found, PersonalDatum

_GAP = r"[ .\-_·/|,:]{0,2}"
_PIECE = re.compile(rf"[a-z0-9]{_GAP}")


def _iban(match: Any, text: str) -> Found:
    """It begins with its country and check digits and ends where its country's are long enough, at a word's end."""
    length = IBAN_LENGTHS.get(match.group(1) + match.group(2))
    if length is None:
        return
    number, end = "", match.start()
    while len(number) < length and (piece := _PIECE.match(text, end)) is not None:
        number += piece[0][0]
        last, end = piece.start() + 1, piece.end()
    if len(number) == length and not text[last : last + 1].isalnum() and _is_said(number) and is_iban(number):
        yield PersonalDatum(match.start(), last, "bank_card")


def _is_said(number: str) -> bool:
    """Whether digits are half of it: one in a hundred of `at 10 people in the room …` has a right check digit too."""
    return 2 * sum(character.isdigit() for character in number) >= len(number)


FORMS = (Form(rf"\b([a-z]){_GAP}([a-z]){_GAP}\d{_GAP}\d", _iban),)
