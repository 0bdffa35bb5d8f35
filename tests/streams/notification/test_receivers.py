"""relay.yml: what it may say, and one clear line where it may not."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.alertmanager import CONFIG as ALERTMANAGER
from deploy.local.programs import RELAY_CONFIG
from streams.errors import UsageError
from streams.notification.receivers import PAGERDUTY_URL, load


def written(tmp_path: Path, **entry: Any) -> Path:
    path = tmp_path / "relay.yml"
    path.write_text(yaml.safe_dump({"targets": {"desk": entry}}))
    return path


def test_shipped_targets_are_those_that_alertmanager_calls() -> None:
    receivers = yaml.safe_load(ALERTMANAGER.read_text())["receivers"]
    called = [hook["url"] for receiver in receivers for hook in receiver["webhook_configs"] if "relay:" in hook["url"]]
    assert sorted(called) == sorted(f"http://relay:9110/alerts/{name}" for name in load(RELAY_CONFIG))


def test_secrets_come_from_files_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("https://robot/hook\n")
    (tmp_path / "secret").write_text("s3cret\n")
    target = load(written(tmp_path, kind="feishu", url_file="url", secret_file="secret", language="zh"))["desk"]
    assert (target.address().url, target.address().secret) == ("https://robot/hook", "s3cret")


def test_pagerduty_needs_only_its_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k")
    assert load(written(tmp_path, kind="pagerduty", secret_file="key"))["desk"].address().url == PAGERDUTY_URL


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"kind": "pigeon", "url": "http://x"}, "pigeon"),
        ({"kind": "webhook"}, "needs a url"),
        ({"kind": "webhook", "url": "ftp://x"}, "does not begin with"),
        ({"kind": "webhook", "url": "http://x", "colour": "red"}, "colour"),
        ({"kind": "feishu", "url": "https://robot/hook/key"}, "put it in a url_file"),
        ({"kind": "slack", "url_file": "nowhere"}, "cannot be read"),
        ({"kind": "slack", "url_file": "two-words"}, "must hold one word"),
        ({"kind": "pagerduty"}, "routing key in a secret_file"),
        ({"kind": "wecom", "url_file": "url", "secret_file": "url"}, "takes no secret_file"),
        ({"kind": "slack", "url_file": "url", "zone": "Mars/Olympus"}, "is no time zone"),
        ({"kind": "webhook", "url": "http://x", "url_file": "url"}, "not both"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_wrong_target_is_named(entry: dict[str, Any], said: str, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("https://robot/hook")
    (tmp_path / "two-words").write_text("https://robot hook")
    with pytest.raises(UsageError, match=said):
        load(written(tmp_path, **entry))


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "nowhere.yml")
    (tmp_path / "relay.yml").write_text("targets: [")
    with pytest.raises(UsageError, match=r"relay\.yml"):
        load(tmp_path / "relay.yml")
