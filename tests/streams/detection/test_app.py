from collections.abc import Iterator

import pytest

from streams.clock import MINUTE_MS
from streams.detection.app import detection_config
from streams.errors import UsageError
from streams.settings import Settings, settings


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
