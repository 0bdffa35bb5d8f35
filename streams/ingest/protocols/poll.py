"""A JSON endpoint that is polled.

- name: shop-reviews
  kind: poll
  url: https://api.example.com/reviews
  every_seconds: 60
  items: data.reviews[]                  # an expression; without it the whole answer is one message
  id: review_id                          # of an item: what overlaps, and what is missing, is known by it
  since: {parameter: after, field: review_id}
  next: paging.next                      # an address, or a token for `next_parameter`
  mapping: {…}
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from yarl import URL

from streams.ingest.expression import Expression, ExpressionError
from streams.ingest.feed_entry import Seconds
from streams.ingest.foreign import ForeignError, identifier_of, read_values
from streams.ingest.protocols.polling import NOTHING_KNOWN, Known, Page, Poll, Polled
from streams.ingest.protocols.received import FeedUnavailable, Received
from streams.ingest.protocols.web import WebFeed, in_utf_8
from streams.ingest.secret import Secrets

Parameter = Annotated[str, Meta(min_length=1, max_length=64)]
_NEXT = re.compile(r'<([^>]*)>[^,]*;\s*rel="?next"?')


class Since(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a poll asks for what came after the last one: by a field of the newest item, or by one of the answer."""

    parameter: Parameter
    field: str | None = None
    answer: str | None = None


class PollFeed(WebFeed, frozen=True, kw_only=True, tag="poll"):
    """`kind: poll`."""

    every_seconds: Seconds = 60.0
    items: str | None = None
    id: str | None = None
    newest_first: bool = True
    """False where an answer begins with the oldest."""
    since: Since | None = None
    next: str | None = None
    next_parameter: Parameter | None = None
    follow_links: bool = False
    """The next page is in the answer's `Link` header."""
    pages: Annotated[int, Meta(ge=1, le=1000)] = 20
    """At most so many a poll."""

    @property
    def retells(self) -> bool:
        return True

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.since is not None and (self.since.field is None) == (self.since.answer is None):
            yield "`since`: give either `field`, of an item, or `answer`"
        if self.id is not None and self.items is None:
            yield "`items` is missing: `id` is that of an item"
        try:
            self.reader()
        except ExpressionError as error:
            yield f"`items`, `id`, `since` or `next`: {error}"

    def reader(self) -> "AnswerReader":
        """Raises ExpressionError."""
        since = self.since
        return AnswerReader(
            *(
                Expression(text) if text else None
                for text in (
                    self.items,
                    self.id,
                    since and since.field,
                    since and since.answer,
                    self.next,
                )
            ),
            next_parameter=self.next_parameter,
            follow_links=self.follow_links,
            newest_first=self.newest_first,
        )

    def way_in(self, secrets: Secrets) -> Poll:
        return Poll(
            self.endpoint(secrets),
            self.reader().read,
            self.every_seconds,
            since_parameter=self.since.parameter if self.since else None,
            newest_first=self.newest_first,
            pages=self.pages,
            named=self.id is not None,
        )

    def recorded(self, data: bytes) -> Iterator[Received]:
        """Of one answer, or of one answer a line."""
        read = partial(self.reader().read, headers={}, url=URL(self.url), before=NOTHING_KNOWN)
        try:
            pages = {"": read(data)}
        except FeedUnavailable:
            lines = enumerate(data.split(b"\n"), 1)
            pages = {f"line {number}, ": read(line) for number, line in lines if line.strip()}
        return (
            Received(one.message, place=f"{where}item {number}")
            for where, page in pages.items()
            for number, one in enumerate(page.messages, 1)
        )


class AnswerReader:
    """Takes an answer apart by the expressions of the feed."""

    def __init__(
        self,
        items: Expression | None,
        name: Expression | None,
        since_field: Expression | None,
        since_answer: Expression | None,
        following: Expression | None,
        *,
        next_parameter: str | None,
        follow_links: bool,
        newest_first: bool,
    ) -> None:
        self._items = items
        self._name = name
        self._since_field = since_field
        self._since_answer = since_answer
        self._next = following
        self._next_parameter = next_parameter
        self._follow_links = follow_links
        self._newest_first = newest_first

    def read(self, answer: bytes, headers: Mapping[str, str], url: URL, before: Known) -> Page:  # noqa: ARG002 - a `Read`
        """Raises FeedUnavailable for what is no JSON: it was cut, or is a page for people."""
        try:
            value = read_values(in_utf_8(answer, headers))
            items = self._items.of(value) if self._items else [value]
            found = items if isinstance(items, list) else [] if items is None else [items]
            messages = [Polled(_text(self._name, item), _written(item)) for item in found]
            return Page(messages, self._following(value, headers, url), self._since(value, found))
        except ForeignError as error:
            raise FeedUnavailable(f"{url.host} answers what cannot be read: {error}") from None

    def _since(self, value: Any, items: list[Any]) -> str | None:
        if self._since_answer is not None:
            return _text(self._since_answer, value) or None
        if self._since_field is None or not items:
            return None
        return _text(self._since_field, items[0 if self._newest_first else -1]) or None

    def _following(self, value: Any, headers: Mapping[str, str], url: URL) -> str | None:
        if self._follow_links and (link := _NEXT.search(headers.get("Link", ""))):
            return link[1]
        token = _text(self._next, value) if self._next else ""
        if not token:
            return None
        return str(url.update_query({self._next_parameter: token})) if self._next_parameter else token


def _written(item: Any) -> bytes:
    try:
        return msgspec.json.encode(item)
    except (msgspec.ValidationError, OverflowError):  # a number beyond 64 bits
        return json.dumps(item).encode()


def _text(expression: Expression | None, value: Any) -> str:
    """What names something: an id, a token, an address; empty for none. Raises ForeignError."""
    found = expression.of(value) if expression else None
    return found if isinstance(found, str) else identifier_of(found)
