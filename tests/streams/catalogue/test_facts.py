"""What belongs to a brand: a setting that names it goes first, and a changed file is followed."""

import os
from pathlib import Path

import pytest

from streams.catalogue.facts import BrandFacts
from streams.catalogue.live import LiveCatalogue
from streams.settings import Settings

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
