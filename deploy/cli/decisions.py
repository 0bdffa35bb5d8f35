"""`pulsewatch decisions`: texts that people mark, and the file of right answers that model and rules learn from."""

import getpass
import json
from contextlib import closing
from typing import IO, TYPE_CHECKING

import click

from deploy.cli.model import KINDS

if TYPE_CHECKING:
    from streams.events.schema import TextKind


@click.group()
def decisions() -> None:
    """What people decided, as texts to learn from."""


@decisions.command()
@click.argument("label")
@click.argument("file", type=click.File("r", encoding="utf-8"), default="-")
@click.option(
    "--as", "answer", required=True, type=click.Choice(["missed", "false-alarm"]),
    help="Missed: the texts carry LABEL. False alarm: they do not.",
)  # fmt: skip
@click.option("--kind", type=click.Choice(KINDS), default="comment", show_default=True, help="Who speaks.")
@click.option("--by", "author", default=None, help="Who marks them [the name of your account].")
def mark(label: str, file: IO[str], answer: str, kind: "TextKind", author: str | None) -> None:
    """Mark texts, a line each, as missed or as false alarms.

    LABEL is a risk (complaint, abuse, …) or a rule family. FILE is - (standard input) by default. Personal data is
    masked before a text is kept; the last word about a text and a label counts.
    """
    from streams.clock import system_clock
    from streams.compliance.loader import PACKS_FOLDER, read_packs
    from streams.control.marks import Marks, is_risk
    from streams.errors import UsageError
    from streams.ledger.connect import reader_client
    from streams.settings import settings

    families = {pack.family for _, pack in read_packs(PACKS_FOLDER)}
    if not is_risk(label) and label not in families:
        raise UsageError(f"there is no risk and no rule family {label}")
    texts = [line.strip() for line in file if line.strip()]
    chosen = settings()
    with closing(reader_client(chosen)) as client:
        made = Marks(client, chosen.namespace).record(
            texts,
            label,
            answer == "missed",
            author or getpass.getuser(),
            system_clock(),
            kind,
        )
    click.echo(f"{len(made)} marked", err=True)


@decisions.command()
@click.option("--output", "-o", type=click.File("w", encoding="utf-8"), default="-", help="Where to write [stdout].")
def export(output: IO[str]) -> None:
    """Write the right answers that people gave, a JSON object a line.

    Each has a text (personal data masked), its label with 1 or 0, its kind, when and by whom: texts that were marked,
    and those that alerts show which were judged false or confirmed. `pulsewatch model learn`, `model calibrate`, `rules
    learn --marked` and `python -m models.train --marked` take the file.
    """
    from streams.alerts.reader import AlertReader
    from streams.control.decisions import Decisions
    from streams.control.marks import Marks, last_words, marks_of
    from streams.ledger.connect import reader_client
    from streams.settings import settings

    chosen = settings()
    with closing(reader_client(chosen)) as client:
        reader = AlertReader(client, chosen.namespace)
        known = [*reader.active(), *reader.resolved()]
        made = Decisions(client, chosen.namespace).made([alert.fingerprint for alert in known])
        of_alerts = [one for alert in known for one in marks_of(alert, made.get(alert.fingerprint, []))]
        rows = last_words([*of_alerts, *Marks(client, chosen.namespace).all()])
    for row in rows:
        output.write(json.dumps(row.as_row(), ensure_ascii=False) + "\n")
    click.echo(f"{len(rows)} right answers", err=True)
