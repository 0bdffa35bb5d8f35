"""Tokens and passwords of a stack: made once, for their owner alone."""

import stat
from pathlib import Path

import bcrypt
import yaml

from deploy.local.secrets import SERVERS, TAKERS, StackSecrets


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_made_once_and_all_different(tmp_path: Path) -> None:
    secrets = StackSecrets(tmp_path / "secrets")
    secrets.create()
    before = {path.name: path.read_text() for path in secrets.folder.iterdir()}
    secrets.create()
    assert {path.name: path.read_text() for path in secrets.folder.iterdir()} == before
    assert len(before) == len(set(before.values())) == len(TAKERS) + 2 * len(SERVERS)


def test_owner_alone_reads_them(tmp_path: Path) -> None:
    secrets = StackSecrets(tmp_path / "secrets")
    secrets.create()
    assert mode(secrets.folder) == 0o700
    assert {mode(path) for path in secrets.folder.iterdir()} == {0o600}


def test_group_reads_them_where_asked(tmp_path: Path) -> None:
    secrets = StackSecrets(tmp_path / "secrets", group_readable=True)
    secrets.create()
    assert mode(secrets.folder) == 0o750
    assert {mode(path) for path in secrets.folder.iterdir()} == {0o640}


def test_web_configuration_has_the_hash_of_the_password(tmp_path: Path) -> None:
    secrets = StackSecrets(tmp_path)
    secrets.create()
    for server in SERVERS:
        users = yaml.safe_load(secrets.web_config(server).read_text())["basic_auth_users"]
        password = secrets.password(server).read_text().strip()
        assert bcrypt.checkpw(password.encode(), users["pulsewatch"].encode())
