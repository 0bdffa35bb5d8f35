"""SIGKILL in mid-run, again and again: the moments come from a seed and from the ledger's own progress."""

import random
import time
from dataclasses import dataclass
from functools import partial

from tests.servers.site import NamedWorker, Site
from tests.servers.waiting import until

MAX_GRACE_SECONDS = 0.25
LAST_BIRTH_SHARE = 0.9
"""No worker is born beyond this share of the records: it could not be killed in mid-run."""


@dataclass(frozen=True)
class Kill:
    """One death, with what the ledger had when the worker was born and when it was dead."""

    born_at: int
    died_at: int

    @property
    def in_midrun(self) -> bool:
        """The worker had begun to count. That it had not ended is the caller's to say, who knows the total."""
        return self.died_at > self.born_at


def kill_again_and_again(site: Site, worker: NamedWorker, kills: int, total: int, seed: int) -> list[Kill]:
    """Start the worker and kill it, so many times, spread over the run.

    Each life lasts until the ledger has passed a share of the total that the seed chose, and an instant longer: long
    enough to be anywhere between two fetches, in a decode, in an apply. Returns the deaths.
    """
    rng = random.Random(seed)
    shares = sorted(rng.uniform(0.02, 0.75) for _ in range(kills))
    deaths = []
    for share in shares:
        born_at = site.stored(worker.name)
        worker.launch()
        until(partial(_alive_beyond, site, worker, max(born_at, share * total)), f"it counts beyond {share:.0%}")
        time.sleep(rng.uniform(0, MAX_GRACE_SECONDS))
        worker.kill()
        assert worker.exit_code == -9
        deaths.append(Kill(born_at, site.stored(worker.name)))
    return deaths


def kill_while_it_goes_on(site: Site, worker: NamedWorker, max_kills: int, total: int, seed: int) -> int:
    """Start the worker and kill it an instant after the ledger has moved, for as long as it dies in mid-run.

    For stages whose records come as fast as they are stored, so that shares of the total say little. Returns the number
    of deaths.
    """
    rng, deaths = random.Random(seed), 0
    while deaths < max_kills and (born_at := site.stored(worker.name)) < LAST_BIRTH_SHARE * total:
        worker.launch()
        until(partial(_alive_beyond, site, worker, born_at), "the worker goes on")
        time.sleep(rng.uniform(0, MAX_GRACE_SECONDS))
        worker.kill()
        assert worker.exit_code == -9
        deaths += 1
    return deaths


def _alive_beyond(site: Site, worker: NamedWorker, offset: float) -> bool:
    assert worker.exit_code is None, f"the worker ended by itself with {worker.exit_code}; see {worker.log}"
    return site.stored(worker.name) > offset
