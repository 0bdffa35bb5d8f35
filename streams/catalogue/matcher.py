"""One automaton over the names of all brands (Aho and Corasick, 1975): a text is read once, however many there are.

1. Read the text as it sounds, not as it was typed (reading).  2. Find names, one automaton.  3. Leave those that are
parts of other words, addresses and users' names (borders), or of a longer name.  4. A certain name is the brand.  5.
Around the others find words that speak for or against them, a second automaton, and weigh them (evidence).
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar

import ahocorasick
import msgspec

from models.language import language_of
from streams.catalogue.borders import (
    WordBorders,
    addresses,
    is_in_mail,
    is_own_host,
    is_rare_word,
    is_spaced,
    is_word,
    joined,
    mention_allows,
    stands_alone,
)
from streams.catalogue.brand import Brand
from streams.catalogue.evidence import FAR_CHARS, Cue, CueKind, Letters, Name, Other, Weighed, weigh
from streams.catalogue.lexicon import ADJECTIVES, FOODS, PERSONS, Homonym, Lexicon, shipped_lexicon
from streams.catalogue.reading import Reading, folded, read
from streams.catalogue.spelling import as_word, loose_spellings, misspellings, spellings, syllables

_Found = TypeVar("_Found")
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


class _Verdict(msgspec.Struct, frozen=True, gc=False):
    about: bool
    why: str


@dataclass(frozen=True, slots=True)
class _Profile:
    """A brand as the matcher knows it."""

    brand: Brand
    place: int
    words: Mapping[str, CueKind]
    """Its own context, must and must-not words."""
    limited: bool
    """Whether it has must or must-not words."""
    trades: frozenset[str]
    rivals: frozenset[str]


class _Meaning(msgspec.Struct, frozen=True, gc=False):
    """What a name that is found may be."""

    word: str
    roles: tuple[tuple[str, Role], ...]
    """By brand."""
    certain: bool
    """Whether it is the name by itself, unless something speaks against it."""


class _CueWord(msgspec.Struct, frozen=True, gc=False):
    """A word that may speak for or against a name."""

    word: str
    kinds: tuple[tuple[CueKind, str], ...]
    """What it may be and to which names, senses or trades, the first that it is before the others."""
    spaced: bool
    """Whether it is in letters that are written with spaces between words."""


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
        oftener = {word for word, homonym in self._lexicon.homonyms.items() if homonym.prior >= 1}
        self._names = _Automaton(
            {
                word: _Meaning(word, tuple(roles.items()), word in oftener or not ALONE.isdisjoint(roles.values()))
                for word, roles in names.items()
            }
        )
        shared = _shared_words(self._lexicon, names)
        own = {word for profile in self._profiles.values() for word in profile.words}
        self._cues = _Automaton(
            {word: _CueWord(word, shared.get(word, ()), is_spaced(word)) for word in own | shared.keys()}
        )

    def brands(self, text: str) -> list[str]:
        """The brands that the text is about, in the order of the file."""
        asked = self._asked(text)
        return [name for name in asked.names() if asked.verdict(name).about] if asked else []

    def explain(self, text: str) -> list[Match]:
        """Every brand whose name the text has, with the reason for the verdict."""
        asked = self._asked(text)
        return [asked.match(name) for name in asked.names()] if asked else []

    def _asked(self, text: str) -> "_Asked | None":
        reading = read(text)
        found = self._names_in(reading)
        return _Asked(self, reading, found) if found else None

    def knows(self, brand: str) -> bool:
        return brand in self._profiles

    def profile(self, brand: str) -> _Profile:
        return self._profiles[brand]

    def cues_in(self, lower: str) -> list[tuple[_CueWord, int, int]]:
        """Words that may speak for or against a name, in the order of their ends."""
        return [cue for cue in self._cues.found(lower) if not (cue[0].spaced and joined(lower, cue[1], cue[2]))]

    def is_a_word_alone(self, lower: str, at: int) -> bool:
        return self._borders.is_a_word_alone(lower, at)

    def meant(self, word: str) -> tuple[str, Homonym]:
        """The name that a word is, or is a slip of, and what is known of it."""
        name = self._meant.get(word, word)
        return name, self._lexicon.homonyms.get(name) or (_RARE_WORD if is_rare_word(name) else _NO_HOMONYM)

    def _names_in(self, reading: Reading) -> dict[str, list[Hit]]:
        lower = reading.lower
        spans = self._names.found(lower)
        if not spans:
            return {}
        if len(spans) > 1:
            spans.sort(key=lambda found: (found[1], -found[2]))
        many = len(spans) > _MOST_HITS
        sites = addresses(lower)
        found: dict[str, list[Hit]] = {}
        covered_from = covered_to = 0
        for meaning, start, end in spans:
            if many and all(len(found.get(brand, ())) >= _MOST_HITS for brand, _ in meaning.roles):
                continue
            site = _around(sites, start, end) if sites else None
            own_host = site is not None and is_own_host(lower, site, start, end)
            if not own_host and not self._is_a_name(reading, start, end, meaning.certain, site):
                continue
            if end > covered_to:
                covered_from, covered_to = start, end
            elif covered_from <= start and (start > covered_from or end < covered_to):
                continue
            for brand, role in meaning.roles:
                hits = found.setdefault(brand, [])
                if len(hits) < _MOST_HITS:
                    hits.append(Hit("name" if own_host else role, meaning.word, start, end))
        return found

    def _is_a_name(self, reading: Reading, start: int, end: int, certain: bool, site: tuple[int, int] | None) -> bool:
        lower = reading.lower
        if site is not None and (not certain or is_in_mail(lower, site)):
            return False
        if not stands_alone(reading, start, end, certain=certain):
            return False
        if "@" in lower and lower[start] not in "@#" and not mention_allows(lower, start, end):
            return False
        return self._borders.is_a_word(lower, start, end)


_NO_HOMONYM: Final = Homonym()
_ABOUT_WORKS: Final = frozenset(("internet", "telecom"))
"""Trades of which films and songs are the goods."""
_RARE_WORD: Final = Homonym(prior=0.5)
"""A Chinese name that is called ambiguous, and that no dictionary has as a word: it is oftener the name."""


_RANKS: Final[Mapping[CueKind, int]] = {
    "phrase": 0, "meant": 0, "sense": 0, "work": 1, "peer": 2, "trade": 3, "general": 4, "goods": 5, "act": 6,
    "comparing": 7,
}  # fmt: skip
"""What a word is, where it may be several: the first that it is to the name and the brand."""


def _speaks(kind: CueKind, key: str, name: Name) -> bool:
    """Whether a word of a kind is that to a name."""
    if kind in ("trade", "peer"):
        return key in name.trades
    if kind == "sense":
        return key in name.homonym.senses
    if kind in ("phrase", "meant"):
        return key == name.meant
    if kind == "goods":
        return _sells(name.homonym.senses, key)
    return kind != "work" or _ABOUT_WORKS.isdisjoint(name.trades)


def _sells(senses: frozenset[str], trade: str) -> bool:
    """Whether goods of a trade right behind a name speak for a brand: no word of these senses stands before goods."""
    return not senses & (PERSONS | ADJECTIVES) and not (senses & FOODS and trade in ("food", "restaurants"))


def _around(spans: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int] | None:
    """The span, of several that do not meet, that holds a place."""
    at = bisect_right(spans, start, key=lambda span: span[0]) - 1
    return spans[at] if at >= 0 and end <= spans[at][1] else None


def _held(hit: Hit, words: Iterable[Hit]) -> Hit | None:
    """The first of the words that holds the hit."""
    for word in words:
        if word.start <= hit.start and hit.end <= word.end:
            return word
    return None


class _Asked:
    """One text: its names, and the words around them, looked for when a verdict needs them."""

    _cues: list[tuple[_CueWord, int, int]] | None = None
    _letters: Letters | None = None
    _spots: list[tuple[Hit, str]] | None = None

    def __init__(self, matcher: BrandMatcher, reading: Reading, found: Mapping[str, list[Hit]]) -> None:
        self._matcher = matcher
        self._reading = reading
        self._found = found

    def names(self) -> Iterable[str]:
        """The brands whose names the text has, in the order of the file."""
        if len(self._found) == 1:
            return self._found
        return sorted(self._found, key=lambda name: self._matcher.profile(name).place)

    def match(self, name: str) -> Match:
        verdict = self.verdict(name)
        return Match(name, verdict.about, verdict.why, (*self._found[name], *self._own(self._matcher.profile(name))))

    def verdict(self, name: str) -> _Verdict | Weighed:
        """Whether the text is about a brand, and why."""
        profile = self._matcher.profile(name)
        verdict = self._verdict(profile, self._found[name], self._own(profile))
        languages = profile.brand.languages
        if languages and verdict.about and not self._is_in(languages):
            return _Verdict(False, f"in another language than {', '.join(languages)}")
        return verdict

    def _own(self, profile: _Profile) -> list[Hit]:
        """A brand's must and must-not words in the text."""
        if not profile.limited:
            return []
        return [
            Hit(role, cue.word, start, end)
            for cue, start, end in self._cues_found()
            if (role := profile.words.get(cue.word)) in ("must", "must_not")
        ][:_MOST_HITS]

    def _is_in(self, languages: Sequence[str]) -> bool:
        """Whether the text may be in one of the languages. Those beside Chinese and English are not told apart."""
        spoken = {language.partition("-")[0].lower() for language in languages}
        found = language_of(self._reading.plain)
        return found in spoken or (found == "other" and bool(spoken - {"zh", "en"}))

    def _verdict(self, profile: _Profile, hits: Sequence[Hit], own: Sequence[Hit]) -> _Verdict | Weighed:
        if profile.brand.must and not any(hit.role == "must" for hit in own):
            return _Verdict(False, "none of its `must` words")
        against = [hit for hit in own if hit.role == "must_not"] if own else ()
        ambiguous = []
        said = ""
        for hit in hits:
            if against and (holder := _held(hit, against)):
                said = f"{hit.word} in {holder.word}"
            elif hit.role in ALONE:
                return _Verdict(True, f"{hit.role} {hit.word}")
            else:
                ambiguous.append(hit)
        if not ambiguous:
            return _Verdict(False, said)
        for word in against:
            if not any(_held(hit, (word,)) for hit in hits):
                return _Verdict(False, f"{ambiguous[0].word} beside {word.word}")
        for hit in ambiguous[:_MOST_WEIGHED]:
            weighed = self._weighed(profile, hit)
            if weighed.about:
                break
        return weighed

    def _weighed(self, profile: _Profile, hit: Hit) -> Weighed:
        if self._letters is None:
            self._letters = Letters(self._reading.plain)
        meant, homonym = self._matcher.meant(hit.word)
        name = Name(hit.word, hit.start, hit.end, meant, homonym, profile.trades)
        others = self._others(profile, hit) if len(self._found) > 1 else []
        cues = self._cues_for(profile, name, others)
        return weigh(self._reading, name, cues, others, self._letters)

    def _cues_for(self, profile: _Profile, name: Name, others: list[Other]) -> list[Cue]:
        """The words around a name that speak for or against it; names of other companies join the `others`."""
        cues = self._cues_found()
        if name.start > FAR_CHARS:
            cues = cues[bisect_left(cues, name.start - FAR_CHARS, key=lambda cue: cue[2]) :]
        own, furthest = profile.words, name.end + FAR_CHARS
        found = []
        for cue, start, end in cues:
            if start > furthest:
                break
            kind = own.get(cue.word)
            if kind is None:
                for known, key in cue.kinds:
                    if _speaks(known, key, name):
                        kind = known
                        break
                else:
                    continue
            if end - start == 1 and not self._stands_alone(name, start):
                continue
            if kind == "peer":
                others.append(Other(cue.word, start, end, True, True))
            else:
                found.append(Cue(kind, cue.word, start, end))
        return found

    def _stands_alone(self, name: Name, at: int) -> bool:
        """Whether a character is a word of its own: 台 in 那台长虹, where 台长 is no word because the name begins."""
        lower = self._reading.lower
        if at < name.start:
            lower = lower[: name.start]
        elif at >= name.end:
            lower, at = lower[name.end :], at - name.end
        return self._matcher.is_a_word_alone(lower, at)

    def _others(self, profile: _Profile, hit: Hit) -> list[Other]:
        if self._spots is None:
            spots = ((one, name) for name, hits in self._found.items() for one in hits)
            self._spots = sorted(spots, key=lambda spot: spot[0].start)
        at = bisect_left(self._spots, hit.start - FAR_CHARS, key=lambda spot: spot[0].start)
        others = []
        for one, name in self._spots[at : at + _MOST_HITS]:
            if name != profile.brand.id:
                other = self._matcher.profile(name)
                related = (
                    name in profile.rivals
                    or profile.brand.id in other.rivals
                    or not profile.trades.isdisjoint(other.trades)
                )
                others.append(Other(one.word, one.start, one.end, one.role in ALONE, related))
        return others

    def _cues_found(self) -> list[tuple[_CueWord, int, int]]:
        if self._cues is None:
            self._cues = self._matcher.cues_in(self._reading.lower)
        return self._cues


class _Automaton(Generic[_Found]):
    """Finds words in a text, each with what it means."""

    def __init__(self, words: Mapping[str, _Found]) -> None:
        self._automaton = ahocorasick.Automaton()
        for word, meaning in words.items():
            self._automaton.add_word(_bytewise(word), (meaning, len(word)))
        if words:
            self._automaton.make_automaton()
        self._empty = not words

    def found(self, lower: str) -> list[tuple[_Found, int, int]]:
        """(meaning, start, end), in the order of their ends."""
        if self._empty:
            return []
        if lower.isascii():
            return [(meaning, last + 1 - chars, last + 1) for last, (meaning, chars) in self._automaton.iter(lower)]
        found = []
        utf8 = lower.encode(errors="replace")
        end = seen = 0
        for last, (meaning, chars) in self._automaton.iter(utf8.decode("latin-1")):
            end += len(utf8[seen : last + 1].decode())
            seen = last + 1
            found.append((meaning, end - chars, end))
        return found


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
        limited = bool(brand.must or brand.must_not)
        profiles[brand.id] = _Profile(
            brand, place, words, limited, trades[brand.id] or of_rivals, frozenset(brand.rivals)
        )
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
                if kind == "trade":
                    shared[word].append(("goods", group))
    alone: Mapping[CueKind, Iterable[str]] = {
        "general": lexicon.general, "act": lexicon.acts, "comparing": lexicon.comparing, "work": lexicon.works,
    }  # fmt: skip
    for kind, words in alone.items():
        for word in words:
            shared[word].append((kind, ""))
    return {word: tuple(sorted(meanings, key=lambda meaning: _RANKS[meaning[0]])) for word, meanings in shared.items()}
