"""What the machine lacks is told in one line, and nothing is installed twice."""

from pathlib import Path

import pytest

from deploy.local import install
from deploy.local.jars import kafka_jars, kafka_version
from streams.errors import UsageError


def programs(folder: Path, *names: str) -> str:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return str(folder)


def test_bare_machine_lacks_everything(tmp_path: Path) -> None:
    lacking = install.missing(programs(tmp_path / "bin"), tmp_path / "jars", tmp_path, pages_built=False)
    assert {need.program for need in lacking} == {
        "java",
        "mvn",
        "redis-server",
        "prometheus",
        "promtool",
        "prometheus-alertmanager",
        "setpriv",
        "chromium",
        "node",
        "npm",
    }


def test_maven_is_not_missed_once_the_jars_are_there(tmp_path: Path) -> None:
    jars = tmp_path / "jars"
    jars.mkdir()
    path = programs(tmp_path / "bin", "java", *(need.program for need in install.SERVERS))
    assert install.missing(path, jars, tmp_path) == []
    assert [need.program for need in install.missing(path, tmp_path / "none", tmp_path)] == ["mvn"]


def test_user_without_root_is_told_what_to_install() -> None:
    with pytest.raises(UsageError, match="sudo apt-get install maven redis-server"):
        install.install_packages([install.SERVERS[0], install.MAVEN], is_root=False)


def test_services_stay_off_while_packages_install(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    with install.services_kept_stopped(policy):
        assert "exit 101" in policy.read_text()
    assert not policy.exists()


def test_policy_of_the_machine_stays(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("its own")
    with install.services_kept_stopped(policy):
        assert policy.read_text() == "its own"
    assert policy.read_text() == "its own"


def test_jars_lie_in_the_users_cache() -> None:
    assert kafka_jars({"XDG_CACHE_HOME": "/c"}) == Path("/c/pulsewatch") / f"kafka-{kafka_version()}"
