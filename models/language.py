"""Whether a text is in a language that the bundled model knows: Chinese or English, however a feed labels it.

The scripts decide where they can: kana, Hangul, Thai and the like against Han and Latin. Among Latin texts those with
enough unmistakably English words are English; of the rest a detector (py3langid, n-grams of bytes) tells how probably
they are. What says nothing of a language (`ok`, a brand's name, emoji, a number) is no foreign text.

Japanese and Chinese share characters. Japanese has kana other than the の that Chinese shops like, or characters that
only Japan writes (検, 売); Chinese has characters that no Japanese standard knows (这, 价), or words of its own
(們, 嗎). A text of neither is what its feed says.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final, Literal, Protocol

from models.normalise import HAN, normalise

Language = Literal["zh", "en", "other"]
"""`en` stands for any text in Latin letters, or without letters, that is in no other language."""

_DETECTED: Final = [
    "en", "es", "pt", "fr", "de", "it", "nl", "id", "ms", "vi", "tr", "pl", "sv", "da", "no", "fi", "tl", "ro", "cs",
    "hu", "hr", "jv", "ca", "sk", "sw",
]  # fmt: skip
"""Languages in Latin letters that are told apart; with more of them, short English texts look like one of the rest."""
_UNLIKELY, _DOUBTFUL, _SURE = 0.02, 0.07, 0.38
"""A text is foreign if English is unlikely, or doubtful while another language is likely."""
_FEW_WORDS, _SURE_OF_FEW = 2, 0.6
_HARDLY_ENGLISH, _NO_GUESS = 0.0025, 0.2
"""Two or three words without an accent are often names of goods, of no language (`Zara haul`, `adidas samba`): two are
foreign only if another language is likely, or English next to impossible; three are not if no language is likely."""
_MAX_READ_CHARS = 400

_OTHER_SCRIPTS: Final = (
    "\u0370-\u03ff\u0400-\u052f\u0530-\u05ff\u0600-\u0619\u061b-\u06ff\u0700-\u10ff\u1200-\u17b3\u17b6-\u180a"
    "\u1810-\u1cff\u1f00-\u1fff\ua840-\uabff\ufb50-\ufdff\ufe70-\ufefe"
)
_HANGUL: Final = "\u1100-\u115e\u1161-\u11ff\u3131-\u318e\ua960-\ua97f\uac00-\ud7ff"
_KANA: Final = "\u3041-\u3096\u30a1-\u30fa\uff66-\uff6f\uff71-\uff9d"
_NOT_ORDINARY = re.compile(f"[{_OTHER_SCRIPTS}{_HANGUL}{_KANA}]")
_OTHER_WORD = re.compile(f"[{_OTHER_SCRIPTS}]{{2,}}")
"""One letter alone is a part of a face: (｡･ω･｡), ಠ_ಠ."""
_HANGUL_LETTER = re.compile(f"[{_HANGUL}]")
_KANA_RUN = re.compile(f"[{_KANA}\u30fc]{{2,}}|(?<=[{HAN}])[{_KANA}]|[{_KANA}](?=[{HAN}])")
_HIRAGANA = re.compile("[\u3041-\u306d\u306f-\u3096]")
_DECORATION = "の"
_HAN = re.compile(f"[{HAN}]")
_CHINESE_ALONE = frozenset("你妳您她它們這哪嗎呢吧啦嘛喔咧很沒個給麼啊唷欸")
"""In the Japanese standard too, but no part of modern Japanese."""
_LATIN = "a-zà-öø-ɏḀ-ỿ"
_LATIN_WORD = re.compile(f"(?<![^\\W_])(?<![@$*])[{_LATIN}]+(?:['’][{_LATIN}]+)*(?![@$*\\w])", re.IGNORECASE)
_LETTERS = re.compile(f"\\S*[{_LATIN}]\\S*", re.IGNORECASE)
_MASKED = re.compile(r"(?:https?://|www\.)\S+|(?<!\w)[@#][\w.]+")
_LETTERS_A_WORD, _HAN_A_WORD, _KANA_A_WORD, _HANGUL_A_WORD = 5, 1.7, 3, 2.5
_MAX_WITHOUT_KANA = 12
"""Japanese headlines do without kana, sentences do not."""
_NAMES = 5
"""So many capitalised words in a row may be a name: La Roche Posay."""

_ENGLISH_WORDS: Final = (
    "the and you your this that these those they them with has had my its it it's not what when where why how who just"
    " but from would could should been i'm im don't dont didn't didnt doesn't isn't isnt can't cant won't i've ive i'll"
    " get got were their there there's really very never always because after before again please pls plz thanks thank"
    " thx lol lmao omg wtf she she's his him he's our out about than which while still even every everyone everything"
    " nothing something anything need want love loved buy bought good great looks look came come going gonna wanna"
    " you're that's what's let's we're they're if much more most some any only too miss already"
    " angry sad happy hate cheap broken fake worst worth waste money arrived received waiting wrong ugly pretty cute"
    " nice beautiful amazing terrible horrible awful"
    " smell smells dress shoes skin hair beware avoid recommend disappointed excited honestly"
    " literally obsessed tried works work working stop think feel feels made make makes better days weeks months"
)
_ENGLISH: Final = frozenset(_ENGLISH_WORDS.split())
"""Words that are English and in no other language of `_DETECTED` as common."""
_WORDS_OF_NO_LANGUAGE: Final = (
    "ok okay okey lol lmao haha hahaha hehe wow omg wtf gg hi hello hey bye yes no nah yep yup hmm uh ah oh yay thx ty"
    " first follow live link size top super mega pro max mini plus new sale ig tiktok dm pm xd"
)
_SAYS_NOTHING: Final = frozenset(_WORDS_OF_NO_LANGUAGE.split())
_WORDS_OF_MANY_LANGUAGES: Final = (
    "a i u is for of to in on so are was have be at as an or do we all no me will can by like up now back here how know"
    " see time price msg ig"
    " quality delivery shipping parcel seller refund customer service order color colour shade support"
)
_ALSO_ENGLISH: Final = frozenset(_WORDS_OF_MANY_LANGUAGES.split())
"""Words of English that other languages have too: beside one of `_ENGLISH` they tell."""
_FOREIGN_WORDS: Final = (
    "muy malo calidad basura estafa roto dinero servicio sirve barata barato equivocada equivocado experiencia"
    " ruim muito qualidade quebrado veio barang rusak jelek banget kecewa bagus sangat kualitas palsu penjual penipu"
    " pengiriman mauvaise qualité produit jamais déçu schlecht schlechte sehr kaputt falsche angekommen arrivato rotto"
    " prodotto pessimo pessima servizio molto slechte kwaliteit berbat kötü"
)
_FOREIGN: Final = frozenset(_FOREIGN_WORDS.split())
"""Words by which buyers judge goods in other languages of `_DETECTED`, and that are no English and no goods' name
(`Kinder Bueno`, `mala beads`): two or three words are too few for the detector."""
_ENOUGH_ENGLISH, _ENOUGH_WITH_OTHERS = 0.25, 0.4


class _Detector(Protocol):
    def rank(self, text: str) -> list[tuple[str, float]]:
        """Languages with their probabilities, the likeliest first."""

    def set_languages(self, langs: list[str]) -> None: ...


def language_of(text: str, said: str | None = None) -> Language:
    """The language of a text as it came. `said` is what its feed says, believed where the text itself does not tell."""
    return language_of_reading(text, normalise(text), said)


def language_of_reading(text: str, normal: str, said: str | None = None) -> Language:
    """As `language_of`, of a text whose normal form is known: there disguised letters are plain, but the characters of
    Japan are not told from China's."""
    stated = (said or "").lower().replace("_", "-").partition("-")[0]
    written, plain = text[:_MAX_READ_CHARS], normal[:_MAX_READ_CHARS]
    if _NOT_ORDINARY.search(plain) is not None:
        return _by_script(written, plain, stated)
    if _HAN.search(plain) is not None:
        return _with_han(written, plain, stated)
    return "other" if _is_foreign(plain, stated) else "en"


def _by_script(written: str, text: str, stated: str) -> Language:
    han = len(_HAN.findall(text)) / _HAN_A_WORD
    kana = _kana(text)
    latin = sum(map(len, _LATIN_WORD.findall(_MASKED.sub(" ", text)))) / _LETTERS_A_WORD
    foreign = len(_HANGUL_LETTER.findall(text)) / _HANGUL_A_WORD
    foreign += sum(map(len, _OTHER_WORD.findall(text))) / _LETTERS_A_WORD
    foreign += kana / _KANA_A_WORD
    is_japanese = _HIRAGANA.search(text) is not None or kana > 1 or stated == "ja"
    if kana and is_japanese and not _is_chinese(written):
        foreign, han = foreign + han, 0
    if foreign > han + latin:
        return "other"
    if han:
        return _with_han(written, text, stated)
    return "other" if _is_foreign(text, stated) else "en"


def _kana(text: str) -> int:
    """Kana of words: neither a の between Chinese words nor a single sign of a face, such as ツ."""
    return sum(len(run) for run in _KANA_RUN.findall(text) if run != _DECORATION)


def _with_han(written: str, text: str, stated: str) -> Language:
    han = len(_HAN.findall(text))
    said_to_be_japanese = stated == "ja" and han <= _MAX_WITHOUT_KANA
    if (said_to_be_japanese or _is_written_in_japan(written, han)) and not _is_chinese(written):
        return "other"
    words = han / _HAN_A_WORD
    latin = _LATIN_WORD.findall(_MASKED.sub(" ", text))
    return "other" if len(latin) > 4 * words and _is_foreign(text, stated) else "zh"


def _is_written_in_japan(text: str, han: int) -> bool:
    """Whether a tenth of the characters are Japan's alone; one in a long text is a variant, such as Hong Kong's 綫."""
    return len(_japanese_alone().findall(text)) * 10 >= max(han, 1)


def _is_chinese(text: str) -> bool:
    return any(character in _CHINESE_ALONE or not _in_japanese(character) for character in _HAN.findall(text))


@lru_cache(maxsize=8_192)
def _in_japanese(character: str) -> bool:
    return _encodes(character, "shift_jis")


@cache
def _japanese_alone() -> re.Pattern[str]:
    """Characters that Japan's standard has and neither mainland China's nor Taiwan's."""
    basic = map(chr, range(0x4E00, 0x9FA6))
    alone = [c for c in basic if _encodes(c, "shift_jis") and not _encodes(c, "gb2312") and not _encodes(c, "big5")]
    return re.compile(f"[{''.join(alone)}]")


def _encodes(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _is_foreign(text: str, stated: str) -> bool:
    """Whether a text in Latin letters is in another language than English."""
    written = _LATIN_WORD.findall(_MASKED.sub(" ", text))
    words = [word.lower().replace("’", "'") for word in written]
    telling = [word for word in words if word not in _SAYS_NOTHING and len(word) > 1]
    if not telling or _is_english(words):
        return False
    if len(words) <= _FEW_WORDS + 1 and not _FOREIGN.isdisjoint(words):
        return True
    labelled = stated not in ("", "en", "zh", "und")
    if not labelled and _tells_nothing(written, text):
        return False
    english, likeliest = _probabilities(" ".join(words))
    if labelled:
        return english < likeliest
    if len(words) == 1:
        return english < _UNLIKELY / 2 and likeliest > 0.25
    if len(words) <= _FEW_WORDS + 1 and all(word.isascii() and word.isalpha() for word in words):
        if len(words) <= _FEW_WORDS:
            return english < _HARDLY_ENGLISH or (english < _UNLIKELY and likeliest > _SURE_OF_FEW)
        if likeliest < _NO_GUESS:
            return False
    sure = _SURE if len(words) > _FEW_WORDS else _SURE_OF_FEW
    return english < _UNLIKELY or (english < _DOUBTFUL and likeliest > sure)


def _tells_nothing(written: list[str], text: str) -> bool:
    """Whether most words are disguised or names of goods, all are names, or a single one is of no language."""
    if 2 * len(written) <= len(_LETTERS.findall(text)):
        return True
    if len(written) == 1:
        return written[0].isascii()
    return len(written) <= _NAMES and all(word.istitle() for word in written)


def _is_english(words: list[str]) -> bool:
    english = sum(word in _ENGLISH for word in words)
    others = sum(word in _ALSO_ENGLISH for word in words) if english else 0
    return english >= _ENOUGH_ENGLISH * len(words) or (
        others > 0 and english + others >= _ENOUGH_WITH_OTHERS * len(words)
    )


def _probabilities(words: str) -> tuple[float, float]:
    """How probably lower-case words are English, and the probability of the likeliest language."""
    ranked = _detector().rank(words)
    return next(float(p) for name, p in ranked if name == "en"), float(ranked[0][1])


@cache
def _detector() -> _Detector:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # takes a second, which only foreign texts need

    detector: _Detector = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    detector.set_languages(_DETECTED)
    return detector
