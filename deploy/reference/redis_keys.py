"""The page of Redis keys: every suffix that a stage writes, and what people decide."""

from types import ModuleType

from deploy.reference.markdown import code, listing, table
from deploy.reference.source import key_table
from streams import engagement
from streams.alerts import keys as alert_keys
from streams.control import brands, campaigns, decisions, marks
from streams.detection.brand.brand import Brands
from streams.detection.config import DetectionConfig
from streams.detection.handler import PROGRESS, WATCHED
from streams.detection.room.room import Rooms
from streams.detection.views import keys as view_keys
from streams.ingest.feed_memory import suffix
from streams.ingest.feed_status import FEED
from streams.ingest.http import event_brands
from streams.ingest.unread_messages import suffix as unread_suffix
from streams.ledger.redis import key_prefix, partitions_key, topics_key
from streams.ledger.tenancy import instance_key, tenancy_key
from streams.scoring.handler import BACKLOG

EVERY_STAGE = (
    ("ledger", "hash", "`epoch` of the owner, `next`: the stored offset, below which all is applied"),
    ("outbox", "list", "records for Kafka, as topic's key and value in turn, until Kafka has acknowledged them"),
)
SCORING = (
    (BACKLOG, "hash", "offset → the scored text that went out without a score, as JSON; at most 2,000 a partition"),
)
FEEDS = (
    (FEED, "hash", "of a feed, whose name stands for the topic: `cursor`, and `status` as JSON"),
    (suffix(0).replace("0", "<day>"), "hash", "what it told on a day since the epoch, by digests; 8 days"),
    (
        unread_suffix(0).replace("0", "<day>"),
        "hash",
        "number → a message that could not be read, **raw**, msgpack; 7 days, `PULSEWATCH_UNREAD_BYTES` a feed",
    ),
)
DETECTION = (
    (Brands(DetectionConfig()).suffix, "hash", "brand → the state of its detectors, msgpack"),
    (Rooms(DetectionConfig()).suffix, "hash", "room → the state of its detectors, msgpack"),
    (WATCHED, "hash", "keys for which time alone may change something"),
    ("seen:<day>", "hash", "keys with a record on a day of the log, by which rooms and brands are forgotten"),
    ("told:<block>", "string", "which events and texts were told, in a block of 65,536 offsets; eight bytes each"),
    ("counted:<number>:<brand>", "hash", "what was counted of each text of ten minutes, for its retraction; msgpack"),
    (PROGRESS, "hash", "`state`: how far the log has come, which origins are applied, which alerts are kept; msgpack"),
)


_INTRODUCTION = f"""# Redis keys

A stage's key is `{key_prefix("<namespace>", "<stage>", "<topic>", 0).replace(":0}", ":<partition>}")}<suffix>`.
All keys of a partition lie in one slot of a cluster. `{partitions_key("<namespace>", "<stage>")}` is the set of
a stage's partitions, `{topics_key("<namespace>", "<stage>")}` the hash of its topics with the ids that Kafka gave them,
by which a topic that was made anew is known. The namespace is `PULSEWATCH_NAMESPACE`; `{tenancy_key("<namespace>")}` is
the id of the Kafka cluster whose workers hold it, `{instance_key("<namespace>", "<stage>", "<name>")}`
is drawn by the process that works under a name.
"""


def redis_keys() -> str:
    return "".join((
        _INTRODUCTION,
        _section("Every stage", EVERY_STAGE),
        "\n## Ingest\n\n", _drawn(event_brands),
        "\n## Engagement\n\n", _drawn(engagement),
        _section("Scoring", SCORING),
        _section("Detection: state", DETECTION),
        _section("Ingest: feeds", FEEDS),
        "\n## Detection: what others read\n\n", _drawn(alert_keys), "\n", _drawn(view_keys),
        "\n## What people decide\n\n", _drawn(decisions), "\n", _drawn(marks),
        "\n", _drawn(campaigns), "\n", _drawn(brands),
    ))  # fmt: skip


def _section(title: str, rows: tuple[tuple[str, str, str], ...]) -> str:
    cells = [(code(name), kind, what) for name, kind, what in rows]
    return f"\n## {title}\n\n" + table(("suffix", "type", "holds"), cells)


def _drawn(module: ModuleType) -> str:
    drawn = key_table(module)
    if not drawn:
        raise ValueError(f"{module.__name__}: its docstring lists no keys")
    return f"As `{module.__name__}` says:\n\n{listing(drawn)}"
