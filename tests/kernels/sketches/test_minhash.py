"""MinHash: the twin, the algebra of unions, and the error the theory allows."""

from __future__ import annotations

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.sketches import minhash
from tests.kernels import naive
from tests.kernels.strategies import KEY, NAIVE_KEY, QUICK, SETS, make_key, pack_words

SIMILARITIES = (0.1, 0.3, 0.5, 0.7, 0.9)
PAIRS, UNION = 250, 300
# A root mean square over n trials has itself a relative error of 1 / sqrt(2 n); three of those are allowed.
SLACK = 1 + 3 / np.sqrt(2 * PAIRS)


def sign(*sets: set[int] | list[int], key: np.ndarray = KEY) -> np.ndarray:
    """uint32[n, SLOTS] by the kernel."""
    out = np.zeros((len(sets), minhash.SLOTS), np.uint32)
    minhash.sign_sets(*pack_words([list(one) for one in sets]), key, out)
    return out


def random_pairs(similarity: float, seed: int) -> tuple[list[list[int]], list[list[int]]]:
    """PAIRS pairs of sets whose Jaccard similarity is exactly ``similarity``: shared / UNION."""
    elements = np.random.default_rng(seed).integers(0, 2**64, (PAIRS, UNION), np.uint64)
    shared = round(similarity * UNION)
    middle = (UNION + shared) // 2
    return elements[:, :middle].tolist(), elements[:, middle - shared :].tolist()


def root_mean_square(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(errors**2)))


@QUICK
@given(st.lists(SETS, max_size=4))
def test_kernel_is_the_twin(sets: list[set[int]]) -> None:
    assert sign(*sets).tolist() == [naive.signature(one, NAIVE_KEY) for one in sets]


@pytest.mark.parametrize("size", [1, 2, 127, 128, 129, 5000])
def test_kernel_is_the_twin_at_other_sizes(size: int) -> None:
    elements = np.random.default_rng(size).integers(0, 2**64, size, np.uint64).tolist()
    assert sign(elements).tolist() == [naive.signature(elements, NAIVE_KEY)]


@QUICK
@given(SETS, SETS)
def test_slotwise_minimum_is_the_union(left: set[int], right: set[int]) -> None:
    signatures = sign(left, right, left | right)
    assert np.array_equal(np.minimum(signatures[0], signatures[1]), signatures[2])


@QUICK
@given(st.lists(st.integers(0, 2**64 - 1), max_size=30), st.randoms())
def test_order_and_duplicates_do_not_matter(elements: list[int], random: object) -> None:
    shuffled = elements * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    signatures = sign(elements, shuffled)
    assert np.array_equal(signatures[0], signatures[1])


def test_the_empty_set_after_a_full_one_is_empty() -> None:
    signatures = sign([1, 2, 3], [], [1, 2, 3])
    assert (signatures[1] == minhash.EMPTY).all()
    assert np.array_equal(signatures[0], signatures[2])
    assert (signatures[0] != minhash.EMPTY).all()


def test_another_key_gives_an_unrelated_signature() -> None:
    elements = list(range(500))
    assert (sign(elements) == sign(elements, key=make_key(8))).mean() < 0.05


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_error_is_within_theory_and_datasketchs(similarity: float) -> None:
    left, right = random_pairs(similarity, seed=int(similarity * 10))
    ours = (sign(*left) == sign(*right)).mean(axis=1) - similarity
    theirs = []
    for sets in zip(left, right, strict=True):
        first, second = MinHash.bulk(sets, num_perm=minhash.SLOTS, hashfunc=lambda element: element % 2**32)
        theirs.append(first.jaccard(second) - similarity)
    theory = np.sqrt(similarity * (1 - similarity) / minhash.SLOTS)
    assert root_mean_square(ours) <= 1.1 * theory
    assert root_mean_square(ours) <= SLACK * root_mean_square(np.array(theirs))
    assert abs(ours.mean()) <= 4 * theory / np.sqrt(PAIRS)


@pytest.mark.parametrize("size", [2, 4, 8, 16])
def test_error_of_small_sets_is_within_theory_whatever_the_key(size: int) -> None:
    """Slots of a small set come from many rounds over few elements: rounds that hang together show here."""
    elements = np.random.default_rng(size).integers(0, 2**64, (PAIRS, 3 * size // 2), np.uint64)
    left, right = elements[:, :size].tolist(), elements[:, size // 2 :].tolist()
    theory = np.sqrt(1 / 3 * 2 / 3 / minhash.SLOTS)
    for seed in range(30):
        key = make_key(100 + seed)
        errors = (sign(*left, key=key) == sign(*right, key=key)).mean(axis=1) - 1 / 3
        assert root_mean_square(errors) <= 1.1 * theory, seed


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_short_slots_are_unbiased(similarity: float) -> None:
    """Eight bits of a slot agree by chance once in 256; ``jaccard`` takes that off again."""
    left, right = random_pairs(similarity, seed=20 + int(similarity * 10))
    short = [(sign(*sets) & 255).astype(np.uint8) for sets in (left, right)]
    equal = (short[0] == short[1]).sum(axis=1).tolist()
    errors = np.array([minhash.jaccard(count) for count in equal]) - similarity
    agree = similarity + (1 - similarity) / 256
    theory = np.sqrt(agree * (1 - agree) / minhash.SLOTS) * 256 / 255
    assert root_mean_square(errors) <= 1.1 * theory
    assert abs(errors.mean()) <= 4 * theory / np.sqrt(PAIRS)


@pytest.mark.parametrize("similarity", [0.0, 0.4, 0.7, 1.0])
def test_thresholds_are_the_expected_number_of_slots(similarity: float) -> None:
    slots = minhash.equal_slots_at(similarity)
    assert minhash.jaccard(slots) <= similarity + 1e-12
    assert minhash.jaccard(slots + 1) > similarity


def test_identical_and_unrelated_signatures_are_the_ends_of_the_scale() -> None:
    assert minhash.jaccard(minhash.SLOTS) == 1.0
    assert minhash.jaccard(0) == 0.0
