"""What shows the monitor: the console, the terminal, Grafana, and the exporter for Prometheus."""
