"""The pages of docs/reference by file name, and whether they are as the code would have them."""

from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.reference.alert_kinds import alert_kinds
from deploy.reference.commands import commands
from deploy.reference.feeds import feeds
from deploy.reference.http import http
from deploy.reference.metrics import metrics
from deploy.reference.records import records, schemas
from deploy.reference.redis_keys import redis_keys
from deploy.reference.rule_families import rule_families
from deploy.reference.settings import settings

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
PAGES: Mapping[str, tuple[str, Callable[[], str]]] = {
    "settings.md": ("every setting, its default and what it does", settings),
    "metrics.md": ("every Prometheus metric", metrics),
    "records.md": ("the topics, and the records on them; JSON Schemas in `schemas`", records),
    "feeds.md": ("what `feeds.yaml` may say: every feed, each kind, the mapping", feeds),
    "redis-keys.md": ("every key in Redis, and what it holds", redis_keys),
    "alert-kinds.md": ("what may be raised, where it goes, and its runbook", alert_kinds),
    "rule-families.md": ("the rule packs: law, rules, timers", rule_families),
    "commands.md": ("`pulsewatch`, with the help of every command", commands),
    "http.md": ("what the servers answer to", http),
}  # fmt: skip
WRITTEN_BY = "<!-- Written by `python -m deploy.reference`; do not edit. -->\n\n"


def built() -> dict[str, str]:
    """Every file's text, by its path below FOLDER."""
    pages = {name: WRITTEN_BY + page() for name, (_, page) in PAGES.items()}
    return {"README.md": WRITTEN_BY + _index(), **pages, **schemas()}


def stale(folder: Path = FOLDER) -> list[str]:
    """Files that differ from what the code says now, that are missing, or that nothing writes."""
    fresh = built()
    paths = [path for path in folder.rglob("*") if path.is_file()]
    held = {path.relative_to(folder).as_posix(): path.read_text() for path in paths}
    return sorted(name for name in fresh.keys() | held.keys() if fresh.get(name) != held.get(name))


def write(folder: Path = FOLDER) -> list[str]:
    """Bring the files up to date; the names of those that changed."""
    changed, fresh = stale(folder), built()
    for name in changed:
        path = folder / name
        if name in fresh:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(fresh[name])
        else:
            path.unlink()
    return changed


def _index() -> str:
    lines = [f"- [{name.removesuffix('.md')}]({name}): {what}\n" for name, (what, _) in PAGES.items()]
    return "# Reference\n\nWritten from the code, and checked by `make check`.\n\n" + "".join(lines)
