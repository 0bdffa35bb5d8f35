"""`pulsewatch demo`: the whole of it on this machine."""

import click


@click.command()
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same evening.")
@click.option(
    "--seconds", type=click.FloatRange(20, 2400), default=75, show_default=True, help="How long the feed plays."
)
@click.option(
    "--scenario", default="demo", show_default=True, help="What happens; `pulsewatch simulate --list` names the others."
)
@click.option("--forever", is_flag=True, help="Go on in real time after the comparison, until Ctrl-C.")
def demo(seed: int, seconds: float, scenario: str, forever: bool) -> None:
    """Run the whole stack here, with a simulated evening.

    Compares every counter and every alert with the evening's own truth.

    Exit code 1 where a counter or an alert differs. Ctrl-C stops every process that it started.
    """
    # Loading what follows takes seconds.
    click.echo("Pulsewatch's demo", err=True)
    from rich.console import Console

    from deploy.demo.run import Options, run
    from streams.settings import settings
    from streams.simulate.scenarios import scenario as known

    known(scenario)

    raise SystemExit(run(settings(), Options(seed, seconds, forever, scenario), Console()))
