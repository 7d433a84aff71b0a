"""Choosing the largest entries of matrix products: the probes of a query, and its nearest rows."""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine.jit import inline, kernel

_BINS = 2_048  # of the histogram that tells which values are worth sorting


@kernel("void(f32_in2, i32_out2)")
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


@kernel("void(f32_in2, i32_in, i32_in, i64_out, f32_out, i32_out)")
def lay(products, queries, members, ends, values, rows):
    """Lay one list's products down behind what the queries that probe it have of other lists.

    products : float32[queries, members]; queries : int32, places in ``ends``; members : int32, the row number each
    column stands for; ends : int64, where each query's next value goes, moved on; values, rows : float32, int32
    """
    for i in range(queries.size):
        end = ends[queries[i]]
        for j in range(members.size):
            values[end + j] = products[i, j]
            rows[end + j] = members[j]
        ends[queries[i]] = end + members.size


@inline
def _bin(value):
    """Bin of an inner product of unit vectors; what rounding, or no unit vector, puts beyond goes to the last ones."""
    return min(max(int(value * np.float32(_BINS // 2) + np.float32(_BINS // 2)), 0), _BINS - 1)


@inline
def _sink(similarity, rows, at, size):
    """Let the entry at ``at`` of a heap of ``size`` sink below what is worse: lower, or as high and of a higher row."""
    value, row = similarity[at], rows[at]
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        other = child + 1
        if other < size and (
            similarity[other] < similarity[child]
            or (similarity[other] == similarity[child] and rows[other] > rows[child])
        ):
            child = other
        if similarity[child] > value or (similarity[child] == value and rows[child] < row):
            break
        similarity[at], rows[at] = similarity[child], rows[child]
        at = child
    similarity[at], rows[at] = value, row


@kernel("void(f32_in, i32_in, i64_in, i64, f32_out2, i64_out2)")
def largest(values, rows, starts, first, similarity, nearest):
    """The k largest values of each query and their rows, largest first, ties to the lower row; never its own row.

    values, rows : float32, int32, query after query; starts : int64[n + 1], where each query's begin
    first : the row number that query 0 stands for; similarity : float32[n, k], output; nearest : int64[n, k], output
    Where there are fewer than k, the last one is repeated; where there is none, row 0 at -inf.
    """
    k = similarity.shape[1]
    counts = np.empty(_BINS, np.int32)
    for query in range(starts.size - 1):
        begin, end = starts[query], starts[query + 1]
        kept, numbers, held = similarity[query], nearest[query], np.int64(0)
        kept[0], numbers[0] = -np.inf, 0
        # A heap of all of them would sink some 350 of 1,100: a histogram says which bins can hold the k largest.
        counts[:] = 0
        for i in range(begin, end):
            counts[_bin(values[i])] += 1
        least, reached = np.int64(_BINS), np.int64(0)
        while reached <= k and least > 0:
            least -= 1
            reached += counts[least]
        for i in range(begin, end):
            value, row = values[i], np.int64(rows[i])
            if _bin(value) < least or row == first + query:
                continue
            if held < k:
                kept[held], numbers[held] = value, row
                held += 1
                if held == k:
                    for at in range(k // 2 - 1, -1, -1):
                        _sink(kept, numbers, at, k)
            elif value > kept[0] or (value == kept[0] and row < numbers[0]):
                kept[0], numbers[0] = value, row
                _sink(kept, numbers, 0, k)
        if held < k:
            for at in range(held // 2 - 1, -1, -1):
                _sink(kept, numbers, at, held)
        for last in range(held - 1, 0, -1):
            kept[0], kept[last] = kept[last], kept[0]
            numbers[0], numbers[last] = numbers[last], numbers[0]
            _sink(kept, numbers, 0, last)
        for i in range(max(held, 1), k):
            kept[i], numbers[i] = kept[i - 1], numbers[i - 1]
