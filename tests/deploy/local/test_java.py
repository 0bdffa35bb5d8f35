"""Kafka gets a Java that it can run on."""

from pathlib import Path

import pytest

from deploy.local.java import java, major


def a_java(root: Path, release: str | None) -> Path:
    """A Java as it is installed: bin/java with its release file beside the folder."""
    (root / "bin").mkdir(parents=True)
    program = root / "bin" / "java"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    if release is not None:
        (root / "release").write_text(f'IMPLEMENTOR="Debian"\nJAVA_VERSION="{release}"\n')
    return program


@pytest.mark.parametrize(("release", "version"), [("17.0.15", 17), ("1.8.0_402", 8), ("21", 21), (None, None)])
def test_version_is_read_from_the_release_file(release: str | None, version: int | None, tmp_path: Path) -> None:
    assert major(a_java(tmp_path / "jvm", release)) == version


def test_version_of_a_link_is_that_of_what_it_leads_to(tmp_path: Path) -> None:
    link = tmp_path / "java"
    link.symlink_to(a_java(tmp_path / "jvm", "11.0.2"))
    assert major(link) == 11


def test_old_java_on_the_path_gives_way_to_a_new_one_beside_it(tmp_path: Path) -> None:
    old = a_java(tmp_path / "old", "11.0.2")
    new = a_java(tmp_path / "jvm" / "java-17", "17.0.15")
    assert java(str(old.parent), tmp_path / "jvm") == new


def test_no_java_is_none(tmp_path: Path) -> None:
    old = a_java(tmp_path / "old", "11.0.2")
    assert java(str(tmp_path), tmp_path) is None
    assert java(str(old.parent), tmp_path / "none") is None
