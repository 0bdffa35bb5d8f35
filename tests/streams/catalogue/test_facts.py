"""What belongs to a brand: a setting that names it goes first, and a changed file is followed."""

import json
import os
from pathlib import Path

import pytest

from streams.catalogue.facts import BrandFacts
from streams.catalogue.live import LiveCatalogue
from streams.settings import Settings
from streams.untrusted import one_line

BRANDS = """
brands:
  - {id: acme, display_name: Acme, names: [Acme], rivals: [velvet], jurisdiction: US, currency: USD, time_zone: America/New_York}
  - {id: velvet, names: [Velvet], time_zone: Asia/Shanghai}
"""  # noqa: E501 - a file of lines


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "brands.yaml"
    path.write_text(BRANDS)
    return path


def test_facts_are_those_of_the_file(path: Path) -> None:
    facts = BrandFacts.of(Settings(brands=path))
    assert dict(facts.zones) == {"acme": "America/New_York", "velvet": "Asia/Shanghai"}
    assert dict(facts.jurisdictions) == {"acme": "US"}
    assert dict(facts.currencies) == {"acme": "USD"}
    assert dict(facts.names) == {"acme": "Acme"}
    assert (facts.rivals("acme"), facts.rivals("velvet"), facts.rivals("nobody")) == (("velvet",), (), ())


def test_zone_that_a_setting_names_goes_first(path: Path) -> None:
    facts = BrandFacts.of(Settings(brands=path, brand_zones={"acme": "UTC", "other": "Asia/Tokyo"}))
    assert facts.zones == {"acme": "UTC", "other": "Asia/Tokyo", "velvet": "Asia/Shanghai"}
    assert len(facts.zones) == 3
    assert facts.zones.get("nobody") is None


def test_without_a_catalogue_there_are_the_settings_alone() -> None:
    facts = BrandFacts.of(Settings(brand_zones={"acme": "UTC"}))
    assert dict(facts.zones) == {"acme": "UTC"}
    assert dict(facts.names) == {}
    assert facts.rivals("acme") == ()


def named(path: Path, **names: str) -> BrandFacts:
    listed = [{"id": brand, "display_name": name, "names": [brand]} for brand, name in names.items()]
    path.write_text(json.dumps({"brands": listed}))
    return BrandFacts.of(Settings(brands=path))


def test_brand_is_called_by_its_name_with_its_id_where_two_have_one_name(path: Path) -> None:
    facts = named(path, velvet="丝绒", apple_cn="Apple", apple_us=" Apple\n", bare="", blank=" ")
    assert [facts.label(name) for name in ("velvet", "apple_cn", "apple_us", "bare", "blank", "nobody")] == [
        "丝绒", "Apple (apple_cn)", "Apple (apple_us)", "bare", "blank", "nobody",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["x" * 200, "a\u202eb", "a\x1b[2Jb", "a\u200fb", "a\nb\rc", "\u2066a"])
def test_name_on_a_line_is_bounded_and_obeyed_by_no_display(path: Path, name: str) -> None:
    label = named(path, velvet=name).label("velvet")
    assert len(label) <= 60
    assert one_line(label) == label


def test_money_is_the_brands(path: Path) -> None:
    facts = BrandFacts.of(Settings(brands=path))
    assert (facts.money(123_450, "acme"), facts.money(123_450, "velvet")) == ("$1,234.50", "1,234.50")


def test_catalogue_that_cannot_be_used_leaves_the_ids(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_text("brands: [{id: acme}]")
    assert BrandFacts.where_usable(Settings(brands=path)).label("acme") == "acme"
    assert "no text can be about it" in caplog.text


def test_facts_follow_the_file(path: Path) -> None:
    now = 0.0
    facts = BrandFacts(LiveCatalogue(path, monotonic=lambda: now))
    assert "velvet" not in facts.names
    new = path.with_suffix(".new")
    new.write_text(BRANDS.replace("id: velvet,", "id: velvet, display_name: 丝绒,"))
    os.replace(new, path)
    for now in (1.5, 3.0):  # noqa: B007 - the clock reads it
        facts.names.get("velvet")
    assert facts.names["velvet"] == "丝绒"
