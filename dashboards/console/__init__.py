"""The console: pages for brand-safety teams, on-call staff and hosts, on live data.

    Redis ─┐
           ├─► readers ─► views (one module a page) ─► live (what changed, by server-sent events) ─► web/ (the pages)
    Kafka ─┘                                              ▲
    people ──► decisions, campaigns ──► Redis ────────────┘

The process holds nothing that cannot be read again: it may be killed at any moment, and run twice.
"""
