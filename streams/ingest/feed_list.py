"""feeds.yaml: what is listened to, one entry a feed; `kind` says by which protocol.

feeds:
  - name: bluesky                       # the `source` of its events
    kind: jetstream
    url: wss://jetstream2.us-east.bsky.network/subscribe
  - name: tiktok-105
    kind: websocket                     # a collector on this machine
    url: ws://127.0.0.1:21213/
    platform: tiktok
    room: "105"
    brand: acme
    gift_prices: {"5655": 9}

deploy/feeds.example.yaml has one of each kind.
"""

from collections import Counter
from pathlib import Path

import msgspec

from streams.errors import UsageError
from streams.ingest.protocols.bilibili import BilibiliFeed, BilibiliOpenFeed
from streams.ingest.protocols.file_feeds import FilesFeed, FolderFeed
from streams.ingest.protocols.jetstream import JetstreamFeed
from streams.ingest.protocols.kafka_topic import KafkaFeed
from streams.ingest.protocols.mastodon import MastodonFeed
from streams.ingest.protocols.poll import PollFeed
from streams.ingest.protocols.rss import RssFeed
from streams.ingest.protocols.sse import SseFeed
from streams.ingest.protocols.tiktok_live import TikTokFeed
from streams.ingest.protocols.websocket import WebSocketFeed
from streams.yaml_records import read_record

AnyFeed = (
    WebSocketFeed | SseFeed | PollFeed | JetstreamFeed | MastodonFeed | RssFeed
    | FilesFeed | FolderFeed | KafkaFeed | BilibiliFeed | BilibiliOpenFeed | TikTokFeed
)  # fmt: skip
"""One feed, of any kind: each says its `address` and its `way_in`."""


class _FeedFile(msgspec.Struct, forbid_unknown_fields=True):
    feeds: list[AnyFeed]


def read_feeds(path: Path) -> list[AnyFeed]:
    """The feeds of a file. Raises UsageError that names file, feed, field and what to do."""
    feeds = read_record(path, _FeedFile).feeds
    names = Counter(feed.name for feed in feeds)
    for name, count in names.items():
        if count > 1:
            raise UsageError(f"{path}: {count} feeds are called {name}: give each a name of its own")
    for feed in feeds:
        for fault in feed.faults():
            raise UsageError(f"{path}: feed {feed.name}: {fault}")
    return feeds


def chosen(feeds: list[AnyFeed], names: tuple[str, ...], path: Path) -> list[AnyFeed]:
    """Those of these names; all where none is given. Raises UsageError for a name that is not in the file."""
    known = {feed.name: feed for feed in feeds}
    for name in names:
        if name not in known:
            raise UsageError(f"{path}: no feed is called {name}; there are {', '.join(known) or 'none'}")
    return [known[name] for name in dict.fromkeys(names)] if names else feeds
