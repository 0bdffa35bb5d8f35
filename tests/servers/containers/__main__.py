"""`python -m tests.servers.containers`: the engine, compose's plugin and the base images, whatever of them is missing.

The first time takes some ten minutes; a run that was interrupted goes on where it was. Where no engine can be had it
says why, in one line, and ends with 0: the tests are skipped with the same reason.
"""

import shutil
import sys
import time

from deploy.local.install import install_packages
from deploy.local.process import signals_unwind
from streams.errors import PulsewatchError
from tests.servers.containers import plugin
from tests.servers.containers.base_images import make_missing
from tests.servers.containers.engine import PACKAGES, DockerEngine, reason_against

STARTED = time.monotonic()


def prepare() -> None:
    """Bring all of it. Raises PulsewatchError with what failed."""
    lacking = [need for need in PACKAGES if shutil.which(need.program) is None]
    if lacking:
        install_packages(lacking, is_root=True)
    if not plugin.is_built():
        say(f"building compose's plugin {plugin.VERSION} (some minutes)")
        plugin.build()
    with DockerEngine() as engine:
        make_missing(engine, say)


def say(line: str) -> None:
    print(f"pulsewatch: {time.monotonic() - STARTED:4.0f} s  {line}", flush=True)  # noqa: T201 (a command's output)


def main() -> int:
    reason = reason_against()
    if reason:
        say(f"no engine: {reason}")
        return 0
    try:
        with signals_unwind():
            prepare()
    except PulsewatchError as error:
        print(f"pulsewatch: {error}", file=sys.stderr)  # noqa: T201 (a command's output)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
