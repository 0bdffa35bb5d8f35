"""The wheel that a clone builds, in an environment and in folders that know nothing of the clone."""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from deploy.local.http import text
from deploy.local.kafka import LocalKafka
from deploy.local.programs import ConsoleProcess, WorkerProcess
from deploy.local.redis import LocalRedis
from streams.settings import Settings
from streams.topology import STAGES
from tests.servers.site import fresh_topics

ROOT = Path(__file__).parents[2]
CLAIM = {"text": "这款面膜能治愈湿疹", "kind": "host_speech"}
ALONE = {**os.environ, "PYTHONPATH": ""}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the installed commands lie. The packages that the wheel asks for are those of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    _python(sys.executable, "-m", "pip", *build)
    [wheel] = folder.glob("*.whl")
    _python(sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"))
    programs = folder / "venv" / "bin"
    install = ["install", "--quiet", "--no-deps", "--no-index", "--no-compile", str(wheel)]
    _python(sys.executable, "-m", "pip", "--python", str(programs / "python"), *install)
    [packages] = (folder / "venv").glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    return programs


def _python(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


class InstalledWorker(WorkerProcess):
    def __init__(self, programs: Path, folder: Path, stage: str, settings: Settings) -> None:
        super().__init__(folder, stage, settings)
        self._programs = programs

    def command(self) -> Sequence[str]:
        return [str(self._programs / "pulsewatch"), "worker", self.name]

    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), "PYTHONPATH": ""}


class InstalledConsole(ConsoleProcess):
    def __init__(self, programs: Path, folder: Path, settings: Settings) -> None:
        super().__init__(folder, settings)
        self._programs = programs

    def command(self) -> Sequence[str]:
        return [str(self._programs / "pulsewatch"), "console", "--port", str(self.port)]

    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), "PYTHONPATH": ""}


@pytest.mark.slow
def test_wheel_is_whole_and_imported_from_where_it_was_installed(programs: Path, tmp_path: Path) -> None:
    code = "import deploy, dashboards.console.bundle as b; print(deploy.__file__); print(b.is_current())"
    command = [str(programs / "python"), "-c", code]
    told = subprocess.run(command, cwd=tmp_path, env=ALONE, capture_output=True, text=True, check=True)
    place, current = told.stdout.split()
    assert place.startswith(str(programs.parent))
    assert current == "True"


@pytest.mark.slow
def test_score_of_the_wheel_judges_a_text(programs: Path, tmp_path: Path) -> None:
    told = subprocess.run(
        [programs / "pulsewatch", "score"],
        cwd=tmp_path, env=ALONE, input=json.dumps(CLAIM), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(told.stdout)["verdict"]["says"] == "breach"


@pytest.mark.slow
def test_console_and_workers_of_the_wheel_answer(
    programs: Path, tmp_path: Path, kafka: LocalKafka, redis_server: LocalRedis, namespace: str
) -> None:
    fresh_topics(kafka)
    settings = Settings(kafka=kafka.bootstrap, redis=redis_server.url, namespace=namespace)
    with InstalledConsole(programs, tmp_path / "console", settings) as console:
        page = text(f"http://127.0.0.1:{console.port}/")
        script = page.split('src="')[1].split('"')[0]
        assert len(text(f"http://127.0.0.1:{console.port}{script}")) > 10_000
    for stage in STAGES:
        with InstalledWorker(programs, tmp_path / stage, stage, settings) as worker:
            assert worker.pid
