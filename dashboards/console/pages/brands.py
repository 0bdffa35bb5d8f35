"""The catalogue: which brands are watched, by which words, what belongs to them, and who changed it."""

from collections.abc import Container, Sequence

import msgspec

from dashboards.console.sources import PageSources
from streams.catalogue.brand import Brand
from streams.catalogue.live import CatalogueStatus
from streams.catalogue.matcher import Hit
from streams.control.brands import BrandChange

MAX_BRANDS = 100
MAX_CHANGES = 20
MAX_TRIED_CHARS = 5_000


class CatalogueHead(msgspec.Struct, frozen=True):
    """`status` is None where no catalogue is set."""

    status: CatalogueStatus | None


class BrandList(msgspec.Struct, frozen=True):
    """The first brands that fit what is looked for, and how many more there are."""

    shown: Sequence[Brand]
    hidden: int


class BrandChangeLine(msgspec.Struct, frozen=True):
    """Who changed what: the fields that are others than before, all of a new brand's, none of one that was removed."""

    brand_id: str
    author: str
    at_ms: int
    added: bool
    fields: Sequence[str]
    gone: bool = False
    """Whether it was removed."""
    removed: Brand | None = None
    """As it was, where it is still gone: saved again, it is back."""


class BrandsPage(msgspec.Struct, frozen=True):
    """The page."""

    head: CatalogueHead
    brands: BrandList
    changes: Sequence[BrandChangeLine]


class TriedBrand(msgspec.Struct, frozen=True):
    """What a text has of a brand, and whether it is about it."""

    brand_id: str
    about: bool
    why: str
    hits: Sequence[Hit]


class KnownBrand(msgspec.Struct, frozen=True):
    """How pages call a brand, and in which money it reports."""

    name: str
    currency: str | None


def view(sources: PageSources, key: str = "") -> BrandsPage:
    """`key` is looked for in ids, names and words. Raises Unavailable."""
    live = sources.facts.live
    if live is None:
        return BrandsPage(CatalogueHead(None), BrandList((), 0), ())
    wanted = key.strip().casefold()
    found = [brand for brand in live.fresh().brands.values() if not wanted or wanted in _words(brand)]
    changes = sources.readers.brand_changes.last(MAX_CHANGES)
    lines = _lines(changes, live.current.brands)
    return BrandsPage(
        CatalogueHead(live.status()), BrandList(found[:MAX_BRANDS], max(0, len(found) - MAX_BRANDS)), lines
    )


def known(sources: PageSources) -> dict[str, KnownBrand]:
    """The brands of the catalogue that have a name or a currency of their own."""
    live = sources.facts.live
    brands = () if live is None else live.fresh().brands.values()
    return {
        brand.id: KnownBrand(brand.display_name or brand.id, brand.currency)
        for brand in brands
        if brand.display_name or brand.currency
    }


def tried(sources: PageSources, text: str) -> list[TriedBrand]:
    """Every brand whose name the text has, with the verdict and its reason; none without a catalogue."""
    live = sources.facts.live
    if live is None:
        return []
    matches = live.fresh().matcher.explain(text[:MAX_TRIED_CHARS])
    return [TriedBrand(match.brand, match.about, match.why, match.hits) for match in matches]


def _words(brand: Brand) -> str:
    listed = (brand.names, brand.always, brand.ambiguous, brand.products, brand.handles, brand.hashtags)
    return "\n".join([brand.id, brand.display_name, *(word for words in listed for word in words)]).casefold()


def _lines(changes: Sequence[BrandChange], present: Container[str]) -> list[BrandChangeLine]:
    lines, offered = [], set[str]()
    for one in changes:
        if one.after is not None:
            fields = _changed(one.before, one.after)
            lines.append(BrandChangeLine(one.brand_id, one.author, one.at_ms, one.before is None, fields))
            continue
        back = None if one.brand_id in present or one.brand_id in offered else one.before
        offered.add(one.brand_id)
        lines.append(BrandChangeLine(one.brand_id, one.author, one.at_ms, False, (), gone=True, removed=back))
    return lines


def _changed(before: Brand | None, after: Brand) -> list[str]:
    blank = before or Brand(id=after.id)
    return [name for name in Brand.__struct_fields__ if getattr(blank, name) != getattr(after, name)]
