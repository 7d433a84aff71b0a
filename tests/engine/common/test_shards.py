"""Shards: slices by the highest bits of a hash, and units that are whole shards in order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.engine.common import shards
from gauger.engine.common.shards import SHARDS, shard_of, unit_of, units_of

HASHES = st.lists(st.integers(0, 2**64 - 1), max_size=30)


@given(HASHES, st.integers(0, 6))
def test_shards_and_units_are_the_highest_bits(hashes: list[int], bits: int) -> None:
    values = np.asarray(hashes, np.uint64)
    assert shard_of(values).tolist() == [one >> 58 for one in hashes]
    assert unit_of(values, 1 << bits).tolist() == [one >> (64 - bits) for one in hashes]


@pytest.mark.parametrize(
    ("calls", "units"),
    [(0, 1), (1, 1), (10, 1), (11, 2), (20, 2), (21, 4), (40, 4), (41, 8), (640, 64), (641, 64), (10**12, 64)],
)
def test_units_are_as_many_as_calls_ask_for_a_power_of_two(
    calls: int, units: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "_UNIT_CALLS", 10)
    assert units_of(calls) == units
    assert SHARDS % units == 0
