"""One automaton over the words of all brands (Aho and Corasick, 1975): a text is read once, however many there are."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import ahocorasick

from streams.catalogue.brand import Brand

Role = Literal["name", "ambiguous", "context", "must", "must_not", "handle", "hashtag", "product"]
ALONE: Final = frozenset[Role]({"name", "handle", "hashtag", "product"})
"""What is the brand by itself."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A word of a brand's in a text; `start` and `end` in characters of the text as it was read (`folded`)."""

    role: Role
    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Match:
    """What a text has of one brand, and whether it is about it."""

    brand: str
    about: bool
    why: str
    hits: tuple[Hit, ...]


class BrandMatcher:
    """Finds the brands of texts. Immutable: a changed file is a new matcher."""

    def __init__(self, brands: Sequence[Brand]) -> None:
        self._brands = {brand.id: brand for brand in brands}
        self._place = {name: place for place, name in enumerate(self._brands)}
        words: dict[str, list[tuple[str, Role]]] = defaultdict(list)
        for brand in brands:
            for role, word in _words(brand):
                words[word].append((brand.id, role))
        self._automaton = ahocorasick.Automaton()
        for word, meanings in words.items():
            self._automaton.add_word(_bytewise(word), (word, tuple(meanings)))
        if words:
            self._automaton.make_automaton()
        self._empty = not words

    def brands(self, text: str) -> list[str]:
        """The brands that the text is about, in the order of the file."""
        found = self._found(folded(text))
        return sorted(
            (name for name, hits in found.items() if self._verdict(name, hits)[0]), key=self._place.__getitem__
        )

    def explain(self, text: str) -> list[Match]:
        """Every brand of which the text has a word, with the reason for its verdict."""
        found = self._found(folded(text))
        return [
            Match(name, *self._verdict(name, found[name]), tuple(found[name]))
            for name in sorted(found, key=self._place.__getitem__)
        ]

    def _found(self, text: str) -> dict[str, list[Hit]]:
        found: dict[str, list[Hit]] = {}
        if self._empty:
            return found
        read = _bytewise(text)
        for last, (word, meanings) in self._automaton.iter(read):
            end = len(read[: last + 1].encode("latin-1").decode())
            start = end - len(word)
            if not _stands_alone(text, start, end):
                continue
            for brand, role in meanings:
                found.setdefault(brand, []).append(Hit(role, word, start, end))
        return found

    def _verdict(self, name: str, hits: Sequence[Hit]) -> tuple[bool, str]:
        roles = {hit.role for hit in hits}
        brand = self._brands[name]
        if brand.must and "must" not in roles:
            return False, "none of its `must` words"
        alone = next((hit for hit in hits if hit.role in ALONE), None)
        if alone is not None:
            return True, f"{alone.role} {alone.word}"
        ambiguous = [hit for hit in hits if hit.role == "ambiguous" and not _covered(hit, hits)]
        if not ambiguous:
            return False, "no name of its own"
        against = next((hit for hit in hits if hit.role == "must_not"), None)
        if against is not None:
            return False, f"{ambiguous[0].word} beside {against.word}"
        beside = next((hit for hit in hits if hit.role == "context"), None)
        if beside is None:
            return False, f"{ambiguous[0].word} alone, which may be another word"
        return True, f"{ambiguous[0].word} beside {beside.word}"


def folded(text: str) -> str:
    """The text as words are looked for in it: width, case and invisible signs make no difference."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return plain if plain.isprintable() else "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")


def _bytewise(text: str) -> str:
    """Its UTF-8 bytes as characters: a node of the automaton looks through its children one by one, and thousands of
    Chinese words begin with as many characters, but with some two hundred bytes."""
    return text.encode(errors="replace").decode("latin-1")


def _words(brand: Brand) -> Iterator[tuple[Role, str]]:
    marked: tuple[tuple[Role, Iterable[str]], ...] = (
        ("name", brand.names),
        ("ambiguous", brand.ambiguous),
        ("context", brand.context),
        ("must", brand.must),
        ("must_not", brand.must_not),
        ("product", brand.products),
        ("handle", ("@" + handle.removeprefix("@") for handle in brand.handles)),
        ("hashtag", ("#" + hashtag.strip("#") for hashtag in brand.hashtags)),
    )
    for role, words in marked:
        for word in words:
            yield role, folded(word)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether the word is none inside a longer one. Letters that are written with spaces between words end at what is
    no letter of that kind; Chinese, Japanese and Thai words end anywhere."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    if text[start] in "@#" and before.isalnum():
        return False  # an address, an anchor
    return not (_joins(before, text[start]) or _joins(text[end - 1], after))


def _joins(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum() and not (_spaceless(left) or _spaceless(right))


def _spaceless(sign: str) -> bool:
    code = ord(sign)
    return (
        0x0E00 <= code <= 0x0E7F or 0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0x20000 <= code <= 0x3FFFF
    )


def _covered(hit: Hit, hits: Sequence[Hit]) -> bool:
    """Whether a longer word of `must_not` holds it."""
    return any(other.role == "must_not" and other.start <= hit.start and hit.end <= other.end for other in hits)
