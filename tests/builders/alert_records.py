"""Alerts in Redis as detection keeps them, for the relay's reader."""

import msgspec
from redis import Redis

from streams.alerts.alert import Alert
from streams.alerts.keys import ACTIVE, RESOLVED
from streams.ledger.redis import key_prefix, partitions_key
from streams.notification.records import AlertRecords
from streams.topology import DETECTION, SCORED


def kept_alerts(client: Redis, namespace: str, *alerts: Alert) -> AlertRecords:
    """Store alerts as detection does."""
    client.sadd(partitions_key(namespace, DETECTION), f"{SCORED}:0")
    prefix = key_prefix(namespace, DETECTION, SCORED, 0)
    for alert in alerts:
        client.hset(
            prefix + (RESOLVED if alert.state == "resolved" else ACTIVE), alert.fingerprint, msgspec.json.encode(alert)
        )
    return AlertRecords(client, namespace)
