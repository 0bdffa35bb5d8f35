"""The floors: who may import whom, and where each engine's client may appear."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("streams", "models", "dashboards", "deploy")

# An engine's client, and the files (by prefix) that may import it.
ENGINES = {
    "faust": ("streams/transport/", "tests/bench/peers/stock_faust.py"),
    "mode": ("streams/transport/",),
    "redis": (
        "streams/ledger/",
        "streams/engagement/app.py",
        "streams/engagement/reader.py",
        "streams/scoring/app.py",
        "streams/detection/app.py",
        "tests/bench/",
    ),
    "onnxruntime": ("models/",),
    "transformers": ("models/",),
    "torch": ("models/train/", "tests/bench/", "models/runtime/torch_session.py"),
    "confluent_kafka": ("tests/bench/",),
    "quixstreams": ("tests/bench/",),
    "bytewax": ("tests/bench/",),
}
# Each room, and the rooms of ours that it may look into. The command line and the demo compose: they may see all.
FLOORS = {
    "streams/events": {"streams.clock", "streams.errors", "streams.topology", "streams.settings"},
    "models/normalise.py": set(),
    "streams/compliance": {"streams.events", "models.normalise", "streams.errors", "streams.clock"},
    "streams/ledger": {"streams.errors", "streams.clock", "streams.metrics"},
}
PURE = ("streams/compliance", "models/normalise.py", "streams/alerts/alert.py", "streams/engagement/dictionary.py")
CLOCKS = {("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow")}


def modules() -> list[Path]:
    """Every module of ours that ships."""
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    """The full names of what a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", modules(), ids=name)
def test_engine_appears_only_on_its_floor(path: Path) -> None:
    strangers = {
        imported
        for imported in imports(path)
        if (allowed := ENGINES.get(imported.split(".")[0])) and not name(path).startswith(allowed)
    }
    assert not strangers


@pytest.mark.parametrize("room", FLOORS)
def test_room_looks_only_below_itself(room: str) -> None:
    own = room.replace("/", ".")
    seen = {
        imported
        for path in (ROOT / room).rglob("*.py")
        for imported in imports(path)
        if imported.startswith(PACKAGES) and not imported.startswith(own)
    }
    assert {imported for imported in seen if not imported.startswith(tuple(FLOORS[room]) or ("-",))} == set()


def test_no_stage_imports_its_successor() -> None:
    order = ("engagement", "scoring", "detection")
    for at, stage in enumerate(order):
        later = tuple(f"streams.{successor}" for successor in order[at + 1 :])
        for path in (ROOT / "streams" / stage).rglob("*.py"):
            assert not [imported for imported in imports(path) if later and imported.startswith(later)], name(path)


@pytest.mark.parametrize("place", PURE)
def test_pure_part_does_not_look_at_the_clock(place: str) -> None:
    root = ROOT / place
    for path in [root] if root.is_file() else root.rglob("*.py"):
        calls = {
            (node.func.value.id, node.func.attr)
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        }
        assert not calls & CLOCKS, name(path)


def test_every_module_opens_with_what_it_is() -> None:
    silent = [
        name(path)
        for path in modules()
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_no_drawer_named_utils() -> None:
    assert not [name(path) for path in modules() if path.stem in {"util", "utils", "helpers", "common", "misc"}]
