from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.catalogue.facts import _Facts
from streams.clock import MINUTE_MS
from streams.detection.app import detection_config
from streams.detection.brand.brand import Brand
from streams.detection.brand.conversation import ConversationDetector
from streams.errors import UsageError
from streams.settings import Settings, settings
from tests.builders.records import START_MS


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_brand_lives_by_its_own_zone_or_by_that_of_all() -> None:
    config = detection_config(Settings(zone="Asia/Shanghai", brand_zones={"acme": "America/New_York"}))
    assert [config.zone_of(brand) for brand in ("acme", "lumo")] == ["America/New_York", "Asia/Shanghai"]
    assert detection_config(Settings()).zone_of("acme") == "UTC"


def test_wait_for_late_texts_is_bounded_by_a_setting() -> None:
    assert detection_config(Settings(max_lateness_minutes=45)).max_lateness_ms == 45 * MINUTE_MS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZONE", "Mars/Phobos"),
        ("ZONE", "Asia"),
        ("ZONE", ""),
        ("BRAND_ZONES", '{"acme": "Nowhere"}'),
        ("BRAND_ZONES", '{"acme": 3}'),
        ("BRAND_ZONES", "acme=UTC"),
        ("BRAND_ZONES", '["UTC"]'),
    ],
)
def test_zone_that_is_none_is_refused_by_its_setting(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"PULSEWATCH_{name}", value)
    with pytest.raises(UsageError, match=rf"^PULSEWATCH_{name}: [^\n]+$"):
        settings()


def test_zone_that_is_changed_in_the_catalogue_holds_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "brands.yaml"
    path.write_text("brands: [{id: acme, names: [Acme], time_zone: UTC}]")
    config = detection_config(Settings(brands=path))
    brand = Brand.create("acme", START_MS, config)
    talk = next(one for one in brand._detectors if isinstance(one, ConversationDetector))
    before = talk._hour
    path.write_text("brands: [{id: acme, names: [Acme], time_zone: Asia/Tokyo}]")
    facts = config.zones
    assert isinstance(facts, _Facts)
    assert facts._live is not None
    facts._live.take()
    talk._slide(brand.state.minute)
    assert talk._hour == pytest.approx(before + 9)
