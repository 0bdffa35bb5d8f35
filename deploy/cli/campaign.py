"""`pulsewatch campaign`: create, list and end campaigns, and keep their reports; the console shows them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.errors import UsageError

if TYPE_CHECKING:
    from dashboards.console.desk import Desk

TIMES = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"])


@click.group()
def campaign() -> None:
    """Follow campaigns: before against during and after, mood joined with conversion, rules checked."""


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
    name: str, room: str | None, product: str | None, brand: str | None, starts: datetime, ends: datetime,
    tags: tuple[str, ...], author: str,
) -> None:  # fmt: skip
    """Create a campaign and print its id. What came before it is kept at once."""
    from streams.control.campaigns import CampaignRequest, CampaignScope, campaign_from

    if room and product:
        raise UsageError("give --room or --product, not both")
    scope: CampaignScope = "room" if room else "product" if product else "brand"
    draft = CampaignRequest(
        name, scope, room or product or brand or "", _ms(starts), _ms(ends), brand or "", list(tags)
    )
    with _desk() as desk:
        made = campaign_from(draft, author, desk.clock())
        desk.campaigns.save(made)
        desk.keeper.sweep(desk.present_ms())
    click.echo(made.campaign_id)


@campaign.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List campaigns, those that began last first."""
    import msgspec

    from dashboards.console.pages.campaign import listed
    from dashboards.console.report import moment
    from dashboards.terminal.render import safe

    with _desk() as desk:
        lines = listed(desk).campaigns
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(lines)))
        return
    for line in lines:
        one = line.campaign
        span = f"{moment(one.starts_ms)} – {moment(one.ends_ms)}"
        click.echo(f"{one.campaign_id}  {line.status:8} {span}  {one.scope} {safe(one.scope_id)}  {safe(one.name)}")
    if not lines:
        click.echo("No campaigns yet; `pulsewatch campaign create` makes one.")


@campaign.command()
@click.argument("campaign_id")
def end(campaign_id: str) -> None:
    """End a running campaign now."""
    from dashboards.console.commands import ended

    with _desk() as desk:
        click.echo(f"{ended(desk, campaign_id).name} is over.")


@campaign.command()
@click.argument("campaign_id")
def remove(campaign_id: str) -> None:
    """Forget a campaign and all that is kept of it."""
    with _desk() as desk:
        if desk.campaigns.find(campaign_id) is None:
            raise UsageError(f"there is no campaign {campaign_id}")
        desk.campaigns.remove(campaign_id)


@campaign.command()
@click.argument("campaign_id")
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write the report there.")
@click.option("--csv", "table", type=click.Path(dir_okay=False, path_type=Path), help="Write its minutes there.")
def report(campaign_id: str, page: Path | None, table: Path | None) -> None:
    """Write a campaign's report as one HTML file, and its minutes as CSV."""
    from dashboards.console import report as reports

    if page is None and table is None:
        raise UsageError("give --html FILE, --csv FILE, or both")
    with _desk() as desk:
        if page is not None:
            page.write_text(reports.html(desk, campaign_id))
        if table is not None:
            table.write_text(reports.table(desk, campaign_id))


@contextmanager
def _desk() -> "Iterator[Desk]":
    from dashboards.console.desk import Desk
    from dashboards.console.topic_follower import TopicFollower
    from streams.kafka.connection import KafkaConnection
    from streams.settings import settings

    with Desk(settings(), TopicFollower(KafkaConnection.of(settings()))) as desk:
        yield desk


def _ms(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)
