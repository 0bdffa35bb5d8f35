"""The five floors: who may import whom, and where each engine's client is made."""

import ast
import re
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ("models", "streams", "dashboards", "deploy", "tests")
"""Models judge, streams move, dashboards show, deploy composes and runs, tests prove: imports go down only."""

ENGINES = {
    "faust": ("streams/transport/",),
    "mode": ("streams/transport/",),
    "aiokafka": ("streams/kafka/", "streams/transport/"),
    "onnxruntime": ("models/",),
    "transformers": ("models/",),
    "torch": ("models/train/", "models/runtime/torch_session.py"),
}
"""An engine, and the files (by prefix) that may import it."""
CLIENTS = {
    r"(AIO)?Kafka(Consumer|Producer|AdminClient|Client)": "streams/kafka/connection.py",
    r"(Async)?Redis(Cluster)?(\.from_url)?|StrictRedis|Sentinel": "streams/ledger/connect.py",
}
"""What makes a client, and the one file that may call it."""
ROOMS = {
    "streams/events": {"streams.clock", "streams.errors", "streams.settings", "streams.topology", "models.labels"},
    "streams/compliance": {
        "models.language", "models.normalise", "streams.clock", "streams.errors", "streams.events",
        "streams.ledger.stored", "streams.yaml_records",
    },
    "streams/kafka": {"streams.clock", "streams.errors", "streams.events", "streams.settings", "streams.topology"},
    "streams/ledger": {
        "streams.backoff", "streams.clock", "streams.errors", "streams.metrics", "streams.redis_address",
        "streams.settings", "streams.topology",
    },
}  # fmt: skip
"""A room, and what of ours it may look into."""
PURE = ("streams/compliance", "models/normalise.py", "streams/alerts/alert.py", "streams/engagement/dictionary.py")
CLOCKS = {("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow")}


def modules() -> list[Path]:
    """Every module of ours that ships."""
    return [path for floor in FLOORS[:-1] for path in sorted((ROOT / floor).rglob("*.py"))]


def proofs() -> list[Path]:
    """Every module of the tests."""
    return sorted((ROOT / "tests").rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """The full names of what a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def dotted(path: Path) -> str:
    return name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@pytest.mark.parametrize("path", modules(), ids=name)
def test_imports_go_down(path: Path) -> None:
    own = FLOORS.index(path.relative_to(ROOT).parts[0])
    assert not [module for module in imports(path) if module.split(".")[0] in FLOORS[own + 1 :]]


@pytest.mark.parametrize("path", modules(), ids=name)
def test_engine_appears_only_in_its_room(path: Path) -> None:
    strangers = {
        imported
        for imported in imports(path)
        if (allowed := ENGINES.get(imported.split(".")[0])) and not name(path).startswith(allowed)
    }
    assert not strangers


@pytest.mark.parametrize("path", modules(), ids=name)
def test_client_is_made_in_one_place(path: Path) -> None:
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    made = {home for maker, home in CLIENTS.items() for call in calls if re.fullmatch(maker, call)}
    assert made <= {name(path)}


def test_no_circle_of_imports() -> None:
    graph = {dotted(path): set(imports(path)) for path in modules()}
    graph = {module: {seen for seen in found if seen in graph} for module, found in graph.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_no_circle_of_rooms_in_streams() -> None:
    graph: dict[str, set[str]] = {}
    for path in (ROOT / "streams").glob("*/**/*.py"):
        own = path.relative_to(ROOT).parts[1]
        seen = {module.split(".")[1] for module in imports(path) if module.startswith("streams.")}
        graph.setdefault(own, set()).update(seen - {own})
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("room", ROOMS)
def test_room_looks_only_below_itself(room: str) -> None:
    own = room.replace("/", ".")
    seen = {
        imported
        for path in (ROOT / room).rglob("*.py")
        for imported in imports(path)
        if imported.startswith(FLOORS) and not imported.startswith(own)
    }
    assert {imported for imported in seen if not imported.startswith(tuple(ROOMS[room]))} == set()


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


@pytest.mark.parametrize("path", proofs(), ids=name)
def test_no_module_imports_a_test(path: Path) -> None:
    """What two tests share is a builder, a fake, an oracle or a server, and lives in its room."""
    assert not [module for module in imports(path) if module.startswith("tests.") and ".test_" in module]


def test_benches_live_in_their_room_only() -> None:
    assert not [name(path) for path in modules() if "bench" in path.relative_to(ROOT).as_posix()]
    users = [path for path in proofs() if any(module.startswith("tests.bench") for module in imports(path))]
    assert not [name(path) for path in users if not name(path).startswith("tests/bench/")]


def test_no_two_tests_have_one_name() -> None:
    stems = [path.stem for path in proofs() if path.stem.startswith("test_")]
    assert sorted(stems) == sorted(set(stems))


def test_names_of_tests_are_short_enough_to_be_read() -> None:
    names = [
        node.name
        for path in proofs()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    assert not [found for found in names if len(found) > 85]


def test_marks_are_declared() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["markers"]
    known = {one.partition(":")[0] for one in declared} | {"parametrize", "skipif", "filterwarnings", "usefixtures"}
    used = {mark for path in proofs() for mark in re.findall(r"pytest\.mark\.(\w+)", path.read_text())}
    assert used <= known


@pytest.mark.parametrize("path", proofs(), ids=name)
def test_real_servers_are_asked_for_in_their_rooms_only(path: Path) -> None:
    """The rooms that mirror the code run without servers: `make test-unit`."""
    asked = {
        argument.arg
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for argument in node.args.args
    }
    assert path.relative_to(ROOT).parts[1] not in FLOORS or not asked & {"kafka", "redis_server"}
