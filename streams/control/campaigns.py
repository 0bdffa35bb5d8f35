"""Campaigns, and what is kept of them: the counters expire within hours, so their minutes are copied while they last.

    <namespace>:campaigns                     hash: id → campaign as JSON
    <namespace>:campaign:<id>:minutes         hash: minute → what happened in it, as JSON
    <namespace>:campaign:<id>:people:<part>   folded log of people (streams.engagement.hyperloglog), by part

A copy replaces the whole minute, and a people log is a union: a second copy, or another console's, changes nothing.
All of it stays KEPT_SECONDS after the last copy. Parts are as long as the campaign, or MAX_AROUND_MINUTES:

    before [19:00 … 20:00)   during [20:00 … 21:00)   after [21:00 … 22:00)
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec

from streams.clock import MINUTE_MS
from streams.engagement.hyperloglog import fold, read
from streams.ledger.reader import answers
from streams.refusals import Refused

KEPT_SECONDS = 400 * 86_400
MAX_AROUND_MINUTES = 24 * 60
MAX_MINUTES = 31 * 24 * 60
MAX_CAMPAIGNS = 500
MAX_NAME = 120

CampaignScope = Literal["room", "brand", "product"]
Status = Literal["planned", "running", "over"]
Part = Literal["before", "during", "after"]
PARTS: tuple[Part, ...] = get_args(Part)
_ID = re.compile(r"[\w\-.:]{1,64}\Z")


class Campaign(msgspec.Struct, frozen=True):
    """What runs where, and when (event time in milliseconds; the end is exclusive)."""

    campaign_id: str
    name: str
    scope: CampaignScope
    scope_id: str
    brand_id: str
    """The brand whose alerts and comments the campaign shows."""
    starts_ms: int
    ends_ms: int
    tags: Sequence[str]
    author: str
    created_ms: int

    def minutes(self, part: Part) -> range:
        """The minutes of a part, counted since the epoch; before and after last as long as it does, a day at most."""
        first, end = self.starts_ms // MINUTE_MS, -(-self.ends_ms // MINUTE_MS)
        around = min(end - first, MAX_AROUND_MINUTES)
        return {"before": range(first - around, first), "during": range(first, end), "after": range(end, end + around)}[
            part
        ]

    def part_of(self, minute: int) -> Part | None:
        """The part that a minute belongs to; None for a minute outside, as after an early end."""
        return next((part for part in PARTS if minute in self.minutes(part)), None)

    def status(self, present_ms: int) -> Status:
        """Where the events' present lies: before its start, within it, or at its end and later."""
        if present_ms < self.starts_ms:
            return "planned"
        return "running" if present_ms < self.ends_ms else "over"

    @property
    def whole(self) -> range:
        """All minutes that are recorded: the three parts together."""
        return range(self.minutes("before").start, self.minutes("after").stop)


class CampaignMinute(msgspec.Struct, frozen=True, omit_defaults=True):
    """One minute: sums that are not zero, comments by sentiment, and concurrent viewers where a feed reported them.
    `names_hidden`: when it was copied, the platform hid who some of the people were."""

    sums: Mapping[str, int] = {}
    moods: Mapping[str, int] = {}
    peak: int | None = None
    last: int | None = None
    names_hidden: bool = False


class CampaignRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A campaign as a person asks for it."""

    name: str
    scope: CampaignScope
    scope_id: str
    starts_ms: int
    ends_ms: int
    brand_id: str = ""
    tags: list[str] = []


def campaign_from(request: CampaignRequest, author: str, now_ms: int) -> Campaign:
    """The campaign that a person asked for. Raises UsageError that says what is wrong with the request."""
    name, scope_id = request.name.strip(), request.scope_id.strip()
    brand_id = request.brand_id.strip() or (scope_id if request.scope == "brand" else "")
    if not name or len(name) > MAX_NAME:
        raise Refused("campaign_name", max=MAX_NAME)
    if not scope_id or len(scope_id) > 128:
        raise Refused("campaign_place", scope=request.scope)
    if not brand_id:
        raise Refused("campaign_brand", scope=request.scope)
    if not 0 < request.starts_ms < request.ends_ms:
        raise Refused("campaign_times")
    if request.ends_ms - request.starts_ms > MAX_MINUTES * MINUTE_MS:
        raise Refused("campaign_length", days=MAX_MINUTES // 1440)
    tags = [tag for tag in (tag.strip()[:40] for tag in request.tags[:20]) if tag]
    return Campaign(
        campaign_id=secrets.token_hex(6),
        name=name,
        scope=request.scope,
        scope_id=scope_id,
        brand_id=brand_id,
        starts_ms=request.starts_ms,
        ends_ms=request.ends_ms,
        tags=tags,
        author=author,
        created_ms=now_ms,
    )


_decode = msgspec.json.Decoder(Campaign).decode
_decode_minute = msgspec.json.Decoder(CampaignMinute).decode


class Campaigns:
    """Over a synchronous Redis client that returns bytes. Every call raises Unavailable where Redis does not answer."""

    def __init__(self, client: Any, namespace: str) -> None:
        self._client = client
        self._key = f"{namespace}:campaigns"
        self._prefix = f"{namespace}:campaign:"

    def all(self) -> list[Campaign]:
        """Every campaign, the one with the latest start first."""
        [values] = answers(self._client, [("HVALS", self._key)])
        return sorted((_decode(value) for value in values), key=lambda one: (-one.starts_ms, one.campaign_id))

    def find(self, campaign_id: str) -> Campaign | None:
        [value] = answers(self._client, [("HGET", self._key, campaign_id)])
        return None if value is None else _decode(value)

    def save(self, campaign: Campaign) -> None:
        """Add it, or replace the one with its id. Raises UsageError where there are too many."""
        [count, known] = answers(self._client, [("HLEN", self._key), ("HEXISTS", self._key, campaign.campaign_id)])
        if count >= MAX_CAMPAIGNS and not known:
            raise Refused("campaigns_full", count=MAX_CAMPAIGNS)
        answers(self._client, [("HSET", self._key, campaign.campaign_id, msgspec.json.encode(campaign))])

    def end(self, campaign_id: str, now_ms: int) -> Campaign:
        """End a running campaign at `now_ms`. Raises UsageError where there is none of this id, or it does not run."""
        campaign = self.find(checked(campaign_id))
        if campaign is None:
            raise Refused("campaign_unknown", campaign=campaign_id[:40])
        if not campaign.starts_ms < now_ms < campaign.ends_ms:
            raise Refused("campaign_idle", campaign=campaign.name)
        ended = msgspec.structs.replace(campaign, ends_ms=now_ms)
        self.save(ended)
        return ended

    def remove(self, campaign_id: str) -> None:
        """Delete the campaign with its minutes and people."""
        keys = [self._minutes(campaign_id), *(self._people(campaign_id, part) for part in PARTS)]
        answers(self._client, [("HDEL", self._key, campaign_id), *(("DEL", key) for key in keys)])

    def store(self, campaign_id: str, minutes: Mapping[int, CampaignMinute], people: Mapping[Part, bytes]) -> None:
        """Write minutes over what is stored of them, and add people logs to those of their parts."""
        stored = self.people(campaign_id)
        commands: list[tuple[Any, ...]] = []
        if minutes:
            pairs = [part for number, minute in minutes.items() for part in (number, msgspec.json.encode(minute))]
            commands += [("HSET", self._minutes(campaign_id), *pairs)]
            commands += [("EXPIRE", self._minutes(campaign_id), KEPT_SECONDS)]
        for part, log in people.items():
            if log:
                union = fold(read([stored.get(part, b""), log]))
                commands += [("SET", self._people(campaign_id, part), union, "EX", KEPT_SECONDS)]
        answers(self._client, commands)

    def minutes(self, campaign_id: str) -> dict[int, CampaignMinute]:
        """Every stored minute, by its number since the epoch, in order."""
        [found] = answers(self._client, [("HGETALL", self._minutes(campaign_id))])
        return {number: _decode_minute(value) for number, value in sorted((int(at), one) for at, one in found.items())}

    def people(self, campaign_id: str) -> dict[Part, bytes]:
        """The folded people logs by part; a part without people is left out."""
        logs = answers(self._client, (("GET", self._people(campaign_id, part)) for part in PARTS))
        return {part: log for part, log in zip(PARTS, logs, strict=True) if log is not None}

    def _minutes(self, campaign_id: str) -> str:
        return f"{self._prefix}{checked(campaign_id)}:minutes"

    def _people(self, campaign_id: str, part: Part) -> str:
        return f"{self._prefix}{checked(campaign_id)}:people:{part}"


def checked(campaign_id: str) -> str:
    """An id that is safe in a Redis key. Raises UsageError for any other."""
    if not _ID.match(campaign_id):
        raise Refused("campaign_id", campaign=repr(campaign_id[:40]))
    return campaign_id
