"""Banded locality-sensitive hashing over b-bit MinHash signatures.

Source: Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", section 3.4. Thirty-two bands of four 8-bit slots:
a band of a signature row *is* one uint32, so bands cost nothing to form. A pair with Jaccard similarity 0.7 meets in
some band with probability 1 - (1 - 0.7^4)^32 = 0.9998, one with 0.4 with 0.56, and verification sorts those out.
"""

from __future__ import annotations

import numpy as np

from gauger.kernels.jit import i32_in, i32_out, i64, inline, kernel, u8_in2, u8_out, u32_in, u32_out, void
from gauger.kernels.minhash import SLOTS, matches

BANDS = 32
_DIGIT_BITS = 11
_DIGITS = 1 << _DIGIT_BITS


@kernel(void(u32_in, i32_out, u32_out, u32_out, i32_out))
def sort_band(band, rows, keys, spare_keys, spare_rows):
    """Stable radix sort of row numbers by band value, least digit first, three passes of 11 bits.

    band : uint32[n], value of each row; rows : int32[n], the rows to sort, result; keys : uint32[n], result
    """
    count = rows.size
    places = np.empty(_DIGITS, np.int64)
    for i in range(count):
        keys[i] = band[rows[i]]
    for turn in range(3):
        shift = np.uint32(turn * _DIGIT_BITS)
        places[:] = 0
        for i in range(count):
            places[(keys[i] >> shift) & np.uint32(_DIGITS - 1)] += 1
        total = 0
        for digit in range(_DIGITS):
            size = places[digit]
            places[digit] = total
            total += size
        for i in range(count):
            digit = (keys[i] >> shift) & np.uint32(_DIGITS - 1)
            spare_keys[places[digit]] = keys[i]
            spare_rows[places[digit]] = rows[i]
            places[digit] += 1
        for i in range(count):
            keys[i] = spare_keys[i]
            rows[i] = spare_rows[i]


@inline
def root_of(parents, node):
    """Root of a union-find node, halving paths on the way."""
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node


@inline
def join(parents, left, right):
    """Unite two sets; the smaller root wins, so the result does not depend on the order of unions."""
    a, b = root_of(parents, left), root_of(parents, right)
    if a < b:
        parents[b] = a
    else:
        parents[a] = b


@kernel(i64(u32_in, i32_in, u8_in2, i64, i32_out))
def join_band(keys, rows, signatures, least, parents):
    """Unite rows that share a band value and at least ``least`` slots with the bucket's first row or the previous one.

    keys, rows : sorted by ``sort_band``; parents : int32[n], union-find. Returns the number of comparisons.
    """
    compared = 0
    start = 0
    while start < rows.size:
        end = start + 1
        while end < rows.size and keys[end] == keys[start]:
            for other in (rows[start], rows[end - 1]):
                if root_of(parents, rows[end]) != root_of(parents, other):
                    compared += 1
                    if matches(signatures[rows[end]], signatures[other]) >= least:
                        join(parents, rows[end], other)
            end += 1
        start = end
    return compared


@kernel(void(i32_out))
def flatten(parents):
    """Point every node at its root."""
    for node in range(parents.size):
        parents[node] = root_of(parents, node)


@kernel(void(i32_in, u8_in2, i64, u8_out))
def near_root(parents, signatures, least, near):
    """near[i] = 1 where row i shares at least ``least`` slots with its root: chains end here."""
    for row in range(parents.size):
        near[row] = matches(signatures[row], signatures[parents[row]]) >= least


assert BANDS * 4 == SLOTS
