"""RSS and Atom, polled; read by feedparser (`pip install pulsewatch[feeds]`).

A document that declares entities of its own is refused before it is parsed: nobody needs one, and a few of them unfold
into gigabytes. One that does not end was cut, and is asked for again.
"""

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec
from yarl import URL

from streams.errors import UsageError
from streams.ingest.feed import Decoder
from streams.ingest.feed_entry import Seconds
from streams.ingest.foreign import digest
from streams.ingest.platforms import syndication
from streams.ingest.protocols.polling import NOTHING_KNOWN, Known, Page, Poll, Polled
from streams.ingest.protocols.received import FeedRefused, FeedUnavailable, Received
from streams.ingest.protocols.web import WebFeed
from streams.ingest.secret import Secrets

ACCEPT: Final = "application/rss+xml, application/atom+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.8"
FIELD_CHARS: Final = 100_000
_FIRST_TAG = re.compile(rb"<[A-Za-z_]")
_END = re.compile(rb"</(?:[\w.-]+:)?(?:rss|feed|RDF)\s*>\s*(?:<!--[^>]*-->\s*)*\Z", re.IGNORECASE)


class RssFeed(WebFeed, frozen=True, kw_only=True, tag="rss"):
    """`kind: rss`, for Atom too."""

    every_seconds: Seconds = 300.0

    @property
    def retells(self) -> bool:
        return True

    def decoder(self) -> Decoder:
        return super().decoder() if self.mapping or self.preset else syndication.DECODER

    def way_in(self, secrets: Secrets) -> Poll:
        try:
            import feedparser
        except ImportError:
            raise UsageError("RSS and Atom need feedparser: pip install 'pulsewatch[feeds]'") from None
        read = partial(read_entries, feedparser.parse)
        return Poll(self.endpoint(secrets), read, self.every_seconds, accept=ACCEPT)

    def recorded(self, data: bytes) -> Iterator[Received]:
        """Of one document."""
        import feedparser

        entries = read_entries(feedparser.parse, data, {}, URL(self.url), NOTHING_KNOWN).messages
        return (Received(one.message, place=f"entry {number}") for number, one in enumerate(entries, 1))


def read_entries(parse: Any, document: bytes, headers: Mapping[str, str], url: URL, before: Known) -> Page:
    """The entries of a document, each as a JSON object. Raises FeedUnavailable, FeedRefused."""
    bare = document.replace(b"\0", b"")  # of two and four bytes a character
    if b"<!ENTITY" in _FIRST_TAG.split(bare, maxsplit=1)[0]:
        raise FeedRefused(f"{url.host} answers a document with entities of its own, which are not read: look at `url`")
    if not _END.search(bare):
        raise FeedUnavailable(f"{url.host} answers a document that is cut short, or no RSS or Atom")
    known = {"content-location": str(url)}
    if kind := headers.get("Content-Type"):
        known["content-type"] = kind
    parsed = parse(document, response_headers=known, resolve_relative_uris=False)
    if not parsed.get("version"):
        raise FeedUnavailable(f"{url.host} answers no RSS or Atom")
    language = str(parsed.feed.get("language") or "")
    return Page(list(_entries(parsed.entries, language, before)))


def _entries(entries: list[Any], language: str, before: Known) -> Iterator[Polled]:
    """The entries, each by a name of its own. Of those with one id it is the newest, as Atom says."""
    newest: dict[str, Any] = {}
    for entry in entries:
        if (own_id := _field(entry, "id")) and (own_id not in newest or _written(entry) > _written(newest[own_id])):
            newest[own_id] = entry
    unnamed = [_Unnamed(entry, language) for entry in entries if not _field(entry, "id")]
    named = {id(one.entry): name for one, name in _named(unnamed, 0, before)}
    for entry in entries:
        own_id = _field(entry, "id")
        if not own_id or newest[own_id] is entry:
            yield _polled(entry, own_id or named[id(entry)], language)


class _Unnamed:
    """An entry without an id."""

    def __init__(self, entry: Any, language: str) -> None:
        self.entry = entry
        self._language = language
        link, title = _field(entry, "link"), _field(entry, "title")
        self.at = _time(entry, "published")
        self.names = (
            link or title,
            digest(link, title),
            digest(link, title, _field(entry, "summary"), self.at),
        )
        """What it may be called, the widest first: that which others have, too, is for the first of them."""

    def called(self, name: str) -> Polled:
        return _polled(self.entry, name, self._language)


def _named(entries: Iterable[_Unnamed], width: int, before: Known) -> Iterator[tuple[_Unnamed, str]]:
    """Each with its name, which it keeps whoever else comes and goes:

    poll 1    A          the link alone is A's name
    poll 2    B A        A is as it was, and keeps it; B is called by link and title
    poll 3    C B        the link is nobody's: C may be new or A reworded, and is called by link and title
    """
    groups: dict[str, list[_Unnamed]] = {}
    for one in entries:
        groups.setdefault(one.names[width], []).append(one)
    for name, group in groups.items():
        if width == len(group[0].names) - 1:
            yield from ((one, name) for one in group)
            continue
        holder = _holder(name, group, width, before)
        if holder is not None:
            yield holder, name
        yield from _named((one for one in group if one is not holder), width + 1, before)


def _holder(name: str, group: Sequence[_Unnamed], width: int, before: Known) -> _Unnamed | None:
    """Whose name it is, of those that may have it: who had it, or the first, where nobody has another name yet."""
    told = next((one for one in group if before.told(one.called(name))), None)
    open_to = [one for one in group if not any(map(before.has, one.names[width + 1 :]))]
    if told is not None or not open_to:
        return told
    if len(group) == 1:
        return group[0]
    oldest = min(reversed(open_to), key=lambda one: one.at)
    if len(open_to) == len(group) and not before.has(name):
        return oldest
    return oldest if 0 < oldest.at < min(one.at for one in group if one is not oldest) else None


def _polled(entry: Any, name: str, language: str) -> Polled:
    link, title = _field(entry, "link"), _field(entry, "title")
    contents = entry.get("content") or [{}]
    fields = {
        "id": name, "link": link, "title": title,
        "summary": _field(entry, "summary"), "author": _field(entry, "author"),
        "content": str(contents[0].get("value") or "")[:FIELD_CHARS],
        "lang": str(entry.get("language") or contents[0].get("language") or language)[:16],
        "published": _time(entry, "published"), "updated": _time(entry, "updated"),
    }  # fmt: skip
    return Polled(name, msgspec.json.encode({k: v for k, v in fields.items() if v}))


def _written(entry: Any) -> tuple[int, int]:
    return _time(entry, "updated"), _time(entry, "published")


def _field(entry: Any, name: str) -> str:
    return str(entry.get(name) or "")[:FIELD_CHARS]


def _time(entry: Any, name: str) -> int:
    """Seconds since the epoch; 0 for none. feedparser gives one for the other, with a warning, unless it is asked first
    whether there is one."""
    if f"{name}_parsed" not in entry:
        return 0
    parsed = entry[f"{name}_parsed"]
    try:
        return max(0, calendar.timegm(parsed)) if parsed else 0
    except (ValueError, OverflowError):
        return 0
