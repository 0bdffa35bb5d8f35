"""Does a name that is also a word mean the brand here? What stands around it speaks for it or against it.

Each sign has a weight by what it is and how near it stands; the name means the brand where they sum up to BORDER. The
weights were set on tests/data/brands/texts.jsonl and judged on texts that were kept apart.

for      a word of the brand's context 2 beside it … 1 in the text · of its trades · goods right behind it · of any
         company (general) · what companies do, right behind it · another brand, a rival most of all · a capital in
         the midst of a sentence · Latin letters in a Chinese text · what the name alone tells (words.yaml, prior)
         · capitals that it is compared or listed with · Latin letters in a Japanese text ·
         a model's letters and number right behind a Chinese name
against  a turn of phrase with the name in it (an apple a day) · a word of its other sense, most of all beside it ·
         an article or a possessive before what has no capital · `to` before what is a verb then
"""

import re
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from streams.catalogue.lexicon import PERSONS, PLACES, PROPER, Homonym
from streams.catalogue.reading import HAN, Reading
from streams.catalogue.usage import Sign, stands

BORDER: Final = 1.0

CueKind = Literal[
    "context", "must", "must_not", "phrase", "meant", "trade", "peer", "goods", "general", "act", "comparing", "sense",
    "work",
]  # fmt: skip
WEIGHTS: Final[dict[CueKind, tuple[float, float, float, float]]] = {
    "context":   (2.0, 1.2, 1.0, 1.0),
    "must":      (2.0, 1.2, 1.0, 1.0),
    "trade":     (1.5, 0.7, 0.6, 0.3),
    "meant":     (0.0, 0.0, 0.0, 0.0),
    "peer":      (0.0, 0.0, 0.0, 0.0),
    "goods":     (1.0, 0.0, 0.0, 0.0),
    "general":   (1.3, 0.7, 0.5, 0.25),
    "comparing": (0.0, 0.4, 0.2, 0.0),
    "act":       (0.8, 0.0, 0.0, 0.0),
    "sense":    (-1.5, -0.8, -0.5, -0.25),
    "work":     (-1.5, -0.3, 0.0, 0.0),
    "phrase":   (-0.5, -0.5, -0.5, -0.25),
    "must_not":  (0.0, 0.0, 0.0, 0.0),
}  # fmt: skip
"""By the place of the sign: beside the name, in its clause, in its sentence, elsewhere within FAR_CHARS."""
_BESIDE, _IN_CLAUSE, _IN_SENTENCE, _IN_TEXT = range(4)
FAR_CHARS: Final = 300
_NEAR_CHARS: Final = 120
_CLAUSE_CHARS: Final = 60
_BESIDE_CHARS: Final = 5
_PHRASE: Final = -2.5
_ARTICLE: Final = -1.2
_MEANT: Final = 1.5
_ACT_OF_A_SUBJECT: Final = 1.0
_LINKING: Final = frozenset(("is", "are", "was", "were", "has", "have", "just", "also", "will", "would", "can"))
_MOST_SIGNS: Final = 3
"""So many signs of each side count, the heaviest ones: a long text has something of everything."""
_ROUNDING: Final = 1e-9

_SENTENCE_END = re.compile(r"[。！？!?;；\n…]|\.(?=\s|$)")
_CLAUSE_END = re.compile(r"[,，:：、]")
_LINK = re.compile(r"(?:'s|™|®|(?:这[次季波款个代双件条部台只]?|今年|最近|现在|家|牌)?的?(?:新款|新|旧|老|这)?)\W{0,2}")
_ENUMERATION = re.compile(r"\s*(?:[、,，/&+]|和|跟|与|还是|对比|比|或|从|换到|转|and|or|vs\.?|versus|到|换)\s*")
_BEGINS = re.compile(r"(?:^|[.!?:;\n。！？…]|[\"“(\[#•-])\s*$")
_VERSUS = re.compile(r"\s(?:vs\.?|versus|or)\s+(?:the\s+)?[A-Z]")
_AFTER_VERSUS = re.compile(r"[A-Z][\w'’&-]*\s(?:vs\.?|versus|or)\s+$")
_DETERMINED = re.compile(
    r"(?:\b(?i:a|an|the|my|your|his|her|our|their|its)(?:\s(?!(?:at|in|on|to|from|for|with|by|and|or|is|was|into|via)\s)[a-z]+){1,2}|[A-Za-z]['’]s(?:\s[a-z]+)?)\s$"
)
"""An article or a possessive, and words without capitals between it and what it belongs to."""
_VERB_BEHIND = re.compile(
    r"\s(?!(?:for|to|in|on|at|from|by|with|and|or|but|because|as|when|after|before|is|was"
    r"|last|next|this|today|yesterday|tonight|now|again)\b)[a-z]"
)
_GOING = re.compile(
    r"\b(?:ran|runs?|running|go|goes|went|going|gone|drive|drove|walk|walked|trips?|back|over|headed|heading|off|been|popped"
    r"|nipped|return|returned)\sto\s$"
)
_MODEL = re.compile(
    r"\s?(?:[A-Za-z]{1,4}\d|\d\.\d分|\d{1,4}(?![\d.])(?!\s?(?:[斤块元个克毛只袋箱瓶颗天年月日号点岁人分万亿千%％:：折倍度次条头粒]|公斤|kg|"
    r"小时|多)))"
)
"""The number of a model, or a mark out of ten, and none that counts what the word means."""
_CHINESE_VERSUS = re.compile(r"\s?(?:vs|VS|Vs|对比|PK|pk)\s?[^\s,，。！？]")
_WORD_BEFORE = re.compile(r"([A-Za-z][A-Za-z'’-]*)\W{1,2}$")
_WORD_BEHIND = re.compile(r"(?:'s)?\s([A-Za-z][A-Za-z'’-]*)")
_ARTICLES: Final = frozenset(
    "a an the my your his her our their this that these those some any every no another each its one".split()  # noqa: SIM905 - a list of words
)
_WAYS: Final = frozenset(("at", "from", "by", "via", "with"))
_TITLED_CHARS: Final = 4
_SMALL_IN_TITLES: Final = frozenset(("with", "from", "into", "over", "than", "that"))
_GOODS_BEHIND: Final = frozenset[CueKind](("context", "must", "trade", "goods"))
_OWNERS: Final = PERSONS | {"animal", "sport"}
"""Senses that own things too."""
_FIRST_SMALL = re.compile(r"\W*[a-z]")
_HAN = re.compile(f"[{HAN}]")
_KANA = re.compile("[\u3041-\u30fa]")
_LETTERS = re.compile(r"[A-Za-z]+(?:['’][a-z]{1,2})?")


class Cue(msgspec.Struct, frozen=True, gc=False):
    """A word that speaks for or against a name: where it stands and what it is to the brand."""

    kind: CueKind
    word: str
    start: int
    end: int


class Other(msgspec.Struct, frozen=True, gc=False):
    """Another brand that the text names."""

    name: str
    start: int
    end: int
    certain: bool
    related: bool
    """A rival, or of the same trade."""


class Name(msgspec.Struct, frozen=True, gc=False):
    """A name that is also a word, at its place, with what is known of the word and of the brand."""

    word: str
    start: int
    end: int
    meant: str
    """The word itself, or the name that it is a slip of."""
    homonym: Homonym
    trades: frozenset[str]


class Letters:
    """In which script a text is, and whether its capitals tell anything."""

    def __init__(self, plain: str) -> None:
        other = not plain.isascii()
        self.chinese = other and _HAN.search(plain) is not None
        self.japanese = other and _KANA.search(plain) is not None
        self._plain = plain
        self._told: bool | None = None

    @property
    def tell(self) -> bool:
        if self._told is None:
            self._told = _capitals_tell(self._plain)
        return self._told


def _capitals_tell(plain: str) -> bool:
    """Capitals tell nothing where all letters are, or where every word begins with one."""
    words = _LETTERS.findall(plain)
    count = len(words) - words.count("I")
    capitals = [word for word in words if word < "a" and word != "I"]
    if not capitals or sum([len(word) > 1 and word.isupper() for word in capitals]) * 2 >= count:
        return False
    if count < 5 or len(capitals) * 5 < count * 3:
        return True
    return any(word.islower() and len(word) >= _TITLED_CHARS and word not in _SMALL_IN_TITLES for word in words)


class Weighed(msgspec.Struct, frozen=True, gc=False):
    """The sum of all signs around a name, one of each reason."""

    word: str
    signs: list[Sign]
    about: bool

    @property
    def why(self) -> str:
        """The heaviest sign on the side that won."""
        least, most = min(self.signs, default=(0.0, "")), max(self.signs, default=(0.0, ""))
        if self.about:
            return most[1]
        if least[0] < 0:
            return least[1]
        if most[0] > 0 and most[1] != self.word:
            return f"only {most[1]}"
        return f"{self.word} alone, which may be another word"


def weigh(text: Reading, name: Name, cues: Sequence[Cue], others: Sequence[Other], letters: Letters) -> Weighed:
    """The signs around a name in its text."""
    word, lower = name.word, text.lower
    signs: list[Sign] = [(name.homonym.prior, word)] if name.homonym.prior else []
    for cue in cues:
        if cue.start < name.end and name.start < cue.end:
            if weight := _held(text, name, cue, letters):
                signs.append((weight, f"{word} in {cue.word}"))
        elif (cue.kind != "comparing" or others) and (weight := _weight(lower, name, cue)):
            signs.append((weight, f"{word} beside {cue.word}"))
    if others:
        signs += _others(lower, name, others)
    signs += stands(text.plain, name.start, name.end, name.homonym, word, chinese=letters.chinese)
    if word[0].isascii() and word[0].isalpha():
        signs += _written(text.plain, name, letters, goods=_before_goods(lower, name, cues))
    elif _MODEL.match(text.plain, name.end):
        signs.append((1.0, f"{word} with a model"))
    elif _CHINESE_VERSUS.match(text.plain, name.end):
        signs.append((0.6, f"{word} against another name"))
    signs = _heaviest(signs)
    return Weighed(word, signs, _sum(signs) >= BORDER - _ROUNDING)


def _sum(signs: list[Sign]) -> float:
    weights = [weight for weight, _ in signs]
    if len(weights) > _MOST_SIGNS:
        weights.sort()
        speaking = [weight for weight in weights[-_MOST_SIGNS:] if weight > 0]
        weights = speaking + [weight for weight in weights[:_MOST_SIGNS] if weight < 0]
    return sum(weights)


def _heaviest(signs: list[Sign]) -> list[Sign]:
    """One sign of each reason."""
    if len(signs) < 2 or len({why for _, why in signs}) == len(signs):
        return signs
    heaviest: dict[str, Sign] = {}
    for sign in signs:
        known = heaviest.setdefault(sign[1], sign)
        if abs(sign[0]) > abs(known[0]):
            heaviest[sign[1]] = sign
    return list(heaviest.values())


def _before_goods(lower: str, name: Name, cues: Sequence[Cue]) -> bool:
    """Whether goods stand right behind a name."""
    return any(
        cue.kind in _GOODS_BEHIND and cue.start >= name.end and lower[name.end : cue.start] == " " for cue in cues
    )


def _held(text: Reading, name: Name, cue: Cue, letters: Letters) -> float:
    """Of a word with the name in it."""
    if not (cue.start <= name.start and name.end <= cue.end):
        return 0.0
    return _phrase(text, name, cue, letters) if cue.kind == "phrase" else _MEANT if cue.kind == "meant" else 0.0


def _phrase(text: Reading, name: Name, cue: Cue, letters: Letters) -> float:
    """A turn of phrase weighs more than any word; of an article and a name only where the name has no capital."""
    first, _, rest = cue.word.partition(" ")
    if cue.word != name.word and (first not in _ARTICLES or rest != name.word):
        return _PHRASE
    capital = text.plain[name.start].isupper() and letters.tell
    return 0.0 if capital and not name.homonym.senses & PERSONS else _ARTICLE


def _weight(lower: str, name: Name, cue: Cue) -> float:
    behind = cue.start >= name.end
    first, last = (name.end, cue.start) if behind else (cue.end, name.start)
    if cue.kind == "act":
        if not behind or name.homonym.senses & PERSONS or lower[first:last] != " ":
            return 0.0
        begins = _BEGINS.search(lower, max(0, name.start - 4), name.start) is not None
        return _ACT_OF_A_SUBJECT if begins and cue.word not in _LINKING else WEIGHTS["act"][0]
    if cue.kind == "goods":
        return WEIGHTS["goods"][0] if behind and lower[first:last] in ("", " ") else 0.0
    return WEIGHTS[cue.kind][_place(lower, first, last, behind=behind, against=cue.kind in ("sense", "work"))]


def _place(lower: str, first: int, last: int, *, behind: bool, against: bool) -> int:
    gap = last - first
    if not gap:
        return _BESIDE if behind or against else _IN_CLAUSE
    if gap <= _BESIDE_CHARS and (behind or (against and gap < 2)) and _LINK.fullmatch(lower, first, last):
        return _BESIDE
    if gap > _NEAR_CHARS or _SENTENCE_END.search(lower, first, last):
        return _IN_TEXT
    return _IN_SENTENCE if gap > _CLAUSE_CHARS or _CLAUSE_END.search(lower, first, last) else _IN_CLAUSE


def _others(lower: str, name: Name, others: Sequence[Other]) -> list[Sign]:
    signs = []
    for other in others:
        first, last = (name.end, other.start) if other.start >= name.end else (other.end, name.start)
        gap = last - first
        if not 0 <= gap <= FAR_CHARS:
            continue
        listed = gap < 8 and _ENUMERATION.fullmatch(lower, first, last) is not None
        if not other.related:
            weight = (0.4 if listed else 0.2) if other.certain else 0.0
        elif other.certain:
            weight = 1.2 if listed else 1.0 if gap < 40 else 0.7
        else:
            weight = 0.7 if listed else 0.4 if gap < 60 else 0.2
        signs.append((weight, f"{name.word} beside {other.name}"))
    return signs


def _written(plain: str, name: Name, letters: Letters, *, goods: bool) -> list[Sign]:
    """What an English word's capital, article and place in the sentence tell; an article before `goods` is theirs."""
    capital = plain[name.start].isupper()
    if letters.japanese:
        # English words are written in kana there; Latin letters are names.
        return [(1.0 if capital else 0.6, f"{name.word} in a Japanese text")]
    if letters.chinese:
        return [(0.8 if capital else 0.6, f"{name.word} in a Chinese text")]
    before = _WORD_BEFORE.search(plain, max(0, name.start - 30), name.start)
    last = before.group(1) if before else ""
    behind = _behind_word(plain, name, last, told=capital and letters.tell, capital=capital, goods=goods)
    signs = [behind] if behind else []
    if plain.startswith("'s ", name.end) and not name.homonym.senses & _OWNERS:
        signs.append((0.5, f"{name.word}'s"))
    if capital and letters.tell and _compared(plain, name):
        signs.append((0.8, f"{name.word} against another name"))
    if letters.tell and not name.homonym.senses & PROPER:
        signs.append(_capital(plain, name, last, before.start() if before else 0))
    return signs


def _behind_word(plain: str, name: Name, last: str, *, told: bool, capital: bool, goods: bool) -> Sign | None:
    """What the words before a name tell. `told`: its capital says that it is a name; `goods` own the article."""
    person = bool(name.homonym.senses & PERSONS)
    if not goods or person:
        if last.lower() in _ARTICLES and not told:
            return -0.8, f"{last.lower()} {name.word}"
        if not capital and _DETERMINED.search(plain, max(0, name.start - 40), name.start):
            return -0.8, f"{name.word} of something"
        if last == "to" and not capital and not _goes(plain, name) and _VERB_BEHIND.match(plain, name.end):
            return -1.0, f"to {name.word}"
    if last == "to" and name.trades & PLACES and _goes(plain, name):
        return 1.0, f"to {name.word}"
    if last in _WAYS and not person:
        return 1.0 if last == "at" and name.trades & PLACES else 0.5, f"{last} {name.word}"
    if (last == "into" and name.trades & PLACES) or (last == "on" and "internet" in name.trades):
        return 0.5, f"{last} {name.word}"
    return None


def _goes(plain: str, name: Name) -> bool:
    return _GOING.search(plain, max(0, name.start - 30), name.start) is not None


def _compared(plain: str, name: Name) -> bool:
    """Whether a name with a capital stands on either side of it, with `vs` or `or` between them."""
    return (
        _VERSUS.match(plain, name.end) is not None
        or _AFTER_VERSUS.search(plain, max(0, name.start - 30), name.start) is not None
    )


def _capital(plain: str, name: Name, last: str, last_start: int) -> Sign:
    if not plain[name.start].isupper():
        # Who begins without a capital leaves them out everywhere.
        return 0.0 if _FIRST_SMALL.match(plain) else -0.2, f"{name.word} without a capital"
    behind = _WORD_BEHIND.match(plain, name.end)
    if _BEGINS.search(plain, max(0, name.start - 4), name.start):
        weight = 0.6 if plain.startswith("'s", name.end) else 0.2
    elif (
        last
        and last[0].isupper()
        and last != "I"
        and plain[name.start - 1] == " "
        and plain[name.start - 2] != ","
        and not _BEGINS.search(plain, max(0, last_start - 4), last_start)
    ):
        weight = -0.3
    else:
        weight = 0.2 if behind and behind.group(1)[0].isupper() and len(behind.group(1)) > 1 else 1.0
    return weight, f"{name.word} with a capital"
