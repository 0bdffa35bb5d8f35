"""What make would do, and that the check of every change ends with pytest's own line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def recipe(*arguments: str, folder: Path = ROOT) -> list[str]:
    """The commands that make would run."""
    command = ["make", "--dry-run", "--no-print-directory", *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return result.stdout.splitlines()


def test_tests_come_after_install_and_checks() -> None:
    lines = "\n".join(recipe("test"))
    positions = [lines.index(step) for step in ("deploy.local.install", "ruff check", "ruff format", "mypy", "pytest")]
    assert positions == sorted(positions)
    assert recipe("test")[-1].startswith(".venv/bin/pytest")


def test_demo_takes_arguments() -> None:
    assert recipe("demo", "ARGS=--forever")[-1] == ".venv/bin/pulsewatch demo --forever"


def test_fresh_checkout_installs_locked_packages_by_their_hashes(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    (tmp_path / "pyproject.toml").touch()
    locks = tmp_path / "deploy" / "requirements"
    locks.mkdir(parents=True)
    (locks / "dev.txt").touch()
    lines = "\n".join(recipe("setup", folder=tmp_path))
    assert "-m venv .venv" in lines
    assert "--require-hashes -r deploy/requirements/dev.txt" in lines


@pytest.mark.parametrize("there", ["python3.11", "python3.13", "python3.14", "python3"])
def test_python_is_the_first_that_starts(there: str, tmp_path: Path) -> None:
    """A version manager lists a Python that it then refuses to start."""
    for name in ("python3.11", "python3.12", "python3.13", "python3.14", "python3"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\nexit {0 if name == there else 127}\n")
        program.chmod(0o755)
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text() + "\nchosen:\n\t@echo $(PYTHON)\n")
    environment = {**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"}
    environment.pop("PYTHON", None)
    command = ["make", "--no-print-directory", "chosen"]
    told = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert told.strip() == str(tmp_path / there)


@pytest.mark.parametrize(("version", "fits"), [("3.10", False), ("3.11", True), ("3.14", True), ("3.15", False)])
def test_python_is_refused_where_it_is_too_old_or_too_new(version: str, fits: bool, tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    numbers = f"({version.replace('.', ', ')})"
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\n"
        f'case "$2" in *version_info*) exec {sys.executable} -c "import sys; sys.version_info = {numbers}; $2";; esac\n'
    )
    python.chmod(0o755)
    command = ["make", "--no-print-directory", f"PYTHON={python}", "some/bin/python"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ("Python 3.11 to 3.14 is needed" in done.stderr) == (not fits)
    assert (done.returncode == 0) == fits


def test_help_lists_every_target_that_a_person_calls() -> None:
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = {line.split()[1] for line in told.splitlines()}
    assert {"setup", "demo", "test", "test-slow", "test-torch", "test-compose", "bench", "lock", "clean"} <= targets


@pytest.mark.parametrize(("make", "code"), [("echo '1 passed in 1s'", 0), ("echo '1 failed in 1s'; exit 2", 2)])
def test_check_ends_with_the_last_line_of_the_tests_and_their_code(make: str, code: int, tmp_path: Path) -> None:
    """With a Makefile of its own in place of the real one: running the tests within the tests would not end."""
    (tmp_path / ".ci").mkdir()
    check = tmp_path / ".ci" / "run"
    check.write_text((ROOT / ".ci" / "run").read_text())
    check.chmod(0o755)
    (tmp_path / "Makefile").write_text(f"test:\n\t@{make}\n")
    without_flags = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    result = subprocess.run([check], capture_output=True, text=True, check=False, env=without_flags)
    assert result.returncode == code
    assert result.stdout.splitlines()[-1] in ("1 passed in 1s", "1 failed in 1s")
    assert result.stderr == ""


def test_check_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
