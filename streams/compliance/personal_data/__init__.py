"""Personal data in a text: found, and masked wherever a text is stored.

A number is a person's only if its form and, where there is one, its checksum say so and the words around it do not:
order numbers, prices and hotlines are no people. Numbers are also found as a host reads them aloud (幺三八…) and as
people break them up (138-0013 8000), write them in other digits or letters (l38…, ①③⑧, yao san ba), or backwards.
Everything works on the normal form of models.normalise, in lower case.

A module holds what is looked for of one kind, as forms: patterns, each with what decides about its matches.
"""

from streams.compliance.personal_data.check_digits import is_id_card, luhn
from streams.compliance.personal_data.form import PersonalDatum
from streams.compliance.personal_data.search import find_personal_data

__all__ = ["PersonalDatum", "find_personal_data", "is_id_card", "luhn"]
