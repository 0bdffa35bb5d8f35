"""The console's pages, built by npm where they are missing or older than their sources; the built ones are not kept in
the repository."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

from streams.errors import UsageError

CONSOLE = Path(__file__).parent
WEB = CONSOLE / "web"
STAMP = CONSOLE / "static" / "built-from"
_SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "build.mjs", "index.html", "icon.svg")


def is_current() -> bool:
    """Whether the pages were built from the sources as they are."""
    return STAMP.is_file() and STAMP.read_text() == digest()


def note() -> None:
    """Write down that the pages that lie there were built from the sources as they are."""
    STAMP.write_text(digest())


def digest(web: Path = WEB) -> str:
    """Of all that the pages are built from."""
    whole = sha256()
    for path in _sources(web):
        whole.update(f"{path.relative_to(web)}\0".encode() + path.read_bytes() + b"\0")
    return whole.hexdigest()


def build(report: Callable[[str], None]) -> None:
    """Fetch the locked packages, check the types, and bundle. Raises UsageError with the first line of what failed."""
    report("building the console's pages with npm")
    _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")
    _npm("run", "--silent", "build")
    note()


def _sources(web: Path) -> Iterator[Path]:
    yield from (web / name for name in _SOURCES)
    yield from sorted(path for path in (web / "src").rglob("*") if path.is_file())


def _npm(*arguments: str) -> None:
    if shutil.which("npm") is None:
        raise UsageError("npm is missing, which builds the console's pages: apt-get install nodejs npm")
    done = subprocess.run(["npm", *arguments], cwd=WEB, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise UsageError(f"`npm {' '.join(arguments[:2])}` failed in {WEB}: {lines[0] if lines else 'no output'}")
