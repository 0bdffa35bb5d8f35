"""One automaton over the names of all brands (Aho and Corasick, 1975): a text is read once, however many there are.

1. Read the text as it sounds, not as it was typed (reading).  2. Find names, one automaton.  3. Leave those that are
parts of other words, addresses and users' names (borders), or of a longer name.  4. A certain name is the brand.  5.
Around the others find words that speak for or against them, a second automaton, and weigh them (evidence).
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal

import ahocorasick
import msgspec

from models.language import language_of
from streams.catalogue.borders import (
    WordBorders,
    addresses,
    is_in_mail,
    is_own_host,
    is_rare_word,
    is_word,
    joined,
    mention_allows,
    stands_alone,
)
from streams.catalogue.brand import Brand
from streams.catalogue.evidence import FAR_CHARS, Cue, CueKind, Letters, Name, Other, weigh
from streams.catalogue.lexicon import ADJECTIVES, FOODS, PERSONS, Homonym, Lexicon, shipped_lexicon
from streams.catalogue.reading import Reading, folded, read
from streams.catalogue.spelling import as_word, loose_spellings, misspellings, spellings, syllables

Role = Literal["name", "ambiguous", "handle", "hashtag", "product", "context", "must", "must_not"]
ALONE: Final = frozenset[Role]({"name", "handle", "hashtag", "product"})
"""What is the brand by itself."""
_MOST_HITS: Final = 64
"""So many of a brand's names in a text are looked at, the first ones: a text's time is bounded."""
_MOST_WEIGHED: Final = 16


class Hit(msgspec.Struct, frozen=True, gc=False):
    """A word of a brand's in a text; `start` and `end` in characters of the text as it was read."""

    role: Role
    word: str
    start: int
    end: int


class Match(msgspec.Struct, frozen=True, gc=False):
    """What a text has of one brand, and whether it is about it."""

    brand: str
    about: bool
    why: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class _Profile:
    """A brand as the matcher knows it."""

    brand: Brand
    place: int
    words: Mapping[str, CueKind]
    """Its own context, must and must-not words."""
    trades: frozenset[str]
    rivals: frozenset[str]


class BrandMatcher:
    """Finds the brands of texts. Immutable: a changed file is a new matcher."""

    def __init__(self, brands: Sequence[Brand], lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon or shipped_lexicon()
        self._profiles = _profiles(brands, self._lexicon)
        names = _names(brands, self._lexicon)
        self._borders = WordBorders(names)
        self._meant: dict[str, str] = {}
        for slip, name, role, brand in _slips(brands, self._lexicon, names):
            names.setdefault(slip, {})[brand] = role
            self._meant[slip] = name
        self._names = _Automaton({word: tuple(meanings.items()) for word, meanings in names.items()})
        # Words that are the brand's name by themselves, unless something speaks against it.
        self._oftener = {word for word, homonym in self._lexicon.homonyms.items() if homonym.prior >= 1}
        self._shared = _shared_words(self._lexicon, names)
        own = {word for profile in self._profiles.values() for word in profile.words}
        self._cues = _Automaton(dict.fromkeys(own | self._shared.keys()))

    def brands(self, text: str) -> list[str]:
        """The brands that the text is about, in the order of the file."""
        return [match.brand for match in self.explain(text) if match.about]

    def explain(self, text: str) -> list[Match]:
        """Every brand whose name the text has, with the reason for the verdict."""
        reading = read(text)
        found = self._names_in(reading)
        if not found:
            return []
        asked = _Asked(self, reading, found)
        names = found if len(found) == 1 else sorted(found, key=lambda name: self._profiles[name].place)
        return [asked.match(name) for name in names]

    def knows(self, brand: str) -> bool:
        return brand in self._profiles

    def profile(self, brand: str) -> _Profile:
        return self._profiles[brand]

    def cues_in(self, reading: Reading) -> list[tuple[str, int, int]]:
        """Words that may speak for or against a name, in the order of their ends."""
        return [(word, start, end) for word, _, start, end in self._cues.found(reading.lower)]

    def is_a_word_alone(self, lower: str, at: int) -> bool:
        return self._borders.is_a_word_alone(lower, at)

    def homonym(self, word: str) -> Homonym:
        """What is known of a name, or of the one that it is a slip of."""
        known = self._lexicon.homonyms.get(self._meant.get(word, word))
        return known or (_RARE_WORD if is_rare_word(word) else _NO_HOMONYM)

    def kind(self, word: str, profile: _Profile, name: str) -> CueKind | None:
        """What a word is to a brand that may be meant by a homonym."""
        own = profile.words.get(word)
        if own is not None:
            return own
        best: CueKind | None = None
        name = self._meant.get(name, name)
        senses = self.homonym(name).senses
        for kind, key in self._shared.get(word, ()):
            if (kind in ("phrase", "meant") and key == name) or (kind == "sense" and key in senses):
                return kind
            known = self._for_the_brand(kind, key, profile, senses)
            if known is not None and (best is None or _RANKS[known] < _RANKS[best]):
                best = known
        return best

    @staticmethod
    def _for_the_brand(kind: CueKind, key: str, profile: _Profile, senses: frozenset[str]) -> CueKind | None:
        if kind in ("phrase", "meant", "sense"):
            return None
        if kind == "work":
            return None if profile.trades & _ABOUT_WORKS else kind
        if kind == "peer":
            return kind if key in profile.trades else None
        if kind == "trade" and key not in profile.trades:
            return "goods" if _sells(senses, key) else None
        return kind

    def _names_in(self, reading: Reading) -> dict[str, list[Hit]]:
        lower = reading.lower
        spans = list(self._names.found(lower))
        if not spans:
            return {}
        spans.sort(key=lambda found: (found[2], -found[3]))
        sites = addresses(lower)
        found: dict[str, list[Hit]] = {}
        covered_to = (0, 0)
        for word, meanings, start, end in spans:
            if all(len(found.get(brand, ())) >= _MOST_HITS for brand, _ in meanings):
                continue
            certain = word in self._oftener or any(role in ALONE for _, role in meanings)
            site = _around(sites, start, end)
            own_host = site is not None and is_own_host(lower, site, start, end)
            if not own_host and not self._is_a_name(reading, start, end, certain, site):
                continue
            if covered_to[0] <= start and end <= covered_to[1] and (start, end) != covered_to:
                continue
            if end > covered_to[1]:
                covered_to = (start, end)
            for brand, role in meanings:
                hits = found.setdefault(brand, [])
                if len(hits) < _MOST_HITS:
                    hits.append(Hit("name" if own_host else role, word, start, end))
        return found

    def _is_a_name(self, reading: Reading, start: int, end: int, certain: bool, site: tuple[int, int] | None) -> bool:
        lower = reading.lower
        if site is not None and (not certain or is_in_mail(lower, site)):
            return False
        if not stands_alone(reading, start, end, certain=certain):
            return False
        if lower[start] not in "@#" and "@" in lower and not mention_allows(lower, start, end):
            return False
        return self._borders.is_a_word(lower, start, end)


_NO_HOMONYM: Final = Homonym()
_ABOUT_WORKS: Final = frozenset(("internet", "telecom"))
"""Trades of which films and songs are the goods."""
_RARE_WORD: Final = Homonym(prior=0.5)
"""A Chinese name that is called ambiguous, and that no dictionary has as a word: it is oftener the name."""


_RANKS: Final[Mapping[CueKind, int]] = {
    "work": 0, "peer": 1, "trade": 2, "general": 3, "goods": 4, "act": 5, "comparing": 6,
}  # fmt: skip


def _sells(senses: frozenset[str], trade: str) -> bool:
    """Whether goods of a trade right behind a name speak for a brand: no word of these senses stands before goods."""
    return not senses & (PERSONS | ADJECTIVES) and not (senses & FOODS and trade in ("food", "restaurants"))


def _around(spans: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int] | None:
    """The span, of several that do not meet, that holds a place."""
    at = bisect_right(spans, start, key=lambda span: span[0]) - 1
    return spans[at] if at >= 0 and end <= spans[at][1] else None


def _held(hit: Hit, words: Iterable[Hit]) -> Hit | None:
    """The first of the words that holds the hit."""
    return next((word for word in words if word.start <= hit.start and hit.end <= word.end), None)


class _Asked:
    """One text: its names, and the words around them, looked for when a verdict needs them."""

    def __init__(self, matcher: BrandMatcher, reading: Reading, found: Mapping[str, list[Hit]]) -> None:
        self._matcher = matcher
        self._reading = reading
        self._found = found
        self._cues: list[tuple[str, int, int]] | None = None
        self._letters: Letters | None = None
        self._spots: list[tuple[Hit, str]] | None = None

    def match(self, name: str) -> Match:
        profile, hits = self._matcher.profile(name), self._found[name]
        brand = profile.brand
        own: list[Hit] = []
        if brand.must or brand.must_not:
            own = [
                Hit(role, word, start, end)
                for word, start, end in self._cues_found()
                if (role := profile.words.get(word)) in ("must", "must_not")
            ][:_MOST_HITS]
        about, why = self._verdict(profile, hits, own)
        if about and brand.languages and not self._is_in(brand.languages):
            about, why = False, f"in another language than {', '.join(brand.languages)}"
        return Match(name, about, why, (*hits, *own))

    def _is_in(self, languages: Sequence[str]) -> bool:
        """Whether the text may be in one of the languages. Those beside Chinese and English are not told apart."""
        spoken = {language.partition("-")[0].lower() for language in languages}
        found = language_of(self._reading.plain)
        return found in spoken or (found == "other" and bool(spoken - {"zh", "en"}))

    def _verdict(self, profile: _Profile, hits: Sequence[Hit], own: Sequence[Hit]) -> tuple[bool, str]:
        if profile.brand.must and not any(hit.role == "must" for hit in own):
            return False, "none of its `must` words"
        against = [hit for hit in own if hit.role == "must_not"]
        said = ""
        for hit in hits:
            holder = _held(hit, against)
            if holder is not None:
                said = f"{hit.word} in {holder.word}"
            elif hit.role in ALONE:
                return True, f"{hit.role} {hit.word}"
        beside = next((word for word in against if not any(_held(hit, (word,)) for hit in hits)), None)
        ambiguous = (hit for hit in hits if hit.role not in ALONE and not _held(hit, against))
        for hit in islice(ambiguous, _MOST_WEIGHED):
            if beside is not None:
                return False, f"{hit.word} beside {beside.word}"
            holds, said = self._weighed(profile, hit)
            if holds:
                return True, said
        return False, said

    def _weighed(self, profile: _Profile, hit: Hit) -> tuple[bool, str]:
        name = Name(hit.word, hit.start, hit.end, self._matcher.homonym(hit.word), profile.trades)
        weighed = weigh(
            self._reading,
            name,
            list(self._cues_for(profile, hit)),
            list(self._others(profile, hit)),
            self._letters_read(),
        )
        return weighed.holds, weighed.why

    def _cues_for(self, profile: _Profile, hit: Hit) -> Iterator[Cue]:
        cues = self._cues_found()
        at = bisect_left(cues, hit.start - FAR_CHARS, key=lambda cue: cue[2]) if hit.start > FAR_CHARS else 0
        for word, start, end in islice(cues, at, None):
            if start > hit.end + FAR_CHARS:
                break
            kind = self._matcher.kind(word, profile, hit.word)
            if kind is None:
                continue
            if len(word) == 1 and not self._stands_alone(hit, start):
                continue
            yield Cue(kind, word, start, end)

    def _stands_alone(self, hit: Hit, at: int) -> bool:
        """Whether a character is a word of its own: 台 in 那台长虹, where 台长 is no word because the name begins."""
        lower = self._reading.lower
        if at < hit.start:
            lower = lower[: hit.start]
        elif at >= hit.end:
            lower, at = lower[hit.end :], at - hit.end
        return self._matcher.is_a_word_alone(lower, at)

    def _others(self, profile: _Profile, hit: Hit) -> Iterator[Other]:
        if len(self._found) == 1:
            return
        if self._spots is None:
            spots = ((one, name) for name, hits in self._found.items() for one in hits)
            self._spots = sorted(spots, key=lambda spot: spot[0].start)
        at = bisect_left(self._spots, hit.start - FAR_CHARS, key=lambda spot: spot[0].start)
        for one, name in islice(self._spots, at, at + _MOST_HITS):
            if name != profile.brand.id:
                other = self._matcher.profile(name)
                related = (
                    name in profile.rivals
                    or profile.brand.id in other.rivals
                    or not profile.trades.isdisjoint(other.trades)
                )
                yield Other(one.word, one.start, one.end, one.role in ALONE, related)

    def _cues_found(self) -> list[tuple[str, int, int]]:
        if self._cues is None:
            self._cues = [
                cue for cue in self._matcher.cues_in(self._reading) if not joined(self._reading, cue[1], cue[2])
            ]
        return self._cues

    def _letters_read(self) -> Letters:
        if self._letters is None:
            self._letters = Letters(self._reading)
        return self._letters


class _Automaton:
    """Finds words in a text, each with what it means."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._automaton = ahocorasick.Automaton()
        for word, meaning in words.items():
            self._automaton.add_word(_bytewise(word), (word, meaning))
        if words:
            self._automaton.make_automaton()
        self._empty = not words

    def found(self, lower: str) -> Iterator[tuple[str, Any, int, int]]:
        """(word, meaning, start, end), in the order of their ends."""
        if self._empty:
            return
        if lower.isascii():
            for last, (word, meaning) in self._automaton.iter(lower):
                yield word, meaning, last + 1 - len(word), last + 1
            return
        read_bytes = _bytewise(lower)
        end = seen = 0
        for last, (word, meaning) in self._automaton.iter(read_bytes):
            end += len(read_bytes[seen : last + 1].encode("latin-1").decode())
            seen = last + 1
            yield word, meaning, end - len(word), end


def _bytewise(text: str) -> str:
    """Its UTF-8 bytes as characters: a node of the automaton looks through its children one by one, and thousands of
    Chinese words begin with as many characters, but with some two hundred bytes."""
    return text.encode(errors="replace").decode("latin-1")


def _names(brands: Sequence[Brand], lexicon: Lexicon) -> dict[str, dict[str, Role]]:
    """What each brand is found by, by word. What the file writes goes before another spelling of it."""
    names: dict[str, dict[str, Role]] = defaultdict(dict)
    for brand in brands:
        written: dict[str, Role] = {}
        for role, word in _own_names(brand, lexicon):
            if written.get(folded(word)) not in ALONE:
                written[folded(word)] = role
        for word, role in written.items():
            names[word][brand.id] = role
        for role, word in _own_names(brand, lexicon):
            apart = syllables(word)
            if apart and (joined_role := written.get(apart.replace(" ", ""))):  # 小米, Xiaomi: xiao mi
                names[apart][brand.id] = joined_role
            for spelling in _other_spellings(role, word) - written.keys():
                if names[spelling].get(brand.id) not in ALONE:
                    names[spelling][brand.id] = role
    return dict(names)


def _other_spellings(role: Role, word: str) -> set[str]:
    if role == "hashtag":
        known = as_word(word)
        return set() if known is None else {known}
    return set() if role == "handle" else spellings(word)


def _slips(brands: Sequence[Brand], lexicon: Lexicon, names: Mapping[str, Any]) -> list[tuple[str, str, Role, str]]:
    """Slips of the pen, each with its name and brand; one of a name that is a word needs company too, and what may be
    two words or another one: 7 up, play station, li ning."""
    found = []
    for brand in brands:
        for role, name in _own_names(brand, lexicon):
            if role not in ("ambiguous", "name"):
                continue
            known = folded(name)
            if role == "ambiguous" or name not in brand.always:
                found += [(slip, known, role, brand.id) for slip in misspellings(name)]
            found += [(slip, known, "ambiguous", brand.id) for slip in loose_spellings(name, role == "ambiguous")]
    return [one for one in found if one[0] not in names and one[0] not in lexicon.homonyms and not is_word(one[0])]


def _own_names(brand: Brand, lexicon: Lexicon) -> Iterator[tuple[Role, str]]:
    for name in brand.names:
        yield ("ambiguous" if folded(name) in lexicon.homonyms else "name"), name
    yield from (("name", name) for name in brand.always)
    yield from (("ambiguous", name) for name in brand.ambiguous)
    yield from (("product", product) for product in brand.products)
    yield from (("handle", "@" + handle.removeprefix("@")) for handle in brand.handles)
    yield from (("hashtag", "#" + hashtag.strip("#")) for hashtag in brand.hashtags)


def _profiles(brands: Sequence[Brand], lexicon: Lexicon) -> dict[str, _Profile]:
    trades = {brand.id: _trades(brand, lexicon) for brand in brands}
    profiles = {}
    for place, brand in enumerate(brands):
        marked: tuple[tuple[CueKind, Iterable[str]], ...] = (
            ("context", brand.context), ("must", brand.must), ("must_not", brand.must_not),
        )  # fmt: skip
        words = {folded(word): kind for kind, listed in marked for word in listed}
        of_rivals = frozenset[str]().union(*(trades.get(rival, frozenset()) for rival in brand.rivals))
        profiles[brand.id] = _Profile(brand, place, words, trades[brand.id] or of_rivals, frozenset(brand.rivals))
    return profiles


def _trades(brand: Brand, lexicon: Lexicon) -> frozenset[str]:
    """The trades of its names, and those of which its context and products name at least two words, or most."""
    named = frozenset[str]().union(
        *(
            lexicon.homonyms[name].trades
            for one in (*brand.names, *brand.ambiguous)
            if (name := folded(one)) in lexicon.homonyms
        )
    )
    own = {folded(word) for word in (*brand.context, *brand.products, *brand.must)}
    shared = {trade: len(own & words) for trade, words in lexicon.trades.items()}
    most = max(shared.values(), default=0)
    return named | {trade for trade, count in shared.items() if count and (count >= 2 or count == most)}


def _shared_words(lexicon: Lexicon, names: Iterable[str]) -> dict[str, tuple[tuple[CueKind, str], ...]]:
    shared: dict[str, list[tuple[CueKind, str]]] = defaultdict(list)
    for name in names:
        homonym = lexicon.homonyms.get(name, _NO_HOMONYM)
        for phrase in homonym.phrases:
            shared[phrase].append(("phrase", name))
        for phrase in homonym.meant:
            shared[phrase].append(("meant", name))
    grouped: Mapping[CueKind, Mapping[str, Iterable[str]]] = {
        "sense": lexicon.senses, "trade": lexicon.trades, "peer": lexicon.peers,
    }  # fmt: skip
    for kind, groups in grouped.items():
        for group, words in groups.items():
            for word in words:
                shared[word].append((kind, group))
    alone: Mapping[CueKind, Iterable[str]] = {
        "general": lexicon.general, "act": lexicon.acts, "comparing": lexicon.comparing, "work": lexicon.works,
    }  # fmt: skip
    for kind, words in alone.items():
        for word in words:
            shared[word].append((kind, ""))
    return {word: tuple(meanings) for word, meanings in shared.items()}
