"""Small fixed sets of keyed hashes with a label each, looked up without a branch.

A table is uint64[2^b + 1]: an entry of the set sits in slot ``(hash * multiplier) >> (64 - b)`` as ``hash ^ label``, an
empty slot is zero, and the multiplier, in the last place, was searched until no two entries met in one slot. Whether a
word is in the set is as good as random, so a probe loop would be mispredicted every other word.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gauger.kernels.machine.jit import inline
from gauger.kernels.machine.vectors import leading_zeros

U64 = np.uint64
NONE = U64(256)  # labels are smaller
_GOLDEN = 0x9E3779B97F4A7C15
_TRIALS = 1 << 16


@inline
def find(table, hashed):
    """Label of a hash, or a number >= NONE where it is not in the set (but for one other hash in 2^56)."""
    slots = table.size - 1
    slot = (hashed * table[slots]) >> U64(leading_zeros(U64(slots)) + 1)
    return table[slot] ^ hashed


def build(hashes: np.ndarray, labels: Sequence[int]) -> np.ndarray:
    """A table for ``find``, read-only.

    hashes : uint64[n], distinct hashes; labels : n numbers below NONE, equal hashes or-ed
    """
    merged: dict[int, int] = {}
    for hashed, label in zip(hashes.tolist(), labels, strict=True):
        merged[hashed] = merged.get(hashed, 0) | int(label)
    keys = np.array(list(merged), np.uint64)
    bits = max(4, int(len(keys) ** 2 // 12).bit_length())  # about one multiplier in four hundred fits, or better
    for trial in range(_TRIALS):
        multiplier = U64(_GOLDEN * (2 * trial + 1) & 0xFFFFFFFFFFFFFFFF)
        slots = (keys * multiplier) >> U64(64 - bits)
        if len(np.unique(slots)) == len(keys):
            table = np.zeros((1 << bits) + 1, np.uint64)
            table[slots] = keys ^ np.array(list(merged.values()), np.uint64)
            table[-1] = multiplier
            table.setflags(write=False)
            return table
    raise AssertionError("no multiplier fits: the hashes are not random")
