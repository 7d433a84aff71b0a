"""Linkage: the naive twin's families, any share of components at a time, and chains that are cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.families import linkage
from gauger.kernels.sketches.minhash import SLOTS
from tests.kernels import naive, naive_families
from tests.kernels.naive_families import Edge
from tests.kernels.strategies import QUICK

LEVELS = [120, 110, 100, 90, 80]


def drifting(seed: int, size: int, step: int) -> np.ndarray:
    """Rows each of which is an earlier one with some slots changed."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 256, (size, SLOTS), np.uint8)
    for row in range(1, size):
        kept = rng.permutation(SLOTS)[: SLOTS - int(rng.integers(0, step + 1))]
        rows[row, kept] = rows[int(rng.integers(0, row)), kept]
    return rows[rng.permutation(size)]


def forest_of(rows: np.ndarray) -> list[Edge]:
    """A maximum spanning forest of all pairs of at least the last level, most equal first."""
    same = (rows[:, None] == rows[None]).sum(axis=2)
    pairs = [(i, j, int(same[i, j])) for j in range(len(rows)) for i in range(j) if same[i, j] >= LEVELS[-1]]
    kept: list[Edge] = []
    for edge in sorted(pairs, key=lambda pair: -pair[2]):
        linked = naive.components(len(rows), [(left, right) for left, right, _ in kept])
        if linked[edge[0]] != linked[edge[1]]:
            kept.append(edge)
    return kept


def settled(rows: np.ndarray, forest: list[Edge], least: int, cuts: list[int]) -> list[int]:
    """Families by the kernel, the components in shares."""
    linked = naive.components(len(rows), [(left, right) for left, right, _ in forest])
    names = [name for name in sorted(set(linked)) if linked.count(name) > 1]
    groups = [[place for place, name in enumerate(linked) if name == one] for one in names]
    trees = [edge for one in names for edge in forest if linked[edge[0]] == one]
    labels, order = np.arange(len(rows), dtype=np.int32), np.random.default_rng(1).permutation(len(rows))
    column = np.empty_like(rows)
    column[order] = rows
    shares = sorted({0, len(names), *(cut for cut in cuts if cut < len(names))})
    for first, last in pairwise(shares):
        forest_of_all = linkage.Forest(
            np.array([place for group in groups for place in group], np.int32),
            np.cumsum([0, *map(len, groups)]),
            np.array([left << 32 | right for left, right, _ in trees], np.uint64),
            np.array([same for _, _, same in trees], np.uint8),
        )
        signatures, local = linkage.Signatures(column, order), np.empty(len(rows), np.int32)
        linkage.settle_components(forest_of_all, first, last, np.array(LEVELS), signatures, least, local, labels)
    return labels.tolist()


@QUICK
@given(
    st.integers(0, 10**6), st.integers(2, 40), st.sampled_from([15, 30, 45]), st.sampled_from([50, 70]),
    st.lists(st.integers(1, 9)),
)  # fmt: skip
def test_families_are_the_naive_ones(seed: int, size: int, step: int, least: int, cuts: list[int]) -> None:
    rows = drifting(seed, size, step)
    forest = forest_of(rows)
    expected = naive_families.settle(
        size, forest, rows.tolist(), LEVELS, least, linkage.K_SAMPLE, linkage.SPARED, linkage.LEADERS
    )
    assert settled(rows, forest, least, cuts) == expected


@pytest.mark.parametrize("size", [100, 400])
def test_a_long_chain_becomes_many_families(size: int) -> None:
    """Every row is like the next; a family never reaches from one end to the other."""
    rng = np.random.default_rng(2)
    rows = np.zeros((size, SLOTS), np.uint8)
    rows[0] = rng.integers(0, 256, SLOTS)
    for row in range(1, size):
        rows[row] = rows[row - 1]
        rows[row, rng.permutation(SLOTS)[:20]] = rng.integers(0, 256, 20)
    order = rng.permutation(size)
    labels = np.array(settled(rows[order], forest_of(rows[order]), 58, []))
    spans = [np.ptp(order[labels == label]) for label in np.unique(labels)]
    assert max(spans) < 30
    assert len(spans) < size / 2
