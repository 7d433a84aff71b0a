"""Bytes without their zeros: half of a feature is zeros, and a general codec takes five times as long to see it.

Layout, for every 8 bytes (the last may be fewer): a mask, bit j set where byte j is not zero, then those that are not.

    0 7 0 0 255 0 0 0   ->   0b00010010 7 255
"""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine.jit import kernel

U8, U64 = np.uint8, np.uint64
BLOCK = 8


def room(size: int) -> int:
    """Bytes that ``drop_zeros`` may write for so many: it writes each byte before it knows whether it stays."""
    return size + -(-size // BLOCK) + 1


@kernel("i64(u8_in, u8_out)")
def drop_zeros(values, out):
    """Write ``values`` without zeros. values : uint8[n]; out : uint8[>= room(n)]; returns the bytes that count."""
    at = U64(0)
    size = U64(values.size)
    for block in range((values.size + BLOCK - 1) // BLOCK):
        first = U64(BLOCK) * U64(block)
        mask = U8(0)
        put = at + U64(1)
        for j in range(min(U64(BLOCK), size - first)):
            value = values[first + U64(j)]
            out[put] = value
            there = value != 0
            mask |= U8(there) << U8(j)
            put += U64(there)
        out[at] = mask
        at = put
    return np.int64(at)


@kernel("i64(u8_in, u8_out)")
def restore_zeros(data, values):
    """The inverse: fill ``values``, uint8[n]. Returns the bytes of ``data`` used, -1 where it has too few."""
    at = U64(0)
    given, size = U64(data.size), U64(values.size)
    for block in range((values.size + BLOCK - 1) // BLOCK):
        first = U64(BLOCK) * U64(block)
        if at >= given:
            return -1
        mask = data[at]
        at += U64(1)
        if at + U64(BLOCK) < given and first + U64(BLOCK) <= size:  # no byte of the block can lie beyond
            for j in range(BLOCK):
                there = (mask >> U8(j)) & U8(1)
                values[first + U64(j)] = data[at] * there
                at += U64(there)
            continue
        for j in range(min(U64(BLOCK), size - first)):
            value = U8(0)
            if (mask >> U8(j)) & U8(1):
                if at >= given:
                    return -1
                value = data[at]
                at += U64(1)
            values[first + U64(j)] = value
    return np.int64(at)
