"""Unique people by HyperLogLog, 2^14 registers (standard error 0.81 %), written as logs.

A worker hashes a batch's people at once and appends 4 bytes a person to the log of each of their buckets. Redis only
appends, where PFADD would cost it 0.6-2 µs for each person and bucket. A long log is folded: a group with many
registers becomes a dense block of 16,384 bytes.

    log   := block* entry*
    block := uint32 (group << 20 | BLOCK_MARK), 16384 registers of a byte
    entry := uint32 (group << 20 | register << 6 | rank), little endian, in any order and with repeats

To merge is to concatenate: unions over minutes, rooms and shards need no server, so they work across cluster slots.

Sources: Flajolet et al. 2007, "HyperLogLog"; Heule et al. 2013, "HyperLogLog in practice" (the sparse form);
Ertl 2017, "New cardinality estimation algorithms for HyperLogLog sketches", algorithm 6 (the estimate).
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import log

import numpy as np
from numpy.typing import NDArray

INDEX_BITS = 14
REGISTERS = 1 << INDEX_BITS
HASH_BITS = 64 - INDEX_BITS
BLOCK_MARK = 63
"""No rank: ranks end at HASH_BITS + 1 = 51."""
GROUP_SHIFT, REGISTER_SHIFT = 20, 6
BLOCK_BYTES = 4 + REGISTERS
DENSE_FROM = REGISTERS // 4
"""A group with more registers than this takes less room as a block."""
FOLD_BYTES = 65_536
"""A log whose tail has grown by this much is folded."""

Hashes = NDArray[np.uint64]
Entries = NDArray[np.uint32]
Registers = dict[int, NDArray[np.uint8]]
"""Registers by group code, shape (REGISTERS,); 0 is an empty register."""

_ID_BYTES = 512
"""An id has 128 characters, of 4 bytes in UTF-8 at most."""


def _odd_numbers(count: int) -> Hashes:
    """Pseudo-random 64-bit factors (SplitMix64), computed here, since stored logs depend on them for ever."""
    state, numbers = 0, []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        z = state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        numbers.append((z ^ z >> 31) | 1)
    return np.array(numbers, np.uint64)


_FACTORS = _odd_numbers(_ID_BYTES + 1)


def hashes(ids: Sequence[str]) -> Hashes:
    """64-bit hashes, shape (ids,), the same in every process: a multilinear sum over the bytes, mixed as MurmurHash3
    ends.

    Ids of one length, as pseudonyms are, go through in one matrix product.
    """
    joined = "".join(ids)
    if joined.isascii():
        data, lengths = np.frombuffer(joined.encode(), np.uint8), np.fromiter(map(len, ids), np.int64, len(ids))
    else:
        encoded = [one.encode() for one in ids]
        data, lengths = np.frombuffer(b"".join(encoded), np.uint8), np.fromiter(map(len, encoded), np.int64, len(ids))
    if not len(data):
        return np.zeros(len(ids), np.uint64)
    longest = int(lengths.max())
    if longest * len(ids) == len(data):
        sums = data.reshape(len(ids), longest).astype(np.uint64) @ _FACTORS[:longest]
    else:
        starts = np.concatenate(([0], lengths.cumsum()[:-1]))
        places = np.arange(len(data)) - np.repeat(starts, lengths)
        sums = np.add.reduceat(data * _FACTORS[places], starts)
    return _mixed(sums + lengths.astype(np.uint64) * _FACTORS[_ID_BYTES])


def _mixed(sums: Hashes) -> Hashes:
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        sums = (sums ^ (sums >> np.uint64(33))) * np.uint64(factor)
    return sums ^ (sums >> np.uint64(33))


def entries(person_hashes: Hashes, groups: NDArray[np.integer]) -> Entries:
    """A log entry for each person in its group (codes 0 to 15); all of shape (people,)."""
    registers = (person_hashes & np.uint64(REGISTERS - 1)).astype(np.uint32)
    rest = (person_hashes >> np.uint64(INDEX_BITS)) | np.uint64(1 << HASH_BITS)
    lowest_bits = rest & (~rest + np.uint64(1))
    ranks = np.log2(lowest_bits.astype(np.float64)).astype(np.uint32) + np.uint32(1)
    written: Entries = (
        groups.astype(np.uint32) << np.uint32(GROUP_SHIFT) | registers << np.uint32(REGISTER_SHIFT) | ranks
    )
    return written


def distinct(written: bytes) -> bytes:
    """The entries of a log without blocks, each once."""
    return np.unique(np.frombuffer(written, "<u4")).tobytes()


def read(logs: Iterable[bytes]) -> Registers:
    """The union of logs."""
    registers: Registers = {}
    tails: list[bytes] = []
    for written in logs:
        start = 0
        while len(written) - start >= BLOCK_BYTES and (mark := _uint32(written, start)) & BLOCK_MARK == BLOCK_MARK:
            block = np.frombuffer(written, np.uint8, REGISTERS, start + 4)
            _raise(registers, mark >> GROUP_SHIFT, block)
            start += BLOCK_BYTES
        tails.append(written[start : start + (len(written) - start) // 4 * 4])
    tail = np.frombuffer(b"".join(tails), "<u4")
    for group in np.unique(tail >> GROUP_SHIFT).tolist():
        mine = np.sort(tail[tail >> GROUP_SHIFT == group])
        block = np.zeros(REGISTERS, np.uint8)
        # Sorted by register, then rank: the last assignment to a register is its highest rank.
        block[(mine >> REGISTER_SHIFT) & (REGISTERS - 1)] = mine & 63
        _raise(registers, group, block)
    return registers


def fold(registers: Registers) -> bytes:
    """The shortest log with these registers."""
    blocks, tail = [], []
    for group, ranks in registers.items():
        used = np.flatnonzero(ranks)
        if len(used) > DENSE_FROM:
            blocks.append((group << GROUP_SHIFT | BLOCK_MARK).to_bytes(4, "little") + ranks.tobytes())
        else:
            tail.append((group << GROUP_SHIFT | used << REGISTER_SHIFT | ranks[used]).astype("<u4").tobytes())
    return b"".join(blocks + tail)


def union_estimate(registers: Registers, groups: Iterable[int]) -> int:
    """The estimated number of people in any of the groups."""
    union = np.zeros(REGISTERS, np.uint8)
    for group in groups:
        if group in registers:
            np.maximum(union, registers[group], out=union)
    return estimate(union)


def estimate(ranks: NDArray[np.uint8]) -> int:
    """Cardinality by Ertl's improved raw estimator: no bias correction tables, no switch to linear counting."""
    counts = np.bincount(ranks, minlength=HASH_BITS + 2).tolist()
    if counts[0] == REGISTERS:
        return 0
    z = REGISTERS * _tau(1 - counts[HASH_BITS + 1] / REGISTERS)
    z = list(accumulate(reversed(counts[1 : HASH_BITS + 1]), lambda total, count: 0.5 * (total + count), initial=z))[-1]
    z += REGISTERS * _sigma(counts[0] / REGISTERS)
    return round(REGISTERS * REGISTERS / (2 * log(2)) / z)


def _sigma(x: float) -> float:
    y, z, before = 1.0, x, -1.0
    while z != before:
        x *= x
        before = z
        z += x * y
        y += y
    return z


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x = x**0.5
        before = z
        y *= 0.5
        z -= (1 - x) ** 2 * y
    return z / 3


def _raise(registers: Registers, group: int, block: NDArray[np.uint8]) -> None:
    registers[group] = np.maximum(registers[group], block) if group in registers else block


def _uint32(log: bytes, start: int) -> int:
    return int.from_bytes(log[start : start + 4], "little")
