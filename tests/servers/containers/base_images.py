"""The images that docker-compose.yml and the Dockerfile start from, made here under the names that they ask for.

    Debian's smallest system (debootstrap, from the mirror that apt uses here)
    └─ images/NAME/Dockerfile for each: Debian's own package of it, npm's of Node, Kafka's jars by its own wrapper

An image is made anew when its recipe or its name has changed. It trusts whom this machine trusts, so that pip and npm
reach their registries from a build as they do from here.
"""

import hashlib
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import yaml

from deploy.local.jars import kafka_jars
from streams.errors import Unavailable
from tests.servers.containers.engine import DockerEngine

ROOT = Path(__file__).parents[3]
RECIPES = Path(__file__).parent / "images"
SUITE = "bookworm"
DEBIAN = f"pulsewatch-tests/debian:{SUITE}"
TRUSTED = Path("etc/ssl/certs/ca-certificates.crt")
LABEL = "pulsewatch.recipe"
NOT_TO_BE_HAD = ("grafana",)
"""Services whose program is in no package."""


def services() -> dict[str, str]:
    """The services of docker-compose.yml that can be had, each with its image."""
    declared = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return {name: service["image"] for name, service in declared.items() if name not in NOT_TO_BE_HAD}


def wanted() -> list[str]:
    """The images that others publish, by the names that our files ask for."""
    stages = re.findall(r"^FROM (\S+)", (ROOT / "deploy/docker/Dockerfile").read_text(), re.MULTILINE)
    return sorted({*stages, *(image for image in services().values() if not image.startswith("pulsewatch:"))})


def make_missing(engine: DockerEngine, say: Callable[[str], None]) -> None:
    """Make those that are not there or whose recipe has changed; what was made stays. Raises Unavailable."""
    for image in wanted():
        recipe = RECIPES / _name(image)
        if not recipe.is_dir():
            raise Unavailable(f"{image}: no recipe in {RECIPES.relative_to(ROOT)}")
        mark = _mark(recipe, image)
        if _label(engine, image) == mark:
            continue
        if _label(engine, DEBIAN) is None:
            say(f"making {DEBIAN} with debootstrap (two minutes)")
            _make_debian(engine)
        say(f"making {image}")
        with tempfile.TemporaryDirectory() as folder:
            context = Path(folder) / "context"
            shutil.copytree(recipe, context)
            _bring(image, context)
            options = ["--network", "host", "--label", f"{LABEL}={mark}", "--build-arg", f"DEBIAN={DEBIAN}"]
            engine.docker("build", "--quiet", *options, "--tag", image, str(context))


def _name(image: str) -> str:
    """`prom/prometheus:v2.53.4` is made in images/prometheus."""
    return image.split(":")[0].rpartition("/")[2]


def _version(image: str) -> str:
    """`22.14.0` of `node:22.14.0-bookworm-slim`."""
    return image.split(":")[1].split("-")[0]


def _mark(recipe: Path, image: str) -> str:
    parts = [image, DEBIAN, *(path.read_text() for path in sorted(recipe.iterdir()))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _label(engine: DockerEngine, image: str) -> str | None:
    """The recipe's mark; None where there is no such image."""
    told = engine.run("image", "inspect", "--format", f'{{{{index .Config.Labels "{LABEL}"}}}}', image, check=False)
    return told.stdout.strip() if told.returncode == 0 else None


def _bring(image: str, context: Path) -> None:
    """What a recipe copies in beside its own files."""
    if _name(image) == "node":
        kind = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
        _run("npm", "pack", "--silent", f"node-linux-{kind}@{_version(image)}", "npm@10", folder=context)
    if _name(image) == "kafka":
        shutil.copytree(kafka_jars(), context / "libs")


def _make_debian(engine: DockerEngine) -> None:
    with tempfile.TemporaryDirectory(dir=engine.folder) as folder:
        system = Path(folder) / "system"
        _run("debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, str(system), _mirror())
        shutil.copyfile(Path("/") / TRUSTED, system / TRUSTED)
        archive = Path(folder) / "system.tar"
        _run("tar", "--create", "--file", str(archive), "--directory", str(system), ".")
        engine.docker("import", "--change", f"LABEL {LABEL}={SUITE}", str(archive), DEBIAN)


def _mirror() -> str:
    """Where apt gets this machine's own release from."""
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    for line in _run("apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)").splitlines():
        release, _, address = line.partition(" ")
        if release == codename:
            return address
    raise Unavailable("apt knows no mirror of this machine's release")


def _run(*command: str, folder: Path | None = None) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise Unavailable(f"`{' '.join(command[:2])} …` failed: {' '.join(said[-3:])}")
    return done.stdout


def recipes() -> list[Path]:
    """Every recipe there is."""
    return sorted(path for path in RECIPES.iterdir() if path.is_dir())
