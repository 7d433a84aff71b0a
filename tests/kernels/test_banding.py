"""Banding: stable sorts, unions as sets of sets, and the recall the bands are built for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels import banding
from gauger.kernels.minhash import SLOTS
from tests.kernels import naive
from tests.kernels.strategies import QUICK

BAND = st.one_of(st.integers(0, 3), st.sampled_from([2047, 2048, 2**22, 2**32 - 1]), st.integers(0, 2**32 - 1))


def sort_band(band: list[int] | np.ndarray, rows: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Sorted (rows, keys) by the kernel."""
    ordered, keys = np.array(rows, np.int32), np.zeros(len(rows), np.uint32)
    spare = np.zeros(len(rows), np.uint32), np.zeros(len(rows), np.int32)
    banding.sort_band(np.array(band, np.uint32), ordered, keys, *spare)
    return ordered, keys


@st.composite
def signature_rows(draw: st.DrawFn) -> tuple[np.ndarray, list[int], list[int]]:
    """Signatures that agree in many slots, a band value each, and the rows that take part."""
    size = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    signatures = rng.integers(0, 256, (3, SLOTS), np.uint8)[rng.integers(0, 3, size)]
    noise = rng.random((size, SLOTS)) < rng.choice([0.0, 0.2, 0.5], (size, 1))
    signatures[noise] = rng.integers(0, 256, int(noise.sum()), np.uint8)
    band = draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
    return signatures, band, sorted(draw(st.sets(st.integers(0, size - 1))))


@QUICK
@given(st.data(), st.lists(BAND, max_size=40))
def test_sort_is_stable_by_band(data: st.DataObject, band: list[int]) -> None:
    rows = data.draw(st.lists(st.integers(0, len(band) - 1), max_size=40)) if band else []
    ordered, keys = sort_band(band, rows)
    expected = sorted(rows, key=lambda row: band[row])
    assert ordered.tolist() == expected
    assert keys.tolist() == [band[row] for row in expected]


@QUICK
@given(signature_rows(), st.sampled_from([1, 40, 64, 100, SLOTS]))
def test_join_unites_with_the_first_and_the_previous(case: tuple[np.ndarray, list[int], list[int]], least: int) -> None:
    signatures, band, rows = case
    ordered, keys = sort_band(band, rows)
    parents = np.arange(len(signatures), dtype=np.int32)
    compared = banding.join_band(keys, ordered, signatures, least, parents)
    banding.flatten(parents)
    edges = []
    for value in set(keys.tolist()):
        bucket = [row for row in ordered.tolist() if band[row] == value]
        candidates = [(row, other) for at, row in enumerate(bucket) if at for other in (bucket[0], bucket[at - 1])]
        edges += [pair for pair in candidates if (signatures[pair[0]] == signatures[pair[1]]).sum() >= least]
    assert parents.tolist() == naive.components(len(signatures), edges)
    assert compared <= 2 * len(rows)


def test_a_bucket_drifts_from_row_to_row() -> None:
    """Each row is like the one before, no longer like the first: it joins through the previous one."""
    signatures = np.zeros((4, SLOTS), np.uint8)
    for row in range(4):
        signatures[row, : row * 30] = row
    signatures[2:, :30] = 1
    signatures[3, 30:60] = 2
    assert [(signatures[row] == signatures[0]).sum() for row in range(4)] == [128, 98, 68, 38]
    parents = np.arange(4, dtype=np.int32)
    ordered, keys = sort_band([7] * 4, [0, 1, 2, 3])
    banding.join_band(keys, ordered, signatures, 98, parents)
    banding.flatten(parents)
    assert parents.tolist() == [0, 0, 0, 0]


def test_rows_that_are_together_are_not_compared_again() -> None:
    signatures = np.zeros((5, SLOTS), np.uint8)
    parents = np.arange(5, dtype=np.int32)
    ordered, keys = sort_band([7] * 5, [0, 1, 2, 3, 4])
    assert banding.join_band(keys, ordered, signatures, SLOTS, parents) == 4
    assert banding.join_band(keys, ordered, signatures, SLOTS, parents) == 0


@QUICK
@given(st.data(), st.integers(1, 12))
def test_trees_flatten_to_their_root(data: st.DataObject, size: int) -> None:
    """Any forest whose parents are smaller nodes, as unions make them."""
    parents = [data.draw(st.integers(0, node)) for node in range(size)]
    flat = np.array(parents, np.int32)
    banding.flatten(flat)
    assert flat.tolist() == naive.components(size, list(enumerate(parents)))


@QUICK
@given(signature_rows(), st.integers(0, SLOTS))
def test_near_root_counts_slots(case: tuple[np.ndarray, list[int], list[int]], least: int) -> None:
    signatures, band, _ = case
    parents = np.array([band.index(value) for value in band], np.int32)
    near = np.full(len(parents), 7, np.uint8)
    banding.near_root(parents, signatures, least, near)
    assert near.tolist() == [int((signatures[i] == signatures[root]).sum() >= least) for i, root in enumerate(parents)]


@pytest.mark.parametrize("similarity", [0.4, 0.5, 0.7])
def test_bands_meet_as_often_as_the_theory_says(similarity: float) -> None:
    """Pairs whose slots are equal with probability s share a band with probability 1 - (1 - s^4)^32."""
    pairs, rng = 2_000, np.random.default_rng(9)
    left, right = rng.integers(0, 256, (2, pairs, SLOTS), np.uint8)
    equal = rng.random((pairs, SLOTS)) < similarity
    right[equal] = left[equal]
    signatures = np.stack([left, right], axis=1).reshape(-1, SLOTS)
    parents = np.arange(2 * pairs, dtype=np.int32)
    bands = signatures.view(np.uint32)
    for band in range(banding.BANDS):
        ordered, keys = sort_band(np.ascontiguousarray(bands[:, band]), list(range(2 * pairs)))
        banding.join_band(keys, ordered, signatures, 1, parents)
    banding.flatten(parents)
    met = (parents[::2] == parents[1::2]).mean()
    expected = 1 - (1 - similarity**4) ** banding.BANDS
    assert met == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / pairs) + 0.002)
