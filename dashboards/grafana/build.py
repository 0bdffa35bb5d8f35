"""From the boards to JSON under version control: `pulsewatch grafana build`, and `--check` for what is stale."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

BUILT = Path(__file__).parent / "built"
ALERT_MARKS = {
    "titleFormat": "{{alertname}} {{brand}} {{room}}",
    "textFormat": "{{severity}} {{family}} {{stage}} {{cause}}",
    "tagKeys": "severity,kind,brand",
    "step": "10s",
    "useValueForTime": False,
}
"""What Prometheus's annotations are drawn with; the SDK has no fields for it."""


def built() -> dict[str, str]:
    """Every dashboard's JSON by file name. Raises ImportError without Grafana's SDK (the `dev` extra)."""
    from grafana_foundation_sdk.cog.encoder import JSONEncoder

    from dashboards.grafana.boards import brand_safety, crisis_compliance, live_rooms, model_quality, on_call, runbooks

    modules = (brand_safety, live_rooms, crisis_compliance, on_call, model_quality, runbooks)
    boards = [module.board().build() for module in modules]
    plain = [json.loads(json.dumps(board, cls=JSONEncoder)) for board in boards]
    return {f"{board['uid']}.json": _written(board) for board in plain}


def stale() -> list[str]:
    """The names of built files that differ from what would be built now, that are missing, or that nothing builds."""
    fresh, held = built(), {path.name: path.read_text() for path in BUILT.glob("*.json")}
    return sorted(name for name in fresh.keys() | held.keys() if fresh.get(name) != held.get(name))


def write() -> list[str]:
    """Bring the built files up to date; the names of those that changed."""
    changed, fresh = stale(), built()
    for name in changed:
        if name in fresh:
            (BUILT / name).write_text(fresh[name])
        else:
            (BUILT / name).unlink()
    return changed


def load() -> list[dict[str, Any]]:
    """The built dashboards, in order of their uid."""
    return [json.loads(path.read_text()) for path in sorted(BUILT.glob("*.json"))]


def panels(board: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every panel, those inside rows too; rows themselves are none."""
    for panel in board.get("panels", []):
        if panel["type"] == "row":
            yield from panels(panel)
        else:
            yield panel


def _written(board: dict[str, Any]) -> str:
    for number, panel in enumerate(board["panels"], start=1):
        panel["id"] = number
    for annotation in board["annotations"]["list"]:
        if annotation["name"] == "Alerts":
            annotation.update(ALERT_MARKS)
    return json.dumps(board, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
