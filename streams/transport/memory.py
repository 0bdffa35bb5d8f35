"""How a worker's process looks after its memory: it makes millions of objects a minute, hardly any in a cycle."""

import ctypes
import gc
from contextlib import suppress

GLIBC_OPTIONS = {
    -3: 32 * 1024**2,  # M_MMAP_THRESHOLD, at its highest: larger blocks go back to the kernel when they are freed
    -1: 256 * 1024**2,  # M_TRIM_THRESHOLD: as much may lie free at the heap's end
    -8: 1,  # M_ARENA_MAX: blocks that one thread frees serve the other
}
YOUNG_OBJECTS = 400_000
"""New objects after which the garbage collector runs: more than a batch of ten thousand rooms holds until it is stored.
At Python's 700 it went through a batch's long lists again and again, an eighth of the engagement worker's time, and a
third with ten thousand rooms; at 50,000 still a tenth of it with these. There are hardly any cycles to find."""


def settle_memory() -> None:
    """Called once, when all is imported."""
    gc.freeze()  # what was imported stays: no need to go through it again and again
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
    _keep_large_blocks()


def _keep_large_blocks() -> None:
    """Where the C library is glibc: keep the memory of fetches, of megabytes each, for the next ones. By itself it
    gives each back to the kernel, which has to clear it before the next: a fifth of a decoding worker's time."""
    with suppress(AttributeError, OSError):
        set_option = ctypes.CDLL(None).mallopt
        for option, value in GLIBC_OPTIONS.items():
            set_option(option, value)
