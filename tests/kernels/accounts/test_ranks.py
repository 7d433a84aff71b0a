"""Places within groups against a stable sort."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.accounts.ranks import places_within
from tests.kernels.strategies import QUICK


@QUICK
@given(st.lists(st.lists(st.integers(0, 6), max_size=9), max_size=6))
def test_places_are_those_of_a_stable_sort(groups: list[list[int]]) -> None:
    starts = np.concatenate([[0], np.cumsum([len(group) for group in groups])]).astype(np.int64)
    values = np.asarray([value for group in groups for value in group], np.float64)
    places = np.full(len(values), -1, np.int64)
    places_within(starts, values, 0, len(groups), places)
    for group, start in zip(groups, starts.tolist(), strict=False):
        order = sorted(range(len(group)), key=group.__getitem__)  # stable
        assert [places[start + row] for row in order] == list(range(len(group)))


def test_other_groups_are_left_alone() -> None:
    starts, values = np.asarray([0, 3, 5, 8]), np.asarray([3.0, 1, 2, 9, 8, 5, 5, 4])
    places = np.full(8, -1, np.int64)
    places_within(starts, values, 1, 2, places)
    assert places.tolist() == [-1, -1, -1, 1, 0, -1, -1, -1]
