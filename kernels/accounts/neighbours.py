"""Counting over neighbour lists."""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine.jit import kernel


@kernel("void(i32_in2, u8_in, i64, i64, i64_out)")
def count_today(rows, today, first, last, out):
    """How many of each row's nearest are today's.

    rows : int32[n, k]; today : uint8[n]; first, last : of the rows to fill in; out : int64[n]
    """
    for i in range(first, last):
        total = np.int64(0)
        for j in range(rows.shape[1]):
            total += np.int64(today[rows[i, j]])
        out[i] = total


@kernel("void(i32_in2, u8_in, i64_in, i64, i64, f64_out)")
def share_with_hop(rows, today, count, first, last, out):
    """Share of today's among the k nearest, plus the average over today's neighbours of their shares without us.

    rows : int32[n, k], nearest first, never the row itself; today : uint8[n]; count : int64[n], of ``count_today``
    first, last : of the rows to fill in; out : float64[n]
    """
    k = rows.shape[1]
    for i in range(first, last):
        hop = 0.0
        for j in range(k):
            other = rows[i, j]
            if not today[other]:
                continue
            # All of a row, without a way out half-way: a vector unit compares eight entries at a time.
            mutual = np.int64(0)
            for m in range(k):
                mutual |= np.int64(rows[other, m] == i)
            if k > mutual:
                hop += (count[other] - mutual * np.int64(today[i])) / (k - mutual)
        out[i] = count[i] / k + hop / k
