"""Metric names as queries write them; streams.metrics declares them."""

from prometheus_client import Counter, Gauge, Histogram


def total(counter: Counter) -> str:
    """The sample that a counter exposes."""
    return f"{_family(counter)}_total"


def bucket(histogram: Histogram) -> str:
    """The cumulative buckets of a histogram."""
    return f"{_family(histogram)}_bucket"


def gauge(gauge: Gauge) -> str:
    """The sample that a gauge exposes."""
    return _family(gauge)


def quantile(share: float, histogram: Histogram, by: str = "") -> str:
    """A quantile over the last five minutes, in the histogram's unit."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({bucket(histogram)}[5m])))"


def _family(metric: Counter | Gauge | Histogram) -> str:
    return str(next(iter(metric.describe())).name)
