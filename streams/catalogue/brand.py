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

import re
import zoneinfo
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import yaml
from msgspec import Meta

from streams.catalogue.lexicon import shipped_lexicon
from streams.catalogue.reading import folded
from streams.events.schema import Id, Platform
from streams.money import CURRENCIES
from streams.refusals import Refused
from streams.yaml_records import read_source, record_of

Term = Annotated[str, Meta(min_length=1, max_length=100)]
Terms = tuple[Term, ...]
MAX_FAULTS: Final = 5
"""So many of a file's faults are told at once."""
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE_CODES: Final = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en"
    " eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv"
    " ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne"
    " ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st"
    " su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
    " cmn fil gsw hak nan wuu yue"
)
LANGUAGES: Final = frozenset(_LANGUAGE_CODES.split())
"""ISO 639-1's, and those of ISO 639-3 that people write in here."""


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
    jurisdiction: str | None = None
    currency: str | None = None
    time_zone: str | None = None
    rivals: tuple[Id, ...] = ()
    examples: Examples = Examples()


class _CatalogueFile(msgspec.Struct, forbid_unknown_fields=True):
    brands: list[Brand]


def read_brands(path: Path) -> list[Brand]:
    """The brands of a file. Raises UsageError that names the file, the line, the brand and what is wrong."""
    return brands_of(read_source(path), path)


def brands_of(source: str, path: Path) -> list[Brand]:
    """The same of a text that is to stand in the file."""
    brands = record_of(source, path, _CatalogueFile).brands
    faults = list(islice(_faults(brands), MAX_FAULTS + 1))
    if faults:
        told = [wrong for _, wrong in faults[:MAX_FAULTS]]
        more = [Refused("faults_more")] if len(faults) > MAX_FAULTS else []
        line = _line_of(source, faults[0][0])
        raise Refused("faults_at", file=str(path), line=line, faults=(*told, *more))
    return brands


def _line_of(source: str, at: int) -> int:
    """The line at which a brand begins."""
    top: Any = yaml.compose(source, Loader=yaml.CSafeLoader)
    listed = next(value for key, value in top.value if key.value == "brands")
    return int(listed.value[at].start_mark.line) + 1


def _faults(brands: Sequence[Brand]) -> Iterator[tuple[int, Refused]]:
    """Each with the place of its brand in the file."""
    first: dict[str, int] = {}
    known = {brand.id for brand in brands}
    for at, brand in enumerate(brands):
        if brand.id in first:
            yield at, Refused("brand_twice", brand=brand.id)
        first.setdefault(brand.id, at)
        yield from ((at, Refused(why, brand=brand.id, **facts)) for why, facts in _faults_of(brand, known))


def _faults_of(brand: Brand, known: Collection[str]) -> Iterator[tuple[str, dict[str, str]]]:
    named = (*brand.names, *brand.always, *brand.ambiguous, *brand.handles, *brand.hashtags, *brand.products)
    if not named:
        yield "brand_nameless", {}
    if not all(folded(name).strip("@# ") for name in named):
        yield "brand_empty_name", {}
    if brand.ambiguous and not (brand.context or _known_otherwise(brand)):
        yield "brand_context", {}
    if brand.time_zone is not None and brand.time_zone not in _zones():
        yield "brand_time_zone", {"zone": brand.time_zone}
    if brand.currency is not None and brand.currency not in CURRENCIES:
        yield "brand_currency", {"currency": brand.currency}
    if brand.jurisdiction is not None and not _COUNTRY.fullmatch(brand.jurisdiction):
        yield "brand_country", {"country": brand.jurisdiction}
    yield from (
        ("brand_language", {"language": language})
        for language in brand.languages
        if language.partition("-")[0].lower() not in LANGUAGES
    )
    yield from (("brand_rival", {"rival": rival}) for rival in brand.rivals if rival not in known)


@cache
def _zones() -> frozenset[str]:
    """Every zone of the IANA database; finding them reads hundreds of files."""
    return frozenset(zoneinfo.available_timezones())


def _known_otherwise(brand: Brand) -> bool:
    """Whether something else may stand beside its ambiguous names: other names, or what is known of those words."""
    known = shipped_lexicon().homonyms
    others = brand.names or brand.always or brand.handles or brand.hashtags or brand.products
    return bool(others) or any(folded(name) in known for name in brand.ambiguous)
