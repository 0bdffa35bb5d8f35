"""Copies the minutes of running campaigns before the engagement counters expire.

It may be killed, late by an hour, or run twice: a minute is written over with its latest counts.
"""

from collections import Counter
from collections.abc import Mapping

from streams.clock import MINUTE_MS
from streams.control.campaigns import PARTS, Campaign, CampaignMinute, Campaigns, CampaignScope, Part
from streams.detection.views.reader import ViewReader
from streams.engagement.hyperloglog import fold, read
from streams.engagement.reader import EngagementReader
from streams.refusals import Refused

SWEEP_MINUTES = 120
"""Engagement keeps its minutes for 150, and may expire them ten minutes early. Late events are copied with them."""
FRESH_MINUTES = 3
SWEEP_SECONDS = 60.0


class CampaignRecorder:
    """Reads counters and sentiments, writes campaigns. Every call may raise Unavailable."""

    def __init__(self, campaigns: Campaigns, engagement: EngagementReader, views: ViewReader) -> None:
        self._campaigns = campaigns
        self._engagement = engagement
        self._views = views

    def start(self, campaign: Campaign, present_ms: int) -> None:
        """Save a new campaign and copy at once what came before it, for it expires. Raises UsageError where there are
        too many campaigns, and for one that has begun in a place of which nothing was heard."""
        if campaign.starts_ms <= present_ms and not self.is_known(campaign.scope, campaign.scope_id):
            raise Refused("place_unheard", scope=campaign.scope, id=campaign.scope_id)
        self._campaigns.save(campaign)
        self.sweep(present_ms)

    def is_known(self, scope: CampaignScope, scope_id: str) -> bool:
        """Whether anything was heard of a room, brand or product that is still kept."""
        if scope != "brand" and self._engagement.sessions(scope, scope_id):
            return True
        return scope_id in self.known(scope)

    def known(self, scope: CampaignScope) -> list[str]:
        """The ids of a scope with an event, or a text, in the last 24 hours."""
        return self._engagement.ids(scope)

    def brand_of(self, room_id: str) -> str:
        """The brand that a room is known to belong to; empty where it is not known."""
        found = self._views.rooms([room_id]).get(room_id)
        return found.brand_id if found else ""

    def sweep(self, present_ms: int) -> None:
        """Copy the last two hours for every campaign that they belong to."""
        for campaign in self._campaigns.all():
            self.record(campaign, present_ms, SWEEP_MINUTES)

    def record(self, campaign: Campaign, present_ms: int, count: int = FRESH_MINUTES) -> None:
        """Copy those of the last `count` minutes that belong to the campaign, to before it or to after it."""
        last = min(present_ms // MINUTE_MS, campaign.whole.stop - 1)
        first = max(present_ms // MINUTE_MS - count + 1, campaign.whole.start)
        if first <= last:
            numbers = range(first, last + 1)
            minutes, people = self._minutes(campaign, numbers), self._people(campaign, numbers)
            self._campaigns.store(campaign.campaign_id, minutes, people)

    def _minutes(self, campaign: Campaign, numbers: range) -> dict[int, CampaignMinute]:
        end_ms = (numbers.stop - 1) * MINUTE_MS
        counted = self._engagement.minutes(campaign.scope, campaign.scope_id, len(numbers), end_ms)
        sentiments = self._sentiments(campaign, numbers)
        names_hidden = self._names_hidden(campaign, numbers.start * MINUTE_MS)
        return {
            minute.number: CampaignMinute(
                sums={name: count for name, count in minute.sums.items() if count},
                moods=dict(sentiments.get(minute.number, {})),
                peak=minute.viewers_peak,
                last=minute.viewers_last,
                names_hidden=names_hidden,
            )
            for minute in counted
        }

    def _sentiments(self, campaign: Campaign, numbers: range) -> Mapping[int, Mapping[str, int]]:
        """Texts by minute and label: a room's own comments, else all texts about the brand."""
        if campaign.scope == "room":
            return self._views.sentiments(campaign.scope_id, numbers.start, numbers.stop - 1)
        by_minute: dict[int, Counter[str]] = {}
        for (minute, _), counts in self._views.minutes(campaign.brand_id, numbers.start, numbers.stop - 1).items():
            by_minute.setdefault(minute, Counter()).update(counts)
        return by_minute

    def _names_hidden(self, campaign: Campaign, since_ms: int) -> bool:
        if campaign.scope == "room":
            room = self._views.rooms([campaign.scope_id]).get(campaign.scope_id)
            return room is not None and room.names_hidden
        return self._views.names_hidden(campaign.brand_id, since_ms)

    def _people(self, campaign: Campaign, numbers: range) -> dict[Part, bytes]:
        logs: dict[Part, bytes] = {}
        for part in PARTS:
            own = campaign.minutes(part)
            within = range(max(own.start, numbers.start), min(own.stop, numbers.stop))
            logs[part] = fold(read(self._engagement.people_logs(campaign.scope, campaign.scope_id, within)))
        return logs
