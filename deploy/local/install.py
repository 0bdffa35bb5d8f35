"""`python -m deploy.local.install`: what the local servers, the console and its tests need and this machine lacks.

Java, Maven, Node and Debian's packages by apt; Kafka's jars by Maven, once, into a cache outside the tree; the
console's pages by npm. Where it may not install (no root, no apt) it names what to install, in one line, and exits
with 2.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dashboards.console import bundle
from deploy.local.jars import KAFKA_POM, class_archive, kafka_jars, kafka_version
from deploy.local.java import INSTALLED, java
from streams.errors import PulsewatchError, UsageError

POLICY = Path("/usr/sbin/policy-rc.d")
KEEP_STOPPED = "#!/bin/sh\nexit 101\n"


@dataclass(frozen=True)
class Need:
    """A program that must be on the PATH and the Debian package that brings it."""

    program: str
    package: str
    service: str | None = None
    """The package's own service, which stays off: Pulsewatch starts its servers itself."""


JAVA = Need("java", "openjdk-17-jre-headless")
MAVEN = Need("mvn", "maven")
SERVERS = (
    Need("redis-server", "redis-server", "redis-server"),
    Need("prometheus", "prometheus", "prometheus"),
    Need("promtool", "prometheus", "prometheus"),
    Need("prometheus-alertmanager", "prometheus-alertmanager", "prometheus-alertmanager"),
    Need("setpriv", "util-linux"),
    Need("chromium", "chromium"),
)
BUILDERS = (Need("node", "nodejs"), Need("npm", "npm"))
"""What builds the console's pages; needed only where they are missing or older than their sources."""


def missing(
    path: str | None = None, jars: Path | None = None, javas: Path = INSTALLED, *, pages_built: bool = True
) -> list[Need]:
    """The programs that are not there; Maven only counts while Kafka's jars are
    missing too, Node while the console's pages are."""
    needs = SERVERS if (jars or kafka_jars()).is_dir() else (MAVEN, *SERVERS)
    needs = needs if pages_built else (*needs, *BUILDERS)
    lacking = [need for need in needs if shutil.which(need.program, path=path) is None]
    return lacking if java(path, javas) else [JAVA, *lacking]


def install_packages(needs: Sequence[Need], *, is_root: bool) -> None:
    """Install Debian packages without starting their services. Raises UsageError where that cannot be done."""
    packages = sorted({need.package for need in needs})
    if shutil.which("apt-get") is None or not is_root:
        why = "not root" if shutil.which("apt-get") else "no apt-get here"
        raise UsageError(f"missing, and cannot be installed ({why}): sudo apt-get install {' '.join(packages)}")
    _say(f"installing with apt: {' '.join(packages)}")
    with services_kept_stopped():
        _run("apt-get", "update", "-qq")
        _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)
    for service in sorted({need.service for need in needs if need.service}):
        _keep_off_after_boot(service)


@contextmanager
def services_kept_stopped(policy: Path = POLICY) -> Iterator[None]:
    """Debian's own switch for "install, but start nothing"; whatever policy was there stays."""
    ours = not policy.exists()
    if ours:
        policy.write_text(KEEP_STOPPED)
        policy.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            policy.unlink(missing_ok=True)


def install_kafka(jars: Path) -> None:
    """Copy the jars beside their final place and rename, so that an interrupted copy is never taken for a whole one."""
    _say(f"fetching Apache Kafka {kafka_version()} by Maven into {jars} (45 MB)")
    jars.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jars.parent) as folder:
        target = Path(folder) / "jars"
        _run(
            "mvn",
            "-B",
            "-q",
            "-f",
            str(KAFKA_POM),
            "dependency:copy-dependencies",
            "-DincludeScope=runtime",
            f"-DoutputDirectory={target}",
        )
        if not jars.exists():
            target.rename(jars)


def archive_classes(jars: Path) -> None:
    """Let a broker live once for a moment, to write down the classes that it loads: the next ones start in half the
    time."""
    from deploy.local.kafka import LocalKafka  # its client takes longer to import than all the rest of an idle install

    _say("preparing Kafka's quick start")
    with tempfile.TemporaryDirectory(dir=jars.parent) as folder:
        fresh = Path(folder) / "classes.jsa"
        with LocalKafka(Path(folder), write_archive=fresh):
            pass
        if fresh.exists():
            fresh.rename(class_archive(jars))


def install() -> None:
    """Bring what is missing; does nothing, quickly, where all is there. Raises UsageError with one line."""
    jars = kafka_jars()
    lacking = missing(jars=jars, pages_built=bundle.is_current())
    if lacking:
        install_packages(lacking, is_root=os.geteuid() == 0)
    if not jars.is_dir():
        install_kafka(jars)
    if not class_archive(jars).exists():
        archive_classes(jars)
    if not bundle.is_current():
        bundle.build(_say)


def main() -> int:
    """The command: exit code 2 and one line where something cannot be installed."""
    try:
        install()
    except PulsewatchError as error:
        print(f"pulsewatch: {error}", file=sys.stderr)  # noqa: T201 (a command's own output)
        return 2
    return 0


def _keep_off_after_boot(service: str) -> None:
    if Path("/run/systemd/system").is_dir():
        subprocess.run(["systemctl", "disable", "--quiet", service], check=False)


def _run(*command: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        lines = (result.stderr or result.stdout).strip().splitlines() or [f"exit code {result.returncode}"]
        errors = [line for line in lines if "ERROR" in line or line.startswith("E:")]
        raise UsageError(f"`{' '.join(command[:3])} …` failed: {(errors or lines)[-1]}")


def _say(line: str) -> None:
    print(f"pulsewatch: {line}", flush=True)  # noqa: T201 (a command's own output)


if __name__ == "__main__":
    sys.exit(main())
