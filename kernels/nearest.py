"""Choosing the largest entries of matrix products: the probes of a query, and its nearest rows."""

from __future__ import annotations

import numpy as np

from gauger.kernels.jit import f32_in2, f32_out2, i32_in, i32_out2, i64_out2, kernel, void


@kernel(void(f32_in2, i32_out2))
def top_columns(values, columns):
    """The columns of the largest entries of each row, largest first, ties to the lower column.

    values : float32[n, m]; columns : int32[n, k], output, k <= m
    """
    k = columns.shape[1]
    best = np.empty(k, np.float32)
    for i in range(values.shape[0]):
        held = 0
        for j in range(values.shape[1]):
            value = values[i, j]
            if held == k and value <= best[k - 1]:
                continue
            at = held if held < k else k - 1
            held = at + 1
            while at > 0 and best[at - 1] < value:
                best[at] = best[at - 1]
                columns[i, at] = columns[i, at - 1]
                at -= 1
            best[at] = value
            columns[i, at] = np.int32(j)


@kernel(void(f32_in2, i32_in, i32_in, f32_out2, i64_out2))
def offer(products, queries, members, similarity, rows):
    """Offer one list's members to the queries that probe it; each query keeps its k best, best first.

    products : float32[queries, members]; queries : int32, rows of ``similarity`` and ``rows``
    members : int32, the row number each column stands for; similarity : float32[n, k], -inf where empty
    rows : int64[n, k], -1 where empty. Equal similarities go to the lower row, whatever order lists come in.
    """
    k = similarity.shape[1]
    for i in range(queries.size):
        query = queries[i]
        worst = similarity[query, k - 1]
        for j in range(members.size):
            value = products[i, j]
            if value < worst:
                continue
            row = np.int64(members[j])
            if value == worst and (rows[query, k - 1] >= 0 and row > rows[query, k - 1]):
                continue
            at = k - 1
            while at > 0 and (
                similarity[query, at - 1] < value
                or (similarity[query, at - 1] == value and rows[query, at - 1] > row)
                or rows[query, at - 1] < 0
            ):
                similarity[query, at] = similarity[query, at - 1]
                rows[query, at] = rows[query, at - 1]
                at -= 1
            similarity[query, at] = value
            rows[query, at] = row
            worst = similarity[query, k - 1]
