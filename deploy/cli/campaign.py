"""`pulsewatch campaign`: create, list and end campaigns, and keep their reports; the console shows them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.errors import UsageError

if TYPE_CHECKING:
    from dashboards.console.report import Language
    from dashboards.readers import Readers
    from streams.catalogue.facts import BrandFacts

TIMES = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"])


@click.group()
def campaign() -> None:
    """Follow campaigns: before, during and after.

    Sentiment beside conversion, and the rules that were broken.
    """


@campaign.command()
@click.argument("name")
@click.option("--room", help="The room that it runs in.")
@click.option("--product", help="Or the product.")
@click.option("--brand", help="The brand; on its own, the campaign is the whole brand's.")
@click.option("--from", "starts", type=TIMES, required=True, help="Start, in UTC.")
@click.option("--to", "ends", type=TIMES, required=True, help="End, in UTC.")
@click.option("--tag", "tags", multiple=True, help="A tag; may be given several times.")
@click.option("--author", default="cli", show_default=True, help="Who creates it.")
def create(
    name: str,
    room: str | None,
    product: str | None,
    brand: str | None,
    starts: datetime,
    ends: datetime,
    tags: tuple[str, ...],
    author: str,
) -> None:
    """Create a campaign and print its id. What came before it is kept at once."""
    import msgspec

    from streams.control.campaigns import CampaignRequest, CampaignScope, campaign_from

    if room and product:
        raise UsageError("give --room or --product, not both")
    scope: CampaignScope = "room" if room else "product" if product else "brand"
    request = CampaignRequest(
        name=name,
        scope=scope,
        scope_id=room or product or brand or "",
        starts_ms=_ms(starts),
        ends_ms=_ms(ends),
        brand_id=brand or "",
        tags=list(tags),
    )
    with _readers() as readers:
        if room and not brand:
            request = msgspec.structs.replace(request, brand_id=readers.recorder.brand_of(room))
        made = campaign_from(request, author, readers.clock())
        readers.recorder.start(made, readers.present_ms())
    click.echo(made.campaign_id)


@campaign.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List campaigns, those that began last first."""
    import msgspec

    from streams.untrusted import one_line

    with _readers() as readers:
        present_ms = readers.present_ms() or readers.clock()
        lines = [(one, one.status(present_ms)) for one in readers.campaigns.all()]
    facts = _facts()
    if as_json:
        click.echo(json.dumps([{"campaign": msgspec.to_builtins(one), "status": status} for one, status in lines]))
        return
    for one, status in lines:
        span = f"{_moment(one.starts_ms)} – {_moment(one.ends_ms)}"
        of = facts.label(one.scope_id) if one.scope == "brand" else one_line(one.scope_id)
        click.echo(f"{one.campaign_id}  {status:8} {span}  {one.scope} {of}  {one_line(one.name)}")
    if not lines:
        click.echo("No campaigns yet; `pulsewatch campaign create` makes one.")


@campaign.command()
@click.argument("campaign_id")
def end(campaign_id: str) -> None:
    """End a running campaign now."""
    from streams.untrusted import one_line

    with _readers() as readers:
        ended = readers.campaigns.end(campaign_id, readers.present_ms() or readers.clock())
    click.echo(f"{one_line(ended.name)} is over.")


@campaign.command()
@click.argument("campaign_id")
def remove(campaign_id: str) -> None:
    """Delete a campaign with its minutes and people."""
    with _readers() as readers:
        if readers.campaigns.find(campaign_id) is None:
            raise UsageError(f"there is no campaign {campaign_id}")
        readers.campaigns.remove(campaign_id)


@campaign.command()
@click.argument("campaign_id")
@click.option(
    "--language",
    type=click.Choice(["en", "zh-Hans", "zh-Hant"]),
    default="en",
    show_default=True,
    help="Of the report.",
)
@click.option("--zone", default="UTC", show_default=True, help="Of its times, such as Asia/Shanghai.")
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write the report there.")
@click.option("--csv", "table", type=click.Path(dir_okay=False, path_type=Path), help="Write its minutes there.")
def report(campaign_id: str, language: "Language", zone: str, page: Path | None, table: Path | None) -> None:
    """Write a campaign's report as HTML, and its minutes as CSV."""
    from dashboards.console import report as reports

    if page is None and table is None:
        raise UsageError("give --html FILE, --csv FILE, or both")
    reader, facts = reports.reader_of(language, zone), _facts()
    with _readers() as readers:
        if page is not None:
            page.write_text(reports.html(readers, campaign_id, reader=reader, facts=facts))
        if table is not None:
            table.write_text(reports.table(readers, campaign_id, reader, facts))


def _readers() -> "Readers":
    from dashboards.readers import Readers
    from streams.settings import settings

    return Readers(settings())


def _facts() -> "BrandFacts":
    from streams.catalogue.facts import BrandFacts
    from streams.settings import settings

    return BrandFacts.where_usable(settings())


def _ms(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
