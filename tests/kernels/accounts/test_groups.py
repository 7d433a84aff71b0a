"""What neighbours hold in common, against sets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.kernels.accounts.groups import Held, Pairs, holders_near, mean_jaccard, unique_coverage
from tests.kernels import naive_statistics as naive

ACCOUNTS, NEIGHBOURS = 7, 4
QUICK = settings(max_examples=80, deadline=None, derandomize=True, database=None)
SETS = st.lists(st.sets(st.integers(0, 15), max_size=9), min_size=ACCOUNTS, max_size=ACCOUNTS)
OTHERS = st.lists(st.integers(-1, ACCOUNTS - 1), min_size=NEIGHBOURS, max_size=NEIGHBOURS, unique=True)
LISTS = st.lists(OTHERS, min_size=ACCOUNTS, max_size=ACCOUNTS)


def without_self(lists: list[list[int]]) -> np.ndarray:
    """Lists as the engine has them: nobody is their own neighbour."""
    return np.array([[-1 if other == own else other for other in row] for own, row in enumerate(lists)])


def flat(sets: list[set[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in sets])]).astype(np.int64)
    return offsets, np.array([value for one in sets for value in sorted(one)], np.int64)


@given(sets=SETS, lists=LISTS, size=st.sampled_from([1, 3, 100]))
@QUICK
def test_jaccard_is_that_of_sets(sets: list[set[int]], lists: list[list[int]], size: int) -> None:
    offsets, values = flat(sets)
    neighbours, found = without_self(lists), np.empty(ACCOUNTS)
    mean_jaccard(offsets, values.astype(np.uint64), neighbours, size, found)
    expected = [naive.mean_jaccard(sets, neighbours[own].tolist(), own, size) for own in range(ACCOUNTS)]
    assert found == pytest.approx(expected, nan_ok=True)


@given(sets=SETS, lists=LISTS)
@QUICK
def test_coverage_is_counted_over_the_group(sets: list[set[int]], lists: list[list[int]]) -> None:
    offsets, values = flat(sets)
    neighbours = without_self(lists)
    holders = np.bincount(values, minlength=16)
    observed, expected = np.empty(ACCOUNTS), np.empty(ACCOUNTS)
    unique_coverage(offsets, values, holders, neighbours, observed, expected)
    wanted = [naive.unique_coverage(sets, neighbours[own].tolist(), own) for own in range(ACCOUNTS)]
    assert np.stack([observed, expected], axis=1) == pytest.approx(np.array(wanted), nan_ok=True)


@given(
    sets=SETS,
    lists=st.lists(
        st.lists(st.integers(0, ACCOUNTS - 1), min_size=NEIGHBOURS, max_size=NEIGHBOURS),
        min_size=ACCOUNTS,
        max_size=ACCOUNTS,
    ),
    days=st.lists(st.integers(-1, 1), min_size=ACCOUNTS, max_size=ACCOUNTS),
)
@QUICK
def test_holders_are_counted_among_neighbours_of_the_same_day(
    sets: list[set[int]], lists: list[list[int]], days: list[int]
) -> None:
    offsets, values = flat(sets)
    owner = np.repeat(np.arange(ACCOUNTS), np.diff(offsets))
    near, holding = np.full(len(owner), -9), np.full(len(owner), -9)
    given = (Held(offsets, values), Pairs(owner, values), np.array(lists), np.array(days))
    for first, last in ((0, len(owner) // 2), (len(owner) // 2, len(owner))):
        holders_near(*given, first, last, near, holding)
    same_day = [[other for other in lists[own] if days[other] == days[own]] for own in owner.tolist()]
    assert near.tolist() == [len(others) for others in same_day]
    wanted = [sum(value in sets[other] for other in others) for others, value in zip(same_day, values, strict=True)]
    assert holding.tolist() == wanted
