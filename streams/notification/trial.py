"""A test message, to see that a receiver's address and secret are right."""

import aiohttp

from streams.clock import system_clock
from streams.notification.alertmanager import AlertmanagerAlert, Notification, written_time
from streams.notification.delivery import ReceiverClient, Result
from streams.notification.message import Links
from streams.notification.receivers import Receiver

SUMMARY = "Test of the relay: no action is needed / 告警通道测试，无需处理"


def notification(now_ms: int) -> Notification:
    """A notification of one alert, at `info`."""
    labels = {"alertname": "RelayTest", "severity": "info"}
    fingerprint = f"relay-test-{now_ms}"
    starts_at = written_time(now_ms, "seconds")
    return Notification(
        "test", "firing", [AlertmanagerAlert("firing", labels, {"summary": SUMMARY}, starts_at, fingerprint)], ""
    )


async def send_test(receiver: Receiver, links: Links) -> Result:
    """Deliver the test notification as any other, retries included."""
    async with aiohttp.ClientSession() as session:
        return await ReceiverClient(receiver, links, session).deliver(notification(system_clock()))
