"""Choosing the largest entries against sorting."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from gauger.kernels.nearest import offer, top_columns


def test_top_columns_are_those_of_a_stable_sort() -> None:
    values = np.random.default_rng(1).integers(0, 9, (60, 30)).astype(np.float32)  # many ties
    columns = np.empty((60, 8), np.int32)
    top_columns(values, columns)
    assert np.array_equal(columns, np.argsort(-values, axis=1, kind="stable")[:, :8])


def test_offers_in_any_order_of_lists_keep_the_best() -> None:
    random = np.random.default_rng(2)
    products = random.integers(0, 6, (20, 90)).astype(np.float32)
    members = random.permutation(90).astype(np.int32)
    order = np.lexsort((np.broadcast_to(members, products.shape), -products))
    found = []
    for cuts in ([0, 90], [0, 10, 55, 90]):
        similarity, rows = np.full((20, 12), -np.inf, np.float32), np.full((20, 12), -1, np.int64)
        lists = list(pairwise(cuts))
        for low, high in lists[::-1]:
            part = np.ascontiguousarray(products[:, low:high])
            offer(part, np.arange(20, dtype=np.int32), members[low:high], similarity, rows)
        assert np.array_equal(similarity, np.take_along_axis(products, order, 1)[:, :12])
        found.append(rows)
    assert np.array_equal(found[0], members[order[:, :12]])
    assert np.array_equal(found[0], found[1])


def test_too_few_offers_leave_places_empty_and_other_queries_alone() -> None:
    similarity, rows = np.full((3, 4), -np.inf, np.float32), np.full((3, 4), -1, np.int64)
    offer(
        np.asarray([[0.5, -0.5]], np.float32), np.asarray([1], np.int32), np.asarray([7, 3], np.int32), similarity, rows
    )
    assert rows.tolist() == [[-1] * 4, [7, 3, -1, -1], [-1] * 4]
    assert np.isneginf(similarity[0]).all()
