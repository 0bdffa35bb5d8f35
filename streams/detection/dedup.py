"""Which texts were applied: scored.texts may hold a text twice, since scoring writes first and stores its offset after.

Scoring reads each partition of its sources in order, so one offset a source partition is enough to find repeats:

    scored.texts   A7 A8 B3 A9 | A8 A9 A10        scoring died behind A9 and began again at A8
    applied        A7 A8 B3 A9           A10      its offset is A9

A text that the model could not answer for comes again with its scores, below that offset: an amendment.

And which events of rooms and texts of brands were told before, by a second collector of the room or again by a feed
that was killed. The window is as long as that of the engagement stage, so that both count the same events, and it is
stored with them. A text about several brands is told to each of them once.
"""

from hashlib import blake2b
from typing import Literal

from streams.engagement.dedup import block_of
from streams.events.identity import event_identity
from streams.events.schema import ScoredText
from streams.ledger.stored import Stored

KEPT_UNSCORED = 2_000
DIGEST_BYTES = 8
TOLD_TTL_SECONDS = 3 * 86_400
"""Of a block to which nothing comes."""
TOLD_OVER_TTL_SECONDS = 60
"""Of a block that no later worker reads."""
Classification = Literal["applied", "amendment", "duplicate"]


class AppliedOffsets(Stored):
    """What was applied of one partition of scored.texts."""

    offsets: dict[str, int] = {}
    """The last offset applied, by `topic:partition` of the source."""
    unscored: dict[str, None] = {}
    """Coordinates of texts that were applied without scores, oldest first."""

    def classify(self, text: ScoredText) -> Classification:
        """Whether a text is new, an amendment or a repeat; a new one is remembered as applied."""
        source, offset = source_partition(text), text.origin.offset
        if offset <= self.offsets.get(source, -1):
            amends = text.scored and str(text.origin) in self.unscored
            if amends:
                del self.unscored[str(text.origin)]
            return "amendment" if amends else "duplicate"
        self.offsets[source] = offset
        if not text.scored and text.kind != "retraction":
            self.unscored[str(text.origin)] = None
            if len(self.unscored) > KEPT_UNSCORED:
                del self.unscored[next(iter(self.unscored))]
        return "applied"

    def awaits(self, text: ScoredText) -> bool:
        """Whether a text brings scores of one that was applied without."""
        return text.scored and str(text.origin) in self.unscored

    def amend_nothing(self, text: ScoredText) -> None:
        """Take a new text for counted by other coordinates: its scores, should they come later, are a repeat too."""
        self.unscored.pop(str(text.origin), None)


def source_partition(text: ScoredText) -> str:
    """The partition that a text comes from, as `topic:partition`."""
    return f"{text.origin.topic}:{text.origin.partition}"


class ToldEvents:
    """The identities of a partition's records, in the current block of offsets and the one before, as digests.

    told:<block>   string   eight bytes an event
    """

    def __init__(self, block: int, before: bytes | None, now: bytes | None) -> None:
        """`block` is that of the stored offset; the others are what is stored of the one before and of it."""
        self._block = block
        self._before, self._now = _digests(before), _digests(now)
        self._new: dict[str, list[bytes]] = {}
        self._over: list[str] = []

    def is_new(self, identity: str, offset: int) -> bool:
        """Take in a record, in the log's order; returns whether it was not told before."""
        block = block_of(offset)
        if block != self._block:
            self._before = self._now if block == self._block + 1 else set()
            self._over += [told_suffix(over) for over in (self._block - 1, self._block) if over < block - 1]
            self._block, self._now = block, set()
        digest = blake2b(identity.encode(errors="surrogatepass"), digest_size=DIGEST_BYTES).digest()
        if digest in self._now or digest in self._before:
            return False
        self._now.add(digest)
        self._new.setdefault(told_suffix(block), []).append(digest)
        return True

    def pop_new(self) -> dict[str, bytes]:
        """What to append since the last call, by suffix."""
        new, self._new = self._new, {}
        return {suffix: b"".join(digests) for suffix, digests in new.items()}

    def pop_over(self) -> list[str]:
        """Blocks that the window left since the last call, by suffix."""
        over, self._over = self._over, []
        return over


def told_identity(text: ScoredText) -> str:
    """What makes two scored texts one: the event that they were made of, and the brand that it is about."""
    return f"{text.brand_id}\x1f{event_identity(text.event_id, text.source, text.platform)}"


def told_suffix(block: int) -> str:
    return f"told:{block}"


def told_suffixes(stored_offset: int) -> list[str]:
    """Where the events are that were told before an offset, the older ones first."""
    block = block_of(stored_offset)
    return [told_suffix(block - 1), told_suffix(block)]


def _digests(stored: bytes | None) -> set[bytes]:
    whole = len(stored or b"") // DIGEST_BYTES * DIGEST_BYTES
    return {(stored or b"")[at : at + DIGEST_BYTES] for at in range(0, whole, DIGEST_BYTES)}
