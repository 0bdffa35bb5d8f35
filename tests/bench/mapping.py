"""Messages of feeds as records for Kafka: events a second and core by a mapping, a preset, a platform's own decoder.

Nothing is read or written: what comes in is in memory, and what goes out is thrown away.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from streams.events.pseudonyms import Pseudonyms
from streams.ingest.feed_list import AnyFeed
from streams.ingest.feed_process import Feeds, translator
from streams.ingest.mapping_fields import MessageMapping
from streams.ingest.protocols.jetstream import JetstreamFeed
from streams.ingest.protocols.websocket import WebSocketFeed

NOW_MS = 1_790_000_000_000
TEXTS = (
    "主播这个颜色还有货吗，想要一件",
    "用了三天脸就红了，客服还不回",
    "love this colour, when do you restock?",
    "收到了，质量不错",
)
CHAT = MessageMapping(
    type="op",
    kinds={"said": "comment", "thumb": "like"},
    when="public",
    id="id",
    time="created",
    text="body",
    author="user.id",
    followers="user.fans",
    parent="post",
)


def run_mapping(*, messages: int, repeats: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Rates of `repeats` rounds of `messages`; correct where each message became the events that it is, and none was
    unread."""
    url = "ws://127.0.0.1:1/"
    feeds: Sequence[tuple[str, AnyFeed, Callable[[random.Random, int], Any], int]] = (
        ("mapping", WebSocketFeed(name="chat", url=url, brand="acme", mapping=CHAT), _chat, 1),
        ("preset", WebSocketFeed(name="weibo", url=url, brand="acme", preset="mediacrawler/weibo"), _weibo, 3),
        ("platform", JetstreamFeed(name="sky", brand="acme"), _bluesky, 1),
    )
    rows = []
    for name, entry, message, each in feeds:
        chosen = random.Random(7)
        said = [json.dumps(message(chosen, number), ensure_ascii=False).encode() for number in range(1, messages + 1)]
        rates, correct = [], True
        for _ in range(repeats):
            made = translator(entry, Feeds([entry]), Pseudonyms(b"bench"))
            began = time.process_time()
            events = sum(len(made.translate(raw, NOW_MS).records) for raw in said)
            rates.append(events / (time.process_time() - began))
            correct = correct and events == each * messages and not made.feed.unread
        say(f"{name}: {median(rates):,.0f} events a second and core, {each} a message")
        rows.append({"peer": name, "events_per_second": median(rates), "min": min(rates), "max": max(rates),
                     "correct": correct})  # fmt: skip
    return {"messages": messages, "results": rows}


def _chat(chosen: random.Random, number: int) -> Any:
    return {"op": chosen.choice(("said", "thumb")), "public": True, "id": number, "created": NOW_MS - number % 60_000,
            "body": chosen.choice(TEXTS), "post": f"p{number % 50}",
            "user": {"id": number % 5_000, "name": "somebody", "fans": "1.2万"}}  # fmt: skip


def _weibo(chosen: random.Random, number: int) -> Any:
    return {"note_id": str(5_000_000_000_000_000 + number), "content": chosen.choice(TEXTS), "gender": "女",
            "create_time": NOW_MS // 1000, "create_date_time": "2026-09-21 14:00:00", "last_modify_ts": NOW_MS,
            "liked_count": str(chosen.randrange(10_000)), "comments_count": "7", "shared_count": "1.2万",
            "note_url": "https://m.weibo.cn/detail/1", "ip_location": "上海", "user_id": str(number % 5_000),
            "nickname": "某人", "avatar": "", "source_keyword": "面霜"}  # fmt: skip


def _bluesky(chosen: random.Random, number: int) -> Any:
    record = {"$type": "app.bsky.feed.post", "text": chosen.choice(TEXTS), "langs": ["zh"],
              "createdAt": "2026-09-21T14:00:00Z"}  # fmt: skip
    commit = {"rev": f"3m{number}", "operation": "create", "collection": "app.bsky.feed.post", "rkey": f"k{number}",
              "record": record, "cid": f"bafy{number}"}  # fmt: skip
    return {"did": f"did:plc:u{number % 5_000}", "time_us": NOW_MS * 1000 + number, "kind": "commit", "commit": commit}
