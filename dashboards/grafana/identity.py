"""By what Grafana knows that something is ours; the files under deploy/docker/grafana say the same."""

FOLDER_UID, FOLDER_TITLE = "pulsewatch", "Pulsewatch"
SOURCE_UID, SOURCE_NAME = "pulsewatch-prometheus", "Pulsewatch Prometheus"
TAG = "pulsewatch"
"""On every dashboard and annotation."""
