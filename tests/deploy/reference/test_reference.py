"""docs/reference is what the code says, and says all of it."""

import json
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
from click.testing import CliRunner

from deploy.cli.main import cli
from deploy.reference import pages
from deploy.reference.source import constants, fields
from streams import metrics
from streams.alerts import keys as alert_keys
from streams.alerts.alert import Alert
from streams.detection.views import keys as view_keys
from streams.events.schema import Event, ScoredText
from streams.ingest.feed_entry import FeedEntry
from streams.ingest.mapping_fields import MessageMapping
from streams.settings import Settings


@pytest.fixture(scope="module")
def built() -> dict[str, str]:
    return pages.built()


def test_reference_is_up_to_date() -> None:
    assert pages.stale() == [], "run `python -m deploy.reference`"


def test_reference_is_the_same_after_a_command_was_run_by_itself(built: dict[str, str]) -> None:
    CliRunner().invoke(cli.commands["score"], ["--help"])
    assert pages.built()["commands.md"] == built["commands.md"]


def test_stale_names_what_changed_is_missing_or_left_over(tmp_path: Path) -> None:
    pages.write(tmp_path)
    assert pages.stale(tmp_path) == []
    (tmp_path / "metrics.md").write_text("older")
    (tmp_path / "http.md").unlink()
    (tmp_path / "gone.md").write_text("of something that is no more")
    assert pages.stale(tmp_path) == ["gone.md", "http.md", "metrics.md"]
    pages.write(tmp_path)
    assert pages.stale(tmp_path) == []


def test_reference_is_the_same_at_each_run(built: dict[str, str]) -> None:
    assert pages.built() == built


@pytest.mark.parametrize("setting", Settings.model_fields)
def test_every_setting_is_listed(setting: str, built: dict[str, str]) -> None:
    assert f"`PULSEWATCH_{setting.upper()}`" in built["settings.md"]


def test_every_metric_is_listed(built: dict[str, str]) -> None:
    page = built["metrics.md"]
    declared = [value for value in vars(metrics).values() if hasattr(value, "describe") and not isinstance(value, type)]
    names = {family.name for value in declared for family in value.describe()}
    names |= {value for value in vars(metrics).values() if isinstance(value, str) and value.startswith("pulsewatch_")}
    assert len(names) > 20
    assert {name for name in names if f"`{name}`" not in page and f"`{name}_total`" not in page} == set()


@pytest.mark.parametrize("module", [alert_keys, view_keys], ids=lambda module: module.__name__)
def test_every_hash_that_screens_read_is_listed(module: ModuleType) -> None:
    page = pages.built()["redis-keys.md"]
    suffixes = {value for name, value in vars(module).items() if name.isupper() and isinstance(value, str)}
    assert suffixes
    assert {suffix for suffix in suffixes if f"\n{suffix} " not in page} == set()


@pytest.mark.parametrize("command", cli.commands)
def test_every_command_is_listed(command: str, built: dict[str, str]) -> None:
    assert f"## pulsewatch {command}\n" in built["commands.md"]


@pytest.mark.parametrize(("name", "record"), [("event", Event), ("scored-text", ScoredText), ("alert", Alert)])
def test_schema_requires_what_the_record_requires(
    name: str, record: type[msgspec.Struct], built: dict[str, str]
) -> None:
    schema = json.loads(built[f"schemas/{name}.json"])
    (definition,) = (one for key, one in schema["$defs"].items() if key == record.__name__)
    assert definition["required"] == [field.encode_name for field in msgspec.structs.fields(record) if field.required]


def test_constant_is_found_with_the_text_behind_it() -> None:
    (age,) = (one for one in constants(metrics) if one.name == "ALERTS")
    assert age.text.startswith("Firing alerts")


@pytest.mark.parametrize("struct", [FeedEntry, MessageMapping])
def test_every_field_of_a_feed_and_of_a_mapping_has_a_meaning(struct: type[msgspec.Struct]) -> None:
    assert [name for name in struct.__struct_fields__ if not fields(struct).get(name)] == []
