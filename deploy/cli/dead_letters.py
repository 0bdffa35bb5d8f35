"""`pulsewatch dead-letters`: what could not be read, and the way back."""

import json
from collections.abc import Callable

import click

from streams.events.dead_letters import DeadLetter

PREVIEW_CHARS = 60
READ_BYTES = 20_000
"""Of a record for its preview."""


def _selection(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--reason", help="Only those with this reason, such as bad_json."),
        click.option("--topic", help="Only those from this topic."),
    ):
        function = option(function)
    return function


def _wanted(reason: str | None, topic: str | None) -> Callable[[DeadLetter], bool]:
    return lambda letter: reason in (None, letter.reason) and topic in (None, letter.origin.topic)


@click.group("dead-letters")
def dead_letters() -> None:
    """List and redrive records that could not be read."""


@dead_letters.command("list")
@_selection
@click.option("--raw", is_flag=True, help="Leave personal data in what is shown of a record, as the topic has it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines, with the bytes as far as they are UTF-8.")
def list_(reason: str | None, topic: str | None, raw: bool, as_json: bool) -> None:
    """List the dead letters that have not been redriven."""
    from streams.kafka.connection import KafkaConnection
    from streams.kafka.dead_letter_topic import list_dead_letters
    from streams.settings import settings

    letters = [letter for letter in list_dead_letters(KafkaConnection.of(settings())) if _wanted(reason, topic)(letter)]
    for letter in letters:
        click.echo(_json(letter, raw=raw) if as_json else _line(letter, raw=raw))
    if not letters and not as_json:
        click.echo("No dead letters.")


@dead_letters.command()
@_selection
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.confirmation_option("--yes", prompt="Send these records back to the topics they came from?")
def redrive(reason: str | None, topic: str | None, as_json: bool) -> None:
    """Send records back to the topics that they came from.

    Do so once the cause has been mended.
    """
    from streams.kafka.connection import KafkaConnection
    from streams.kafka.dead_letter_topic import redrive as send_back
    from streams.settings import settings

    counts = send_back(KafkaConnection.of(settings()), _wanted(reason, topic))
    if as_json:
        click.echo(json.dumps(counts))
    else:
        click.echo(f"{counts['redriven']} redriven, {counts['skipped']} skipped (only their beginning was kept)")


def _shown(value: bytes, *, raw: bool) -> str:
    from streams.compliance.text_reading import mask

    text = value.decode(errors="replace")
    return text if raw else mask(text)


def _json(letter: DeadLetter, *, raw: bool) -> str:
    value = None if letter.value is None else _shown(letter.value, raw=raw)
    row = {
        "topic": letter.origin.topic,
        "partition": letter.origin.partition,
        "offset": letter.origin.offset,
        "reason": letter.reason,
        "detail": letter.detail,
        "stage": letter.stage,
        "value": value,
        "truncated": letter.truncated,
        "size": letter.size_bytes,
    }
    return json.dumps(row, ensure_ascii=True)


def _line(letter: DeadLetter, *, raw: bool) -> str:
    """One line, whatever is in the record."""
    from streams.untrusted import one_line

    start = one_line(_shown((letter.value or b"")[:READ_BYTES], raw=raw), PREVIEW_CHARS)
    return f"{letter.origin!s:32} {letter.reason:18} {letter.detail[:60]:60} {len(letter.value or b''):>9} B {start}"
