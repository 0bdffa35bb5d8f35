"""The console: pages for brand-safety teams, on-call staff and hosts, on live data.

    Redis ──► Readers ────────┐
                              ├─► pages (one module a page) ─► stream (what changed, as events) ─► web/ (the browser)
    Kafka ──► TopicFollower ──┘                                      ▲
    people ──► commands ──► decisions, campaigns ──► Redis ──────────┘

The process holds nothing that cannot be read again: it may be killed at any moment, and run twice.
"""
