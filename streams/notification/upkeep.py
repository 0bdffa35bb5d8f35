"""What the relay looks after beside messages: silences of acknowledged alerts, and alerts that nobody was told
of, or not of their ends.

Redis and Alertmanager are asked again and again; one that is away is waited for, with a line when it goes and comes.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from streams.alerts.alert import Alert
from streams.clock import Clock, system_clock
from streams.control.decisions import Silence
from streams.errors import Unavailable
from streams.notification.alertmanager_api import AlertmanagerApi
from streams.notification.records import AlertRecords
from streams.notification.silences import apply_silences, silence_changes
from streams.notification.untold import UntoldAlerts, as_alertmanager_has_it

LOG = logging.getLogger(__name__)
PERIOD_SECONDS = 1.0
"""A decision acts within it."""
SYNC_MS = 30_000
"""Alertmanager's silences are looked at again so often, for one that was lost or ended elsewhere."""
UNTOLD_MS = 10_000


@dataclass
class Upkeep:
    """Runs until it is cancelled."""

    records: AlertRecords
    api: AlertmanagerApi
    clock: Clock = system_clock
    untold: UntoldAlerts = field(default_factory=UntoldAlerts)
    _synced: tuple[int, object] = (0, None)
    _looked_ms: int = 0
    _trouble: str = ""

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except Unavailable as error:
                self._say(str(error))
            else:
                self._say("")
            await asyncio.sleep(PERIOD_SECONDS)

    async def step(self) -> None:
        """One look at everything. Raises Unavailable."""
        now_ms = self.clock()
        firing = await asyncio.to_thread(self.records.firing)
        await self._silence(firing, now_ms)
        if now_ms - self._looked_ms >= UNTOLD_MS:
            self._looked_ms = now_ms
            await self._tell(firing, now_ms)

    async def _silence(self, firing: Sequence[Alert], now_ms: int) -> None:
        names = [alert.fingerprint for alert in firing]
        wanted: Mapping[str, Silence] = await asyncio.to_thread(self.records.silences, names, now_ms)
        synced_ms, synced = self._synced
        if wanted != synced or (now_ms - synced_ms >= SYNC_MS):
            changes = silence_changes(firing, wanted, await self.api.silences(), now_ms)
            await apply_silences(self.api, changes)
            self._synced = now_ms, wanted

    async def _tell(self, firing: Sequence[Alert], now_ms: int) -> None:
        resolved = await asyncio.to_thread(self.records.resolved)
        false_alarms = await asyncio.to_thread(self.records.ended, [alert.fingerprint for alert in resolved])
        alerts = [*firing, *(alert for alert in resolved if alert.fingerprint not in false_alarms)]
        told = await asyncio.to_thread(self.records.told, [alert.fingerprint for alert in alerts])
        if told is None:
            over = [alert.fingerprint for alert in resolved]
            await asyncio.to_thread(self.records.begin_telling, over, now_ms)
            return
        due = self.untold.due(alerts, told, now_ms)
        if due:
            LOG.warning("nobody was told of %d alerts or of their ends: Alertmanager has them now", len(due))
            await self.api.alert([as_alertmanager_has_it(alert, now_ms) for alert in due])

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble:
            LOG.warning("%s", trouble or "decisions act again, and missed alerts are told")
            self._trouble = trouble
