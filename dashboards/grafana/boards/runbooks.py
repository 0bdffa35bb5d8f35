"""The runbooks inside Grafana, for the hour when nothing else answers."""

from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana.boards import panels
from dashboards.grafana.boards.builder import DashboardBuilder

RUNBOOKS = Path(__file__).parents[3] / "dashboards" / "runbooks"


def board() -> Dashboard:
    """The dashboard."""
    frame = DashboardBuilder(
        "runbooks", "Runbooks", "What to do about each alert: dashboards/runbooks, as it was built in."
    )
    texts = {path: path.read_text() for path in sorted(RUNBOOKS.glob("*.md"))}
    return frame.row("Alerts", *(_panel(path.name, text) for path, text in texts.items())).board


def _panel(name: str, markdown: str) -> panels.Panel:
    title, _, rest = markdown.partition("\n")
    return panels.note(title.removeprefix("# "), f"dashboards/runbooks/{name}", markdown=rest.strip())
