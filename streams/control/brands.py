"""What people change in the catalogue: the file is written, and Redis keeps who did it, when, and what it was before.

    <namespace>:brands:changes   list: place → change as JSON, the newest last; at most MAX_CHANGES of them

A change is kept before the file is written: without Redis nothing is changed. The processes that read the file find the
change by themselves (streams.catalogue.live).
"""

from pathlib import Path
from typing import Any, Final

import msgspec

from streams.catalogue.brand import Brand, brands_of
from streams.catalogue.editing import prepared, with_brand, without_brand
from streams.catalogue.live import revision_of
from streams.ledger.reader import answers
from streams.refusals import Refused
from streams.yaml_records import read_source

MAX_CHANGES: Final = 1_000


class BrandChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change; `before` is None of a brand that was added, `after` of one that was removed."""

    brand_id: str
    author: str
    at_ms: int
    after: Brand | None = None
    before: Brand | None = None


_decode = msgspec.json.Decoder(BrandChange).decode


class BrandChanges:
    """Over a synchronous Redis client that returns bytes. Every call raises Unavailable where Redis does not answer."""

    def __init__(self, client: Any, namespace: str) -> None:
        self._client = client
        self._key = f"{namespace}:brands:changes"

    def save(self, path: Path, brand: Brand, revision: str, author: str, at_ms: int) -> BrandChange:
        """Put a brand into the file, in the place of the one of its id. `revision` is that of the catalogue that its
        author saw. Raises UsageError where the file has another by now, or the brand is none."""
        source, before = _seen(path, brand.id, revision)
        change = BrandChange(brand.id, author, at_ms, brand, before)
        self._write(path, with_brand(source, path, brand), change)
        return change

    def remove(self, path: Path, brand_id: str, revision: str, author: str, at_ms: int) -> BrandChange:
        """Take a brand out of the file; it stays in the change, to be saved again by whoever wants it back. Raises
        UsageError where the file has another revision by now, or the brand cannot be taken out."""
        source, before = _seen(path, brand_id, revision)
        change = BrandChange(brand_id, author, at_ms, None, before)
        self._write(path, without_brand(source, path, brand_id), change)
        return change

    def _write(self, path: Path, text: str, change: BrandChange) -> None:
        with prepared(path, text):
            answers(
                self._client,
                [("RPUSH", self._key, msgspec.json.encode(change)), ("LTRIM", self._key, -MAX_CHANGES, -1)],
            )

    def last(self, count: int) -> list[BrandChange]:
        """The newest changes, the newest first."""
        [values] = answers(self._client, [("LRANGE", self._key, -count, -1)])
        return [_decode(value) for value in reversed(values)]


def _seen(path: Path, brand_id: str, revision: str) -> tuple[str, Brand | None]:
    """The file's text, and the brand in it. Raises UsageError where its author saw another revision."""
    source = read_source(path)
    brands = brands_of(source, path)
    if revision_of(brands) != revision:
        raise Refused("catalogue_moved")
    return source, next((one for one in brands if one.id == brand_id), None)
