"""Shards: slices of a day by keyed hash, the same on every machine, and how many of them are worked on as one unit.

A day is cut into SHARDS slices of its accounts and as many of its prompts, each by the highest bits of a keyed hash. A
small day is few units of many shards, a large one as many units as shards. How many depends on the number of calls
alone, never on memory or threads: so the same arrays are multiplied whoever runs the day, and give the same bytes.
"""

import numpy as np

SHARDS = 64
_UNIT_CALLS = 450_000  # half a gigabyte while they are folded
_BITS = 6
assert 1 << _BITS == SHARDS


def shard_of(hashes: np.ndarray) -> np.ndarray:
    """Shard of each keyed hash, uint64[n]; int64[n]."""
    return (hashes >> np.uint64(64 - _BITS)).astype(np.int64)


def units_of(calls: int) -> int:
    """Units a day of so many calls is worked on in, a power of two."""
    units = 1
    while units < SHARDS and calls > units * _UNIT_CALLS:
        units *= 2
    return units


def unit_of(hashes: np.ndarray, units: int) -> np.ndarray:
    """Unit of each keyed hash; int64[n]."""
    return shard_of(hashes) * units // SHARDS


def shards_of(unit: int, units: int) -> range:
    """The shards of a unit."""
    each = SHARDS // units
    return range(unit * each, (unit + 1) * each)
