"""Comparisons within a sample, and cells, against plain loops."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from gauger.kernels.accounts import samples
from tests.kernels import naive_statistics as naive


@pytest.mark.parametrize("width", [1, 31, 64, 100])
@pytest.mark.parametrize("seed", [0, 1])
def test_sampled_calls_are_compared_as_in_a_loop(width: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    sizes = [0, 1, 2, 3, 7, 12]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    calls = int(offsets[-1])
    features = random.integers(-127, 128, (calls + 3, width)).astype(np.int8)
    rows = random.permutation(calls + 3)[:calls]
    features[rows[5]] = 0
    prompts = random.integers(-1, 5, calls)
    signatures = random.integers(0, 2, (5, 128)).astype(np.uint8)
    signatures[1] = signatures[0]
    wordy = np.array([1, 1, 1, 0, 1], np.uint8)
    lagged, paired, squares, alike = (np.empty(len(sizes), np.int64) for _ in range(4))
    nearest = np.empty(calls)
    sums, known = samples.Sums(lagged, paired, squares, alike), samples.Prompts(signatures, wordy)
    samples.compare_sampled(samples.Calls(offsets, rows, prompts), features, known, 66, sums, nearest)
    for account in range(len(sizes)):
        part = slice(offsets[account], offsets[account + 1])
        own = features[rows[part]].tolist()
        assert lagged[account] == sum(naive.product(*pair) for pair in pairwise(own))
        pairs = [naive.product(own[i], own[j]) for i in range(len(own)) for j in range(i)]
        assert paired[account] == sum(pairs)
        assert squares[account] == sum(naive.product(call, call) for call in own)
        assert alike[account] == naive.alike_pairs(prompts[part].tolist(), signatures.tolist(), wordy.tolist(), 66)
        assert np.all(np.isnan(nearest[part][:1]))
        assert nearest[part][1:] == pytest.approx(naive.nearest_earlier(own), abs=1e-7)


def test_products_do_not_overflow() -> None:
    features = np.full((2, 656), -128, np.int8)
    lagged, paired, squares, alike = (np.empty(1, np.int64) for _ in range(4))
    calls = samples.Calls(np.array([0, 2]), np.arange(2), np.full(2, -1, np.int64))
    nothing = samples.Prompts(np.zeros((0, 128), np.uint8), np.zeros(0, np.uint8))
    nearest = np.empty(2)
    samples.compare_sampled(calls, features, nothing, 1, samples.Sums(lagged, paired, squares, alike), nearest)
    assert (lagged[0], squares[0], alike[0], nearest[1]) == (656 * 128**2, 2 * 656 * 128**2, 0, 0.0)


@pytest.mark.parametrize(("bits", "width"), [(1, 5), (16, 656), (32, 40)])
def test_a_cell_is_a_row_of_signs(bits: int, width: int) -> None:
    random = np.random.default_rng(bits)
    features = random.integers(-127, 128, (20, width)).astype(np.int8)
    features[3] = 0
    rows = random.permutation(20)[:15]
    directions = random.choice(np.array([-1, 1], np.int8), (bits, width))
    found = np.empty(15, np.uint32)
    samples.feature_cells(rows, features, directions, found)
    assert found.tolist() == [naive.cell(features[row].tolist(), directions.tolist()) for row in rows]
