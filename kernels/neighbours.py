"""Counting over neighbour lists."""

from __future__ import annotations

import numpy as np

from gauger.kernels.jit import f64_out, i64, i64_in2, kernel, u8_in, void


@kernel(void(i64_in2, u8_in, i64, f64_out))
def share_with_hop(rows, today, k, out):
    """Share of today's among the k nearest, plus the average over today's neighbours of their shares without us.

    rows : int64[n, >= k], nearest first, never the row itself; today : uint8[n]; out : float64[n]
    """
    count = np.empty(rows.shape[0], np.int64)
    for i in range(rows.shape[0]):
        total = 0
        for j in range(k):
            total += np.int64(today[rows[i, j]])
        count[i] = total
    for i in range(rows.shape[0]):
        hop = 0.0
        for j in range(k):
            other = rows[i, j]
            if not today[other]:
                continue
            mutual = 0
            for m in range(k):
                if rows[other, m] == i:
                    mutual = 1
                    break
            if k > mutual:
                hop += (count[other] - mutual * np.int64(today[i])) / (k - mutual)
        out[i] = count[i] / k + hop / k
