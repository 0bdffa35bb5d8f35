"""Where alerts are kept: hashes in the detection stage's ledger, by suffix below each partition's prefix.

    alerts      fingerprint → the alert as JSON, while it is pending or firing
    resolved    the same for the last that fired and resolved
    shadow      the same for the last alerts of people's rules in shadow, in any state

The detection stage writes them with the states that the alerts come from; streams.alerts.reader reads them.
"""

ACTIVE = "alerts"
RESOLVED = "resolved"
SHADOW = "shadow"
