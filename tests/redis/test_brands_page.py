"""The catalogue in the console, on a real Redis: shown, tried, changed by operators alone, and used by other pages."""

import csv
from pathlib import Path
from typing import Any

import pytest

from deploy.local.process import free_port
from deploy.local.redis import LocalRedis
from streams.catalogue.brand import Brand, read_brands
from streams.catalogue.live import LiveCatalogue
from streams.control.brands import BrandChanges
from streams.errors import Unavailable
from streams.settings import Settings
from tests.builders.events import TEN_MS, event
from tests.builders.records import text
from tests.builders.stored import count, detect
from tests.servers.console import Served, served

BRANDS = """\
# ours
brands:
  - {id: b1, display_name: Bright One, names: [Bright], rivals: [b3, b2], currency: JPY}   # first
  - {id: b2, names: [Second]}
  - {id: b3, names: [Third]}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "brands.yaml"
    path.write_text(BRANDS)
    return path


@pytest.fixture
def settings(redis_server: LocalRedis, namespace: str, path: Path) -> Settings:
    return Settings(redis=redis_server.url, namespace=namespace, kafka=f"127.0.0.1:{free_port()}", brands=path)


def ids(page: dict[str, Any]) -> list[str]:
    return [brand["id"] for brand in page["brands"]["shown"]]


def revision(console: Served) -> str:
    found: str = console.get("brands")["head"]["status"]["revision"]
    return found


def save(console: Served, brand: dict[str, Any], seen: str | None = None) -> Any:
    return console.post("brands/save", {"brand": brand, "revision": seen or revision(console)})


def test_page_shows_the_catalogue_and_finds_in_it(console: Served) -> None:
    page = console.get("brands")
    assert ids(page) == ["b1", "b2", "b3"]
    assert (page["head"]["status"]["brands"], page["head"]["status"]["problem"]) == (3, None)
    assert page["brands"]["shown"][0]["display_name"] == "Bright One"
    assert ids(console.get("brands/third")) == ["b3"]
    assert ids(console.get("brands/nobody")) == []


def test_page_without_a_catalogue_says_so(settings: Settings) -> None:
    with served(settings.model_copy(update={"brands": None})) as console:
        assert console.get("brands") == {
            "head": {"status": None}, "brands": {"shown": [], "hidden": 0}, "changes": [],
        }  # fmt: skip
        assert console.get("names") == {}
        assert console.post("brands/try", {"text": "Bright"}).json() == []
        assert save(console, {"id": "b4", "names": ["x"]}, "0").status_code == 400


def test_names_and_money_are_those_of_the_catalogue(console: Served) -> None:
    assert console.get("names") == {"b1": {"name": "Bright One", "currency": "JPY"}}


def test_text_is_tried(console: Served) -> None:
    found = console.post("brands/try", {"text": "Bright and Third, who wins?"}).json()
    assert [(one["brand_id"], one["about"], one["why"]) for one in found] == [
        ("b1", True, "name bright"),
        ("b3", True, "name third"),
    ]


def test_saved_brand_is_in_the_file_in_force_and_on_record(console: Served, path: Path) -> None:
    brand = {"id": "b2", "names": ["Second", "Zweite"], "examples": {"about": ["Zweite", "drittens"], "not_about": []}}
    answer = save(console, brand)
    assert answer.status_code == 200
    assert answer.json() == {"brand_id": "b2", "revision": revision(console), "wrong_examples": ["drittens"]}
    assert path.read_text().startswith(BRANDS[: BRANDS.index("  - {id: b2")])
    assert read_brands(path)[1].names == ("Second", "Zweite")
    assert console.post("brands/try", {"text": "Zweite Wahl"}).json()[0]["about"]
    assert save(console, {"id": "b4", "display_name": "Fourth", "names": ["Quattro"]}).status_code == 200
    page = console.get("brands")
    assert ids(page) == ["b1", "b2", "b3", "b4"]
    assert [(one["brand_id"], one["author"], one["added"], one["fields"]) for one in page["changes"]] == [
        ("b4", "local", True, ["display_name", "names"]),
        ("b2", "local", False, ["names", "examples"]),
    ]


def test_only_operators_change_and_everybody_who_may_look_tries(closed: Served, path: Path) -> None:
    brand = {"id": "b4", "names": ["Quattro"]}
    assert save(closed, brand, "0").status_code == 401
    assert closed.client.get("/api/names").status_code == 401
    assert closed.post("brands/try", {"text": "x"}).status_code == 401
    closed.post("login", {"token": "another-long-one"})
    assert closed.post("brands/try", {"text": "Bright"}).json()[0]["brand_id"] == "b1"
    assert save(closed, brand).status_code == 403
    assert path.read_text() == BRANDS
    closed.post("login", {"token": "correct-horse-battery"})
    assert save(closed, brand).status_code == 200
    assert closed.get("brands")["changes"][0]["author"] == "alice"


def remove(console: Served, brand_id: str, seen: str | None = None) -> Any:
    return console.post("brands/remove", {"brand_id": brand_id, "revision": seen or revision(console)})


def test_removed_brand_leaves_the_file_and_comes_back_as_it_was(console: Served, path: Path) -> None:
    before = read_brands(path)
    answer = remove(console, "b2")
    assert (answer.status_code, answer.json()["error"]) == (400, "b2 is a rival of b1: take it out there first")
    assert path.read_text() == BRANDS
    free = {"id": "b1", "display_name": "Bright One", "names": ["Bright"], "rivals": ["b3"], "currency": "JPY"}
    assert save(console, free).status_code == 200
    answer = remove(console, "b2")
    assert answer.json() == {"brand_id": "b2", "revision": revision(console)}
    assert ids(console.get("brands")) == ["b1", "b3"]
    assert console.post("brands/try", {"text": "Second"}).json() == []
    change = console.get("brands")["changes"][0]
    assert (change["brand_id"], change["gone"], change["added"], change["fields"]) == ("b2", True, False, [])
    assert save(console, change["removed"]).status_code == 200
    assert sorted(read_brands(path)[1:], key=lambda brand: brand.id) == before[1:]
    assert [one["removed"] for one in console.get("brands")["changes"]] == [None] * 3


def test_removal_has_the_protections_of_an_edit(closed: Served, settings: Settings, path: Path) -> None:
    assert remove(closed, "b1", "0").status_code == 401
    closed.post("login", {"token": "another-long-one"})
    assert remove(closed, "b1").status_code == 403
    closed.post("login", {"token": "correct-horse-battery"})
    assert remove(closed, "nobody").status_code == 400
    assert closed.client.post("/api/brands/remove", json={"brand_id": "b1", "revision": revision(closed)}).is_error
    late = remove(closed, "b1", "0123456789ab")
    assert (late.status_code, "somebody else" in late.json()["error"]) == (400, True)
    assert path.read_text() == BRANDS
    assert remove(closed, "b1").status_code == 200
    assert closed.get("brands")["changes"][0]["author"] == "alice"
    with served(settings.model_copy(update={"brands": None})) as bare:
        assert remove(bare, "b1", "0").status_code == 400


def test_change_of_what_somebody_else_has_changed_is_refused(console: Served, path: Path) -> None:
    seen = revision(console)
    assert save(console, {"id": "b2", "names": ["Zweite"]}, seen).status_code == 200
    late = save(console, {"id": "b3", "names": ["Dritte"]}, seen)
    assert (late.status_code, "somebody else" in late.json()["error"]) == (400, True)
    assert read_brands(path)[2].names == ("Third",)


@pytest.mark.parametrize(
    ("brand", "said"),
    [
        ({"id": "b4"}, "no text can be about it"),
        ({"id": "b4", "names": ["x"], "rivals": ["b9"]}, "rival b9 is not in the file"),
        ({"id": "b4", "names": ["x"], "currency": "yen"}, "currency"),
        ({"id": "b4", "names": ["x"], "own_accounts": {"icq": ["1"]}}, "icq"),
        ({"id": "b4", "names": ["x"], "colour": "red"}, "colour"),
        ({"id": "", "names": ["x"]}, "id"),
    ],
)
def test_brand_that_is_none_is_refused_and_nothing_is_written(
    console: Served, path: Path, brand: dict[str, Any], said: str
) -> None:
    answer = save(console, brand)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert path.read_text() == BRANDS
    assert console.get("brands")["changes"] == []


def test_nothing_is_written_without_the_record_of_it(settings: Settings, path: Path) -> None:
    class Away:
        def pipeline(self, transaction: bool = False) -> Any:
            raise Unavailable("Redis does not answer")

    seen = LiveCatalogue(path).current.revision
    with pytest.raises(Unavailable):
        BrandChanges(Away(), "pw").save(path, Brand(id="b4", names=("Quattro",)), seen, "alice", 1)
    with pytest.raises(Unavailable):
        BrandChanges(Away(), "pw").remove(path, "b1", seen, "alice", 1)
    assert path.read_text() == BRANDS


def test_report_calls_the_brand_by_its_name_and_has_its_money(settings: Settings, path: Path) -> None:
    path.write_text(BRANDS.replace("Bright One", "=<b>Bright</b> One"))
    count(settings, event("payment", 5, "p1", subject_id="o1", amount=12_345, session_id="s"), log_ms=TEN_MS)
    draft = {
        "name": "spring", "scope": "brand", "scope_id": "b1", "brand_id": "b1", "tags": [], "starts_ms": TEN_MS,
        "ends_ms": TEN_MS + 60 * 60_000,
    }  # fmt: skip
    with served(settings) as console:
        name = console.post("campaigns", draft).json()["campaign_id"]
        page = console.client.get(f"/campaign/{name}/report.html").text
        table = console.client.get(f"/campaign/{name}/report.csv").text
    assert "brand <bdi>=&lt;b&gt;Bright&lt;/b&gt; One</bdi>" in page
    assert "JP¥12,345<" in page
    header, *rows = csv.reader(table.lstrip("\ufeff").splitlines())
    paid = header.index("paid_value")
    assert header[-3:] == ["brand_id", "brand", "currency"]
    assert {tuple(row[-3:]) for row in rows} == {("b1", "'=<b>Bright</b> One", "JPY")}
    assert [row[paid] for row in rows if row[paid] != "0"] == ["12345"]


def test_rivals_are_those_that_the_catalogue_names(settings: Settings, console: Served) -> None:
    at: dict[str, Any] = {"event_time_ms": TEN_MS, "log_time_ms": TEN_MS}
    detect(settings, *(text(0, number, brand_id=name, **at) for number, name in enumerate(("b1", "b2", "other"))))
    count(settings, event("comment", 0), log_ms=TEN_MS)
    rivals = console.get("brand/b1")["rivals"]
    assert sorted(one["brand_id"] for one in rivals) == ["b1", "b2", "b3"]
    assert {one["brand_id"]: one["texts"] for one in rivals}["b3"] == 0
    assert {one["brand_id"]: one["texts"] for one in console.get("brand/b2")["rivals"]} == {
        "b1": 1,
        "b2": 1,
        "other": 1,
    }
    with served(settings.model_copy(update={"brands": None})) as bare:
        assert {one["brand_id"] for one in bare.get("brand/b1")["rivals"]} == {"b1", "b2", "other"}
