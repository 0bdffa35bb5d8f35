"""The relay: what Alertmanager sends, written in each receiver's own format.

Alertmanager keeps the alerts, groups them, remembers who was told and tries again; the relay keeps nothing. It answers
only once the receiver has: 200 delivered, 422 refused for good, 503 not now. So a relay that dies loses no message, and
one that is delivered twice (an answer was lost on its way) is the price.
"""
