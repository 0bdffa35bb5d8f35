"""`pulsewatch rules`: packs tried, read for mistakes and explained, with no server and no Python."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from streams.events.schema import Platform, TextKind

if TYPE_CHECKING:
    from streams.compliance.rulebook import Considered


def _packs(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option(
            "--packs", type=click.Path(path_type=Path), default=None, help="A folder of packs [those that are shipped]."
        ),
    ):
        function = option(function)
    return function


def _load(packs: Path | None) -> tuple[Path, Any]:
    from streams.compliance.loader import PACKS_FOLDER
    from streams.compliance.rulebook import Rulebook

    folder = packs or PACKS_FOLDER
    return folder, Rulebook.load(folder)


@click.group()
def rules() -> None:
    """Test, check and explain the compliance rules."""


@rules.command()
@_packs
def test(packs: Path | None, as_json: bool) -> None:
    """Run the examples in the packs.

    Each must fire or not, as its pack says. Exit code 1 where one fails.
    """
    from streams.compliance.pack_checks import run_examples

    folder, rulebook = _load(packs)
    count, remarks = run_examples(folder, rulebook)
    if as_json:
        click.echo(json.dumps({"examples": count, "failed": [asdict(r) for r in remarks]}, ensure_ascii=False))
    else:
        for remark in remarks:
            click.echo(str(remark))
        click.echo(
            f"{count} examples of {len(rulebook.rules)} rules and of timers: {len(remarks) or 'none'} failed", err=True
        )
    raise SystemExit(1 if remarks else 0)


@rules.command()
@click.option(
    "--notes",
    is_flag=True,
    help="Also what is no mistake: packs that no lawyer has read, patterns that no example shows.",
)
@_packs
def lint(notes: bool, packs: Path | None, as_json: bool) -> None:
    """Find doubled, unreachable or unused entries in the packs.

    Exit code 1 where there is one.
    """
    from streams.compliance.pack_checks import lint as find_mistakes

    folder, rulebook = _load(packs)
    remarks = find_mistakes(folder, rulebook)
    shown = [remark for remark in remarks if notes or remark.level != "note"]
    if as_json:
        click.echo(json.dumps([asdict(remark) for remark in shown], ensure_ascii=False))
    else:
        for remark in shown:
            click.echo(str(remark))
        left = len(remarks) - len(shown)
        click.echo(
            f"{len(rulebook.rules)} rules: {len(shown) or 'no'} remark{'' if len(shown) == 1 else 's'}"
            + (f", {left} notes (--notes)" if left else ""),
            err=True,
        )
    raise SystemExit(1 if any(remark.level != "note" for remark in remarks) else 0)


@rules.command()
@click.argument("text")
@click.option(
    "--kind", type=click.Choice(get_args(TextKind)), default="host_speech", show_default=True, help="Who speaks."
)
@click.option("--platform", type=click.Choice(get_args(Platform)), default=None, help="Where [any].")
@click.option("--jurisdiction", default=None, help="Whose law, such as CN or US [by platform and language].")
@_packs
def explain(
    text: str,
    kind: TextKind,
    platform: Platform | None,
    jurisdiction: str | None,
    packs: Path | None,
    as_json: bool,
) -> None:
    """Show which rules match TEXT, and why.

    Shows how TEXT is read, where each rule matches, what excuses a match, and what it is to disclosure timers.
    """
    from streams.compliance.disclosure_timers import load_timers, matched_phrases

    folder, rulebook = _load(packs)
    told = rulebook.explain(text, kind, platform=platform, jurisdiction=jurisdiction)
    to_timers = list(matched_phrases(text, load_timers(folder))) if kind == "host_speech" else []
    if as_json:
        considered = [item._asdict() for item in told.considered]
        timers = [
            {"timer": timer.timer.id, "article": timer.timer.article, "counts_as": what, "span": list(span)}
            for timer, what, span in to_timers
        ]
        explained = {"normal": told.normal, "undisguised": told.undisguised, "considered": considered, "timers": timers}
        click.echo(json.dumps(explained, ensure_ascii=False))
        return
    click.echo(f"read as       {told.normal}")
    if told.undisguised is not None:
        click.echo(f"undisguised   {told.undisguised}")
    if not told.considered:
        click.echo("no rule matches")
    for item in told.considered:
        for line in _match_lines(item):
            click.echo(line)
    for timer, what, span in to_timers:
        click.echo(f"{what:13} {timer.timer.id}  {timer.timer.article}")
        click.echo(f"              “{text[slice(*span)]}” at {span[0]}–{span[1]}")


def _match_lines(match: "Considered") -> Iterator[str]:
    outcome = "fires" if match.excuse is None else "excused"
    yield f"{outcome:13} {match.rule}  {match.article}"
    yield f"              “{match.matched}” at {match.span[0]}–{match.span[1]}, read as “{match.reading}”"
    if match.score is not None:
        yield f"              reads like a breach of {match.family} with {match.score:.2f}"
    if match.excuse is not None:
        yield f"              by {match.excuse if len(match.excuse) < 160 else match.excuse[:157] + '…'}"


@rules.command()
@click.option(
    "--packs", type=click.Path(path_type=Path), default=None, help="A folder of packs [those that are shipped]."
)
@click.option(
    "--marked",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Right answers of `pulsewatch decisions export`, for a folder of packs of your own.",
)
def learn(packs: Path | None, marked: Path | None) -> None:
    """Train the likeness model, the rules' second opinion.

    Learns from the examples in the packs and in examples.txt beside them. The families of --marked are added to
    examples.txt first; the last answer about a text counts.
    """
    from streams.compliance.likeness import save_likeness
    from streams.compliance.loader import PACKS_FOLDER
    from streams.compliance.rulebook import Rulebook
    from streams.compliance.train_likeness import add_marked, examples
    from streams.compliance.train_likeness import learn as learn_likeness
    from streams.errors import UsageError

    folder = packs or PACKS_FOLDER
    if marked is not None and packs is None:
        raise UsageError("--marked changes examples.txt: name a copy of the packs with --packs")
    if marked is not None:
        click.echo(f"{add_marked(folder, marked)} marked texts added to {folder / 'examples.txt'}", err=True)
    labelled = examples(folder)
    likeness = learn_likeness(labelled, Rulebook.load(folder, with_likeness=False))
    save_likeness(likeness, folder)
    click.echo(f"learnt from {len(labelled)} examples: {len(likeness.vocabulary)} pieces of text", err=True)
