"""`pulsewatch relay --check`: who gets which alerts."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.cli.relay import relay
from deploy.cli.routes import reach
from deploy.local.alertmanager import CONFIG
from deploy.local.programs import RELAY_CONFIG
from streams.errors import UsageError
from streams.notification.receivers import load
from streams.settings import settings

ROUTES = """
route:
  receiver: desk
  routes:
    - receiver: night
      matchers: [severity="critical"]
      routes:
        - matchers: [brand="acme"]
        - receiver: desk
          matchers: [room=~".+"]
    - {receiver: nobody, matchers: [kind="surge"]}
receivers:
  - {name: desk, webhook_configs: [{url: "http://relay:9110/alerts/desk"}, {url: "http://relay:9110/alerts/wall"}]}
  - {name: night, webhook_configs: [{url: "http://relay:9110/alerts/night"}]}
  - {name: nobody}
  - {name: outside, webhook_configs: [{url: "http://pager.example/hook"}]}
"""


def test_reach_names_the_matchers_of_every_route_to_a_target(tmp_path: Path) -> None:
    config = tmp_path / "alertmanager.yml"
    config.write_text(ROUTES)
    desk = ['severity="critical", room=~".+"', "all that no other route takes"]
    assert reach(config) == {
        "night": ['severity="critical", brand="acme"', 'severity="critical"'], "desk": desk, "wall": desk,
    }  # fmt: skip


def test_every_shipped_target_is_reached() -> None:
    assert set(load(RELAY_CONFIG)) <= set(reach(CONFIG))


@pytest.mark.parametrize("text", ["", "route: 3", "route: {}\nreceivers: x", "{", "[]"])
def test_routes_that_cannot_be_read_are_reported(tmp_path: Path, text: str) -> None:
    config = tmp_path / "alertmanager.yml"
    config.write_text(text)
    with pytest.raises(UsageError, match="is no configuration of Alertmanager"):
        reach(config)


def test_check_says_who_gets_what_and_that_links_to_loopback_open_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.cache_clear()
    shown = CliRunner().invoke(relay, ["--check"])
    assert shown.exit_code == 0, shown.output
    assert 'severity="critical"' in shown.output.partition("on-call")[2].splitlines()[1]
    assert "set PULSEWATCH_CONSOLE_URL" in shown.stderr
    monkeypatch.setenv("PULSEWATCH_CONSOLE_URL", "https://pulsewatch.example/")
    settings.cache_clear()
    assert "PULSEWATCH_CONSOLE_URL" not in CliRunner().invoke(relay, ["--check"]).stderr
    settings.cache_clear()
