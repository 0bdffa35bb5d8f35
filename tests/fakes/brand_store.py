"""A memory of brands as a dict, which can be away."""

from collections.abc import Iterable, Mapping, Sequence

from streams.errors import Unavailable
from streams.ingest.http.event_brands import Subjects


class DictBrandStore:
    """A BrandStore."""

    def __init__(self) -> None:
        self.brands: dict[Subjects, set[str]] = {}
        self.away = False

    async def recall(self, subjects: Sequence[Subjects]) -> Mapping[Subjects, list[str]]:
        self._look()
        return {subject: sorted(self.brands.get(subject, ())) for subject in subjects}

    async def keep(self, brands: Mapping[Subjects, Iterable[str]]) -> None:
        self._look()
        for subject, names in brands.items():
            self.brands.setdefault(subject, set()).update(names)

    def _look(self) -> None:
        if self.away:
            raise Unavailable("Redis does not answer")
