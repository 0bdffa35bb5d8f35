"""Which Java runs Kafka: 4.x needs 17, and an older one on the PATH may hide a newer one beside it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

OLDEST = 17
INSTALLED = Path("/usr/lib/jvm")


def java(path: str | None = None, installed: Path = INSTALLED) -> Path | None:
    """The first Java that is new enough: on the PATH, else among Debian's; None where there is none."""
    return next((program for program in _programs(path, installed) if (major(program) or OLDEST) >= OLDEST), None)


def major(program: Path) -> int | None:
    """Its version by the `release` file beside it, which is quicker than asking it; None where that does not tell."""
    release = program.resolve().parents[1] / "release"
    try:
        found = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', release.read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) if found else None


def _programs(path: str | None, installed: Path) -> Iterator[Path]:
    on_path = shutil.which("java", path=path)
    if on_path:
        yield Path(on_path)
    yield from sorted(installed.glob("*/bin/java"))
