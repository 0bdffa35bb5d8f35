"""What belongs to a brand beside its words: its zone, law, currency, name and rivals, by the catalogue in force.

A brand that the catalogue lacks, or of which it says nothing, is missing in the mapping. A setting that names the brand
goes before the catalogue; one for all brands holds where the catalogue is silent.
"""

import logging
from collections.abc import Callable, Iterator, Mapping

from streams.catalogue.brand import Brand
from streams.catalogue.live import LiveCatalogue, label_of
from streams.errors import UsageError
from streams.money import money_text
from streams.settings import Settings

log = logging.getLogger(__name__)


class BrandFacts:
    """Mappings by brand that follow the catalogue; empty ones where there is none. Any lookup may read the file."""

    def __init__(self, live: LiveCatalogue | None = None, zones: Mapping[str, str] | None = None) -> None:
        self.live = live
        self.zones: Mapping[str, str] = _Facts(live, lambda brand: brand.time_zone, zones)
        self.jurisdictions: Mapping[str, str] = _Facts(live, lambda brand: brand.jurisdiction)
        self.currencies: Mapping[str, str] = _Facts(live, lambda brand: brand.currency)
        self.names: Mapping[str, str] = _Facts(live, lambda brand: brand.display_name or None)

    @classmethod
    def of(cls, settings: Settings) -> "BrandFacts":
        """Those of PULSEWATCH_BRANDS. Raises UsageError where the file cannot be used."""
        live = None if settings.brands is None else LiveCatalogue(settings.brands)
        return cls(live, settings.brand_zones)

    @classmethod
    def where_usable(cls, settings: Settings) -> "BrandFacts":
        """The same; none, and a word in the log, where the file cannot be used: who pages people, or shows what goes
        on, does so without names too."""
        try:
            return cls.of(settings)
        except UsageError as error:
            log.warning("%s; until it is mended and this is started again, brands are called by their ids", error)
            return cls(None, settings.brand_zones)

    def label(self, brand_id: str) -> str:
        """What people read for a brand, on one line: its display name, else its id. What a format's own markup could
        make of it is that format's to escape."""
        known = None if self.live is None else self.live.fresh().labels.get(brand_id)
        return known or label_of(brand_id)

    def money(self, minor: float, brand_id: str) -> str:
        """An amount in minor units of the money that the brand reports in, as people read it."""
        return money_text(minor, self.currencies.get(brand_id))

    def rivals(self, brand_id: str) -> tuple[str, ...]:
        """Those that the catalogue names, in its order."""
        brand = None if self.live is None else self.live.fresh().brands.get(brand_id)
        return () if brand is None else brand.rivals


class _Facts(Mapping[str, str]):
    """One field of the brands that have it."""

    def __init__(
        self,
        live: LiveCatalogue | None,
        field: Callable[[Brand], str | None],
        first: Mapping[str, str] | None = None,
    ) -> None:
        self._live = live
        self._field = field
        self._first = first or {}

    def __getitem__(self, brand_id: str) -> str:
        if brand_id in self._first:
            return self._first[brand_id]
        brand = None if self._live is None else self._live.fresh().brands.get(brand_id)
        found = None if brand is None else self._field(brand)
        if found is None:
            raise KeyError(brand_id)
        return found

    def __iter__(self) -> Iterator[str]:
        yield from self._first
        for brand_id, brand in () if self._live is None else self._live.fresh().brands.items():
            if brand_id not in self._first and self._field(brand) is not None:
                yield brand_id

    def __len__(self) -> int:
        return sum(1 for _ in self)


NO_CATALOGUE = BrandFacts()
"""Every brand is called by its id, and amounts are plain numbers."""
