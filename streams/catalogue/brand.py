"""brands.yaml: the brands that are watched, and by which words a text is about them.

brands:
  - id: apple
    display_name: Apple
    names: [iPhone, MacBook]                  # each alone is the brand; one known to be a word too counts as ambiguous
    ambiguous: [苹果, Apple]                  # also another word: what stands around it speaks for it or against it
    context: [手机, 发布会, iOS, 官网]        # near an ambiguous name these speak for it; words of the same trade too
    must_not: [苹果树, apple pie]             # with the name in it: that place does not count; else nothing ambiguous
    handles: [apple]                          # @apple
    hashtags: [ShotOniPhone]                  # #ShotOniPhone
    products: [AirPods]
    own_accounts: {weibo: ["1234567"]}
    languages: [zh, en]                       # of the brand's texts; all, where it is missing
    jurisdiction: CN
    currency: CNY
    time_zone: Asia/Shanghai
    rivals: [huawei]
    examples:
      about: [新款 iPhone 发热严重]
      not_about: [今天的苹果又脆又甜]
"""

import zoneinfo
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from streams.catalogue.lexicon import shipped_lexicon
from streams.catalogue.reading import folded
from streams.errors import UsageError
from streams.events.schema import Id, Platform
from streams.yaml_records import read_record, record_of

Term = Annotated[str, Meta(min_length=1, max_length=100)]
Terms = tuple[Term, ...]


class Examples(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Texts that say what is right: `pulsewatch brands test` asks about each."""

    about: tuple[str, ...] = ()
    not_about: tuple[str, ...] = ()


class Brand(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One brand of the catalogue."""

    id: Id
    display_name: str = ""
    names: Terms = ()
    """Each alone is the brand, unless it is known to be a word too (streams/catalogue/words.yaml)."""
    always: Terms = ()
    """Each alone is the brand, also where it is a word too."""
    ambiguous: Terms = ()
    """Names that are words of their own: each counts where what stands around it speaks for the brand."""
    context: Terms = ()
    must: Terms = ()
    """Where there are any, a text has one of them."""
    must_not: Terms = ()
    """A name inside one of these does not count; with another of these in a text its ambiguous names do not count."""
    handles: Terms = ()
    hashtags: Terms = ()
    products: Terms = ()
    own_accounts: dict[Platform, tuple[str, ...]] = {}
    languages: tuple[str, ...] = ()
    """A text in none of these is not about it; all, where there are none."""
    jurisdiction: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] | None = None
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] | None = None
    time_zone: str | None = None
    rivals: tuple[Id, ...] = ()
    examples: Examples = Examples()


class _CatalogueFile(msgspec.Struct, forbid_unknown_fields=True):
    brands: list[Brand]


def read_brands(path: Path) -> list[Brand]:
    """The brands of a file. Raises UsageError that names the file, the brand and what is wrong."""
    return _checked(read_record(path, _CatalogueFile).brands, path)


def brands_of(source: str, path: Path) -> list[Brand]:
    """The same of a text that is to stand in the file."""
    return _checked(record_of(source, path, _CatalogueFile).brands, path)


def _checked(brands: list[Brand], path: Path) -> list[Brand]:
    for wrong in _faults(brands):
        raise UsageError(f"{path}: {wrong}")
    return brands


def _faults(brands: Sequence[Brand]) -> list[str]:
    known = [brand.id for brand in brands]
    faults = [f"two brands are called {name}" for name in sorted({name for name in known if known.count(name) > 1})]
    for brand in brands:
        if not (brand.names or brand.always or brand.ambiguous or brand.handles or brand.hashtags or brand.products):
            faults.append(f"{brand.id} has no name, handle, hashtag or product: no text can be about it")
        if brand.ambiguous and not (brand.context or _known_otherwise(brand)):
            faults.append(f"{brand.id}: its ambiguous names need `context`")
        if brand.time_zone is not None and brand.time_zone not in zoneinfo.available_timezones():
            faults.append(f"{brand.id}: {brand.time_zone} is no time zone of the IANA database")
        faults += [f"{brand.id}: its rival {rival} is not in the file" for rival in brand.rivals if rival not in known]
    return faults


def _known_otherwise(brand: Brand) -> bool:
    """Whether something else may stand beside its ambiguous names: other names, or what is known of those words."""
    known = shipped_lexicon().homonyms
    others = brand.names or brand.always or brand.handles or brand.hashtags or brand.products
    return bool(others) or any(folded(name) in known for name in brand.ambiguous)
