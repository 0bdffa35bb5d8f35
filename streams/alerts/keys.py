"""Where the detection stage keeps alerts in its ledger: hashes by suffix, below each partition's prefix.

alerts      fingerprint → the alert as JSON, while it is pending or firing
resolved    the same for the last that fired and resolved
shadow      the same for the last alerts of people's rules in shadow, in any state
"""

ACTIVE = "alerts"
RESOLVED = "resolved"
SHADOW = "shadow"
