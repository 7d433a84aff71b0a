"""Choosing the largest entries against sorting."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from gauger.kernels.accounts.nearest import largest, lay, top_columns


def test_top_columns_are_those_of_a_stable_sort() -> None:
    values = np.random.default_rng(1).integers(0, 9, (60, 30)).astype(np.float32)  # many ties
    columns = np.empty((60, 8), np.int32)
    top_columns(values, columns)
    assert np.array_equal(columns, np.argsort(-values, axis=1, kind="stable")[:, :8])


def laid(products: np.ndarray, members: np.ndarray, cuts: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What every query of a matrix meets, lists laid down from the last to the first."""
    queries, width = products.shape
    starts = np.arange(queries + 1) * width
    ends, values, rows = starts[:-1].copy(), np.empty(products.size, np.float32), np.empty(products.size, np.int32)
    for low, high in list(pairwise(cuts))[::-1]:
        part = np.ascontiguousarray(products[:, low:high])
        lay(part, np.arange(queries, dtype=np.int32), members[low:high], ends, values, rows)
    assert np.array_equal(ends, starts[1:])
    return values, rows, starts


def chosen(
    values: np.ndarray, rows: np.ndarray, starts: np.ndarray, k: int, first: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    similarity, nearest = np.empty((len(starts) - 1, k), np.float32), np.empty((len(starts) - 1, k), np.int64)
    largest(values, rows, starts, first, similarity, nearest)
    return similarity, nearest


@pytest.mark.parametrize("levels", [1, 2, 6, 5_000])
@pytest.mark.parametrize("k", [1, 12, 88, 89])
def test_the_largest_are_those_of_a_sort_without_oneself(levels: int, k: int) -> None:
    random = np.random.default_rng(2)
    products = (random.integers(0, levels, (20, 90)) / levels - 0.3).astype(np.float32)
    members, first = random.permutation(np.arange(5, 95)).astype(np.int32), 10
    found = [chosen(*laid(products, members, cuts), k, first) for cuts in ([0, 90], [0, 10, 55, 90])]
    for query in range(20):
        others = np.flatnonzero(members != first + query)
        order = others[np.lexsort((members[others], -products[query, others]))][:k]
        assert np.array_equal(found[0][1][query], members[order])
        assert np.array_equal(found[0][0][query], products[query, order])
    assert np.array_equal(found[0][1], found[1][1])


@pytest.mark.parametrize("value", [-3.0, 0.25, 1.0, 1.5, 1e30])
def test_what_is_no_similarity_breaks_nothing(value: float) -> None:
    random = np.random.default_rng(3)
    products = random.normal(size=(4, 60)).astype(np.float32)
    products[:, 7] = value
    similarity, _ = chosen(*laid(products, np.arange(100, 160, dtype=np.int32), [0, 60]), 60)
    assert np.array_equal(similarity, -np.sort(-products, axis=1))


def test_too_few_repeat_the_last_one() -> None:
    values = np.asarray([0.5, 0.75, 0.125], np.float32)
    similarity, nearest = chosen(values, np.asarray([7, 3, 2], np.int32), np.asarray([0, 2, 2, 3]), 3)
    assert nearest.tolist() == [[3, 7, 7], [0, 0, 0], [0, 0, 0]]  # the third query is row 2 itself
    assert similarity.tolist() == [[0.75, 0.5, 0.5], [-np.inf] * 3, [-np.inf] * 3]
