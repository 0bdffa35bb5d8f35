"""The Prometheus exporter: what lies in Redis; alerts as they are at each scrape, all else some seconds old."""
