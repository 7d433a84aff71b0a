"""Count-min: the twin, never under, over by more than eps N at most delta of the time, merged by sum."""

from __future__ import annotations

import math

import numpy as np
import pytest
from datasketches import count_min_sketch
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.sketches import countmin
from gauger.kernels.text.siphash import hash_words
from tests.kernels import naive
from tests.kernels.strategies import KEY, NAIVE_KEY, QUICK, WORD64, make_key

STREAM = st.lists(st.one_of(st.integers(0, 20), WORD64), max_size=60)
SHAPE = st.tuples(st.integers(1, 4), st.sampled_from([1, 2, 8, 64, 1024]))


def count(hashes: list[int] | np.ndarray, shape: tuple[int, int], key: np.ndarray = KEY) -> np.ndarray:
    """Count-min table of a stream, by the kernel."""
    counts = np.zeros(shape, np.uint32)
    countmin.add_many(counts, np.asarray(hashes, np.uint64), key)
    return counts


def query(counts: np.ndarray, hashes: list[int] | np.ndarray, key: np.ndarray = KEY) -> np.ndarray:
    """Estimated counts, uint32."""
    out = np.full(len(hashes), 99, np.uint32)
    countmin.query_many(counts, np.asarray(hashes, np.uint64), key, out)
    return out


def zipf_stream(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """100,000 draws from a Zipf law: hashes of the distinct words, their counts, the stream of words."""
    stream = np.random.default_rng(seed).zipf(1.2, 100_000) % 50_000
    words, number = np.unique(stream.astype(np.uint64), return_counts=True)
    hashes = np.empty_like(words)
    hash_words(5, seed, words, hashes)
    return hashes, number, words


@QUICK
@given(STREAM, SHAPE)
def test_kernel_is_the_twin(hashes: list[int], shape: tuple[int, int]) -> None:
    counts = count(hashes, shape)
    assert np.array_equal(counts, naive.count_min(hashes, NAIVE_KEY, *shape))
    cells = [[counts[at] for at in enumerate(naive.count_min_columns(h, NAIVE_KEY, *shape))] for h in hashes]
    assert query(counts, hashes).tolist() == [min(cell) for cell in cells]


@QUICK
@given(STREAM, SHAPE)
def test_never_under(hashes: list[int], shape: tuple[int, int]) -> None:
    estimates = query(count(hashes, shape), hashes)
    assert all(estimate >= hashes.count(hashed) for estimate, hashed in zip(estimates, hashes, strict=True))


@QUICK
@given(STREAM, STREAM, SHAPE)
def test_sum_is_the_union_of_streams(left: list[int], right: list[int], shape: tuple[int, int]) -> None:
    assert np.array_equal(count(left, shape) + count(right, shape), count(left + right, shape))


def test_unseen_keys_of_an_empty_sketch_count_zero() -> None:
    assert query(np.zeros((2, 64), np.uint32), [0, 1, 2**64 - 1]).tolist() == [0, 0, 0]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", [(1, 512), (2, 512), (3, 2048), (4, 2048)])
def test_over_counts_are_within_the_bound(shape: tuple[int, int], seed: int) -> None:
    hashes, number, words = zipf_stream(seed)
    depth, width = shape
    key = make_key(seed)
    over = query(count(np.repeat(hashes, number), shape, key), hashes, key) - number
    allowed = math.e / width * number.sum()
    theirs = count_min_sketch(depth, width, seed)
    for word, times in zip(words.tolist(), number.tolist(), strict=True):
        theirs.update(word, times)
    their_over = np.array([theirs.get_estimate(word) for word in words.tolist()]) - number
    assert over.min() >= 0
    assert (over > allowed).mean() <= math.exp(-depth)
    assert over.mean() <= 1.3 * their_over.mean() + 1  # a library of the same shape errs by as much
