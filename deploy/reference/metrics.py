"""The page of Prometheus metrics: what processes count themselves, and what the exporter builds at each scrape."""

import ast

from deploy.reference.markdown import code, table
from deploy.reference.source import Documented, constants
from streams import metrics as declared

_TYPES = ("Counter", "Gauge", "Histogram")


def metrics() -> str:
    found = constants(declared)
    own = [_own(one) for one in found if _type(one) is not None]
    exported = [
        (code(one.value.value), one.text)
        for one in found
        if isinstance(one.value, ast.Constant) and str(one.value.value).startswith("pulsewatch_")
    ]
    return (
        "# Metrics\n\nDeclared in `streams/metrics.py`. Labels are from closed sets or capped.\n\n"
        "## Of workers and the relay\n\n" + table(("name", "type", "labels", "meaning"), own) + "\n"
        "## Of the exporter\n\nGauges, read from Redis and Kafka. A figure that could not be read has no sample.\n\n"
        + table(("name", "meaning"), exported)
    )


def _type(one: Documented) -> str | None:
    if isinstance(one.value, ast.Call) and isinstance(one.value.func, ast.Name) and one.value.func.id in _TYPES:
        return one.value.func.id
    return None


def _own(one: Documented) -> tuple[str, str, str, str]:
    assert isinstance(one.value, ast.Call)
    literals = [ast.literal_eval(argument) for argument in one.value.args]
    name, meaning, labels = literals[0], literals[1], literals[2] if len(literals) > 2 else ()
    return code(name), (_type(one) or "").lower(), ", ".join(map(code, labels)), f"{meaning} {one.text}"
