"""The table of distinct prompts: an open-addressing index over 128-bit hashes."""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine.jit import kernel

U64 = np.uint64
EMPTY = np.int32(-1)


@kernel("i64(u64_in2, i32_out, u64_out2, i64, i64_out)")
def intern(hashes, index, stored, count, rows):
    """Give each 128-bit hash its row, a new one if it was never seen.

    hashes : uint64[n, 2]; index : int32[power of two], row or EMPTY, at least twice as long as the rows it may hold
    stored : uint64[>= count + n, 2], hash of each row; count : rows so far; rows : int64[n], output
    Returns the new number of rows; rows are numbered in order of first appearance.
    """
    mask = U64(index.size - 1)
    for i in range(hashes.shape[0]):
        slot = hashes[i, 0] & mask
        while True:
            row = index[slot]
            if row == EMPTY:
                index[slot] = np.int32(count)
                stored[count, 0] = hashes[i, 0]
                stored[count, 1] = hashes[i, 1]
                rows[i] = count
                count += 1
                break
            if stored[row, 0] == hashes[i, 0] and stored[row, 1] == hashes[i, 1]:
                rows[i] = row
                break
            slot = (slot + U64(1)) & mask
    return count


@kernel("void(u64_in2, i32_out)")
def reindex(stored, index):
    """Fill an EMPTY index with the rows of ``stored``, which are distinct."""
    mask = U64(index.size - 1)
    for row in range(stored.shape[0]):
        slot = stored[row, 0] & mask
        while index[slot] != EMPTY:
            slot = (slot + U64(1)) & mask
        index[slot] = np.int32(row)
