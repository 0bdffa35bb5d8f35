"""The Prometheus exporter: what lies in Redis, built anew at each scrape."""
