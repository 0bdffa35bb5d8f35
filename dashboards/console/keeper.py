"""Copies the minutes of running campaigns before they expire; may be killed, late by an hour, or run twice."""

from collections.abc import Mapping

from streams.clock import MINUTE_MS
from streams.control.campaigns import PARTS, Campaign, CampaignMinute, Campaigns, Part
from streams.detection.views.reader import ViewReader
from streams.engagement.hyperloglog import fold, read
from streams.engagement.reader import EngagementReader

SWEEP_MINUTES = 120
"""Engagement keeps its minutes for 150, expired a tenth too early at worst; what comes late is copied with them."""
FRESH_MINUTES = 3
SWEEP_SECONDS = 60.0


class CampaignRecorder:
    """Reads counters and moods, writes campaigns. Every call may raise Unavailable."""

    def __init__(self, campaigns: Campaigns, engagement: EngagementReader, talk: ViewReader) -> None:
        self._campaigns = campaigns
        self._engagement = engagement
        self._talk = talk

    def sweep(self, present_ms: int) -> None:
        """Copy the last two hours of every campaign that they belong to."""
        for campaign in self._campaigns.all():
            self.keep(campaign, present_ms, SWEEP_MINUTES)

    def keep(self, campaign: Campaign, present_ms: int, count: int = FRESH_MINUTES) -> None:
        """Copy those of the last `count` minutes that belong to the campaign or its surroundings."""
        last = min(present_ms // MINUTE_MS, campaign.whole.stop - 1)
        first = max(present_ms // MINUTE_MS - count + 1, campaign.whole.start)
        if first <= last:
            numbers = range(first, last + 1)
            self._campaigns.keep(
                campaign.campaign_id, self._minutes(campaign, numbers), self._people(campaign, numbers)
            )

    def _minutes(self, campaign: Campaign, numbers: range) -> dict[int, CampaignMinute]:
        told = self._engagement.minutes(campaign.scope, campaign.scope_id, len(numbers), (numbers.stop - 1) * MINUTE_MS)
        moods = self._moods(campaign, numbers)
        return {
            one.number: CampaignMinute(
                sums={name: number for name, number in one.sums.items() if number},
                moods=dict(moods.get(one.number, {})),
                peak=one.viewers_peak,
                last=one.viewers_last,
            )
            for one in told
        }

    def _moods(self, campaign: Campaign, numbers: range) -> Mapping[int, Mapping[str, int]]:
        """A room's own comments; else those of the brand."""
        if campaign.scope == "room":
            return self._talk.moods(campaign.scope_id, numbers.start, numbers.stop - 1)
        found: dict[int, dict[str, int]] = {}
        for (minute, _), counts in self._talk.minutes(campaign.brand_id, numbers.start, numbers.stop - 1).items():
            mood = found.setdefault(minute, {})
            for label, number in counts.items():
                mood[label] = mood.get(label, 0) + number
        return found

    def _people(self, campaign: Campaign, numbers: range) -> dict[Part, bytes]:
        logs: dict[Part, bytes] = {}
        for part in PARTS:
            own = campaign.minutes(part)
            within = range(max(own.start, numbers.start), min(own.stop, numbers.stop))
            logs[part] = fold(read(self._engagement.people_logs(campaign.scope, campaign.scope_id, within)))
        return logs
