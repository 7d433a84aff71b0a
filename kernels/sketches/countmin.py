"""Count-min: how often a key was seen, never under-counted, over by at most eps N with probability 1 - delta.

Source: Cormode and Muthukrishnan, "An improved data stream summary: the count-min sketch", J. Algorithms 2005:
width w and depth d give eps = e / w and delta = e^-d. No conservative update: it would not merge.
"""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine import keys
from gauger.kernels.machine.jit import inline, kernel
from gauger.kernels.machine.vectors import scalar

U64, U32 = np.uint64, np.uint32


@inline
def column(hashed, row, key, mask):
    """Column of a key in one row: multiply-shift with a secret odd multiplier per row."""
    return ((hashed * (key[keys.COLUMN + row] | U64(1))) >> U64(32)) & mask


@inline
def add(counts, hashed, key):
    """Count one key. counts : uint32[depth <= 4, width], width a power of two up to 2^32."""
    mask = U64(counts.shape[1] - 1)
    for row in range(counts.shape[0]):
        counts[row, column(hashed, row, key, mask)] += U32(1)


@inline
def add_all(counts, hashes, count, key):
    """Count ``count`` keys, row after row: one row's cells are touched while they are near."""
    mask = U64(counts.shape[1] - 1)
    for row in range(counts.shape[0]):
        cells, multiplier = counts[row], key[keys.COLUMN + row] | U64(1)
        for i in range(count):
            scalar()
            cells[((hashes[i] * multiplier) >> U64(32)) & mask] += U32(1)


@inline
def query(counts, hashed, key):
    """Estimated count of one key: the least of its cells."""
    mask = U64(counts.shape[1] - 1)
    least = U32(0xFFFFFFFF)
    for row in range(counts.shape[0]):
        scalar()
        value = counts[row, column(hashed, row, key, mask)]
        if value < least:
            least = value
    return least


@kernel("void(u32_out2, u64_in, u64_in)")
def add_many(counts, hashes, key):
    """Count each of ``hashes``, uint64, once. counts : uint32[depth, width]; key : uint64[KEY_WORDS]."""
    for i in range(hashes.size):
        add(counts, hashes[i], key)


@kernel("void(u32_in2, u64_in, u64_in, u32_out)")
def query_many(counts, hashes, key, out):
    """Estimated count of each hash into ``out``, uint32. counts, hashes, key : as in ``add_many``."""
    for i in range(hashes.size):
        out[i] = query(counts, hashes[i], key)
