"""Lookup tables: a dict of hashes, without probing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from gauger.kernels.text import lookup
from tests.kernels.strategies import QUICK

HASHES = st.integers(0, 2**32).map(lambda seed: int(np.random.default_rng(seed).integers(256, 2**64, dtype=np.uint64)))
LABELS = st.dictionaries(HASHES, st.integers(0, 255), min_size=1, max_size=150)


@njit
def find_each(table, hashes, out):
    """``lookup.find`` of each hash."""
    for i in range(hashes.size):
        out[i] = lookup.find(table, hashes[i])


def labels_of(table: np.ndarray, hashes: list[int]) -> list[int]:
    out = np.zeros(len(hashes), np.uint64)
    find_each(table, np.array(hashes, np.uint64), out)
    return out.tolist()


@QUICK
@given(LABELS, st.lists(HASHES, max_size=20))
def test_a_table_is_a_dict(labels: dict[int, int], others: list[int]) -> None:
    table = lookup.build(np.array(list(labels), np.uint64), list(labels.values()))
    assert labels_of(table, list(labels)) == list(labels.values())
    strangers = [hashed for hashed in others if hashed not in labels]
    assert all(label >= lookup.NONE for label in labels_of(table, strangers))


def test_labels_of_one_hash_are_united() -> None:
    table = lookup.build(np.array([5000, 5000], np.uint64), [1, 4])
    assert labels_of(table, [5000]) == [5]


def test_the_same_set_gives_the_same_table() -> None:
    hashes = np.random.default_rng(3).integers(0, 2**64, 150, np.uint64)
    assert np.array_equal(lookup.build(hashes, range(150)), lookup.build(hashes, range(150)))
