"""What the demo came to: every counter, alert and dead letter beside the feed's own truth."""

from collections import Counter
from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.alerts.alert import Alert
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letter_topic import list_dead_letters
from streams.kafka.reading import read_topic
from streams.simulate.alert_comparison import Verdict
from streams.simulate.compare import Comparison, CounterReader, compare
from streams.simulate.truth import Truth
from streams.topology import ALERTS
from streams.untrusted import one_line

SHOWN_DIFFERENCES = 20


def compared(truth: Truth, counters: CounterReader, kafka: KafkaConnection) -> Comparison:
    """Hold what the stack stored and raised against the truth. Raises Unavailable."""
    reasons = Counter(str(letter.reason) for letter in list_dead_letters(kafka))
    return compare(truth, counters, alerts_of(kafka), reasons)


def alerts_of(kafka: KafkaConnection) -> list[Alert]:
    """Every record on the alerts topic, each partition in order."""
    return [alert for alert, _ in timed_alerts(kafka)]


def timed_alerts(kafka: KafkaConnection) -> list[tuple[Alert, int]]:
    """The same, with Kafka's time of each in milliseconds since the epoch."""
    records = (record for record in read_topic(kafka, ALERTS) if record.value is not None)
    return [(msgspec.json.decode(record.value, type=Alert), record.timestamp) for record in records]


def show(console: Console, comparison: Comparison) -> None:
    """Alerts one by one; of the counters those that differ."""
    console.print(_alert_table(comparison.verdicts))
    for row in comparison.differences[:SHOWN_DIFFERENCES]:
        where = f"{row.scope} {one_line(row.scope_id)} {row.window} {row.name}"
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
    severity = verdict.raised.max_severity if verdict.raised else ""
    names = (said.kind, said.brand_id, said.room_id or "", said.family or "", severity)
    style = "red" if verdict.fault else "green"
    return [*(Text(one_line(name)) for name in names), Text(verdict.fault or "as expected", style=style)]
