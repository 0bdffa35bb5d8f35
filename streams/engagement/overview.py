"""All ids of a scope at once: `EngagementReader.all_scopes` under the name that the dashboards still use."""

from streams.engagement.reader import EngagementReader, ScopeTotals

__all__ = ["Overview", "ScopeTotals"]


class Overview(EngagementReader):
    lines = EngagementReader.all_scopes
