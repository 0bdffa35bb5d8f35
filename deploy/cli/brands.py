"""`pulsewatch brands`: which texts are about which brand, and why."""

import json
from collections import Counter, defaultdict
from dataclasses import asdict
from pathlib import Path

import click

file_option = click.option(
    "--file", "path", type=click.Path(path_type=Path), default=Path("brands.yaml"), show_default=True,
    help="The catalogue.",
)  # fmt: skip


@click.group()
def brands() -> None:
    """Check and try a catalogue of brands: names, ambiguous names with their context, handles, hashtags, products."""


@brands.command()
@click.argument("text")
@file_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(text: str, path: Path, as_json: bool) -> None:
    """Every brand whose name TEXT has, its verdict, and the reason."""
    import msgspec

    from streams.catalogue.brand import read_brands
    from streams.catalogue.matcher import BrandMatcher
    from streams.untrusted import one_line

    matches = BrandMatcher(read_brands(path)).explain(text)
    if as_json:
        click.echo(msgspec.json.encode(matches).decode())
        return
    for match in matches:
        click.echo(f"{'about' if match.about else 'not  '} {one_line(match.brand)}: {one_line(match.why)}")
    if not matches:
        click.echo("No brand: no name of any is in it.")


@brands.command()
@click.argument("labelled", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@file_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def test(labelled: tuple[Path, ...], path: Path, as_json: bool) -> None:
    """Ask about every example in the catalogue; exit code 1 where one is answered wrongly.

    With LABELLED files (JSON lines with a `text` and the `brands` that it is about, [] for none): precision and
    recall of the pairs of text and brand, and each pair that is wrong.
    """
    from streams.catalogue.brand import read_brands
    from streams.catalogue.matcher import BrandMatcher
    from streams.catalogue.quality import examples, measure, read_labelled_texts
    from streams.untrusted import one_line

    catalogue = read_brands(path)
    matcher = BrandMatcher(catalogue)
    if not labelled:
        asked, wrong = examples(catalogue, matcher)
        for miss in wrong:
            click.echo(f"{miss.brand}: should {'not ' if miss.found else ''}be about it: {one_line(miss.text)}")
        if not asked:
            click.echo("No examples to ask about: give a brand `examples: {about: [TEXT…], not_about: [TEXT…]}`.")
        click.echo(f"{asked - len(wrong)} of {asked} examples right")
        raise SystemExit(1 if wrong else 0)
    quality = measure(matcher, read_labelled_texts(labelled))
    if as_json:
        click.echo(json.dumps({**asdict(quality), "precision": quality.precision, "recall": quality.recall}))
        return
    for miss in quality.misses:
        verdict = "found " if miss.found else "missed"
        click.echo(f"{verdict} {one_line(miss.brand)}: {one_line(miss.text)} ({one_line(miss.why)})")
    figures = (
        f"{name} {'-' if share is None else f'{share:.3f}'}"
        for name, share in (("precision", quality.precision), ("recall", quality.recall))
    )
    click.echo(f"{quality.texts} texts, {quality.meant} pairs meant, {quality.found} found: {', '.join(figures)}")


@brands.command(name="try")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@file_option
@click.option("--show", type=click.IntRange(0), default=3, show_default=True, help="Texts to show of each brand.")
def try_(files: tuple[Path, ...], path: Path, show: int) -> None:
    """Read recordings (JSON lines with a `text`, plain or .gz) and count what would have come to which brand."""
    from streams.catalogue.brand import read_brands
    from streams.catalogue.matcher import BrandMatcher
    from streams.catalogue.quality import read_texts
    from streams.untrusted import one_line

    matcher = BrandMatcher(read_brands(path))
    counts, shown, texts, unmatched = Counter[str](), defaultdict[str, list[str]](list), 0, 0
    for text in (text for file in files for text in read_texts(file)):
        names = matcher.brands(text)
        texts += 1
        unmatched += not names
        counts.update(names)
        for name in names:
            if len(shown[name]) < show:
                shown[name].append(text)
    for name, count in counts.most_common():
        click.echo(f"{count:8} {name}")
        for text in shown[name]:
            click.echo(f"         {one_line(text, 100)}")
    click.echo(f"{unmatched:8} of {texts} texts are about no brand")
