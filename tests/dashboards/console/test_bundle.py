"""The console's pages are built anew when what they are made of changes."""

import shutil
from pathlib import Path

import msgspec

from dashboards.console import bundle


def a_copy(folder: Path) -> Path:
    """The sources without what npm brings."""
    return Path(shutil.copytree(bundle.WEB, folder / "web", ignore=shutil.ignore_patterns("node_modules")))


def test_change_of_a_source_is_seen(tmp_path: Path) -> None:
    web = a_copy(tmp_path)
    assert bundle.digest(web) == bundle.digest()
    (web / "src" / "style.css").write_text("body { color: red }")
    assert bundle.digest(web) != bundle.digest()


def test_lock_file_names_no_address_and_a_hash_for_every_package() -> None:
    locked = msgspec.json.decode((bundle.WEB / "package-lock.json").read_bytes())
    packages = {name: facts for name, facts in locked["packages"].items() if name}
    assert packages
    assert not [name for name, facts in packages.items() if "resolved" in facts or not facts.get("integrity")]
