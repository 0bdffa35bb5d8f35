"""What the demo came to: every counter, alert and dead letter beside the feed's own truth."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing

import msgspec
from kafka import KafkaConsumer, TopicPartition
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dashboards.terminal.render import safe
from streams.alerts.alert import Alert
from streams.kafka.dead_letter_topic import list_dead_letters
from streams.simulate.alert_comparison import Verdict
from streams.simulate.compare import Comparison, CounterReader, compare
from streams.simulate.truth import Truth
from streams.topology import ALERTS

SHOWN_DIFFERENCES = 20


def compared(truth: Truth, counters: CounterReader, bootstrap: str) -> Comparison:
    """Hold what the stack stored and raised against the truth. Raises Unavailable."""
    reasons = Counter(str(letter.reason) for letter in list_dead_letters(bootstrap))
    return compare(truth, counters, alerts_of(bootstrap), reasons)


def alerts_of(bootstrap: str) -> list[Alert]:
    """Every record on the alerts topic, each partition in order."""
    return [alert for alert, _ in timed_alerts(bootstrap)]


def timed_alerts(bootstrap: str) -> list[tuple[Alert, int]]:
    """The same, with Kafka's time of each in milliseconds since the epoch."""
    with closing(KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, group_id=None)) as consumer:
        partitions = [TopicPartition(ALERTS, number) for number in consumer.partitions_for_topic(ALERTS) or ()]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        return [(msgspec.json.decode(value, type=Alert), at_ms) for value, at_ms in _values(consumer, partitions)]


def _values(consumer: KafkaConsumer, partitions: list[TopicPartition]) -> Iterator[tuple[bytes, int]]:
    ends = consumer.end_offsets(partitions)
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for records in consumer.poll(500).values():
            yield from ((record.value, record.timestamp) for record in records if record.value is not None)


def show(console: Console, comparison: Comparison) -> None:
    """Alerts one by one; of the counters those that differ."""
    console.print(_alert_table(comparison.verdicts))
    for row in comparison.differences[:SHOWN_DIFFERENCES]:
        where = f"{row.scope} {safe(row.scope_id)} {row.window} {row.name}"
        console.print(Text(f"  {where}: expected {row.expected}, found {row.found}", style="red"))
    hidden = len(comparison.differences) - SHOWN_DIFFERENCES
    if hidden > 0:
        console.print(Text(f"  … and {hidden} more", style="red"))
    wrong = len(comparison.differences)
    counted = f"{comparison.figures:,} figures compared with the feed's truth, {wrong:,} of them wrong"
    console.print(Text(counted, style="red" if wrong else "green"))


def _alert_table(verdicts: Sequence[Verdict]) -> Table:
    table = Table("alert", "brand", "room", "family", "severity", "verdict", title="Alerts", title_justify="left")
    for verdict in verdicts:
        table.add_row(*_cells(verdict))
    return table


def _cells(verdict: Verdict) -> list[Text]:
    said = verdict.raised.last if verdict.raised else verdict.expected
    if said is None:
        return []
    severity = verdict.raised.worst if verdict.raised else ""
    names = (said.kind, said.brand_id, said.room_id or "", said.family or "", severity)
    style = "red" if verdict.fault else "green"
    return [*(Text(safe(name)) for name in names), Text(verdict.fault or "as expected", style=style)]
