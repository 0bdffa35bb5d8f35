"""What the matcher knows of words without being told: of trades, of other senses, and names that are also words."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from streams.catalogue.reading import folded
from streams.yaml_records import read_record

_WORDS: Final = Path(__file__).parent / "words.yaml"
_ITEM = re.compile(r'"([^"]+)"|(\S+)')
PERSONS: Final = frozenset({"person", "employer"})
"""Senses that act as companies do: what a name does tells nothing."""
ADJECTIVES: Final = frozenset({"general_adjective", "wish", "politics"})
"""Senses that stand before goods as brands do: a perfect phone."""
FOODS: Final = frozenset({"fruit", "grain", "animal"})
"""Senses whose goods are food."""
PLACES: Final = frozenset({"retail", "fashion", "restaurants", "energy"})
"""Trades whose brands are places too: one buys at them."""
PROPER: Final = frozenset({"space", "geography", "person"})
"""Senses that are written with a capital letter too."""


class _Homonym(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"phrases": "not", "meant": "for"}):
    trades: tuple[str, ...] = ()
    senses: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    meant: tuple[str, ...] = ()
    prior: float = 0.0


class _WordsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    general: str
    acts: str
    comparing: str
    trades: dict[str, str]
    peers: dict[str, str]
    senses: dict[str, str]
    works: str
    homonyms: dict[str, _Homonym]


@dataclass(frozen=True, slots=True)
class Homonym:
    """A name that is also a word. `phrases` are turns of phrase with it that mean no brand, `meant` those that do."""

    trades: frozenset[str] = frozenset()
    senses: frozenset[str] = frozenset()
    phrases: tuple[str, ...] = ()
    meant: tuple[str, ...] = ()
    prior: float = 0.0
    """How much the name alone speaks for the brand, where none of the phrases is."""


@dataclass(frozen=True)
class Lexicon:
    """All words folded. A trade, its peers and a sense are sets of words; `general`, `acts`, `comparing` and `works`
    too."""

    general: frozenset[str]
    acts: frozenset[str]
    comparing: frozenset[str]
    trades: Mapping[str, frozenset[str]]
    peers: Mapping[str, frozenset[str]]
    """Other brands of a trade that are no words."""
    senses: Mapping[str, frozenset[str]]
    works: frozenset[str]
    """Of films, songs and sports: a name beside one is a title's or a person's."""
    homonyms: Mapping[str, Homonym]


@lru_cache(maxsize=1)
def shipped_lexicon() -> Lexicon:
    """The lexicon of words.yaml."""
    read = read_record(_WORDS, _WordsFile)
    return Lexicon(
        general=frozenset(_items(read.general)),
        acts=frozenset(folded(word) for word in _split(read.acts)),
        comparing=frozenset(folded(word) for word in _split(read.comparing)),
        trades={name: frozenset(_items(words)) for name, words in read.trades.items()},
        peers={name: frozenset(_items(words)) for name, words in read.peers.items()},
        senses={name: frozenset(_items(words)) for name, words in read.senses.items()},
        works=frozenset(_items(read.works)),
        homonyms={
            folded(name): Homonym(
                frozenset(entry.trades),
                frozenset(entry.senses),
                tuple(folded(phrase) for phrase in entry.phrases),
                tuple(folded(phrase) for phrase in entry.meant),
                entry.prior,
            )
            for name, entry in read.homonyms.items()
        },
    )


def _split(words: str) -> Iterator[str]:
    return (quoted or plain for quoted, plain in _ITEM.findall(words))


def _items(words: str) -> Iterator[str]:
    """Each word, a Latin one with its plural."""
    for word in _split(words):
        known = folded(word)
        yield known
        if known.isascii() and known.isalpha() and not known.endswith("s"):
            yield known + "s"
