"""Statistics from sampled calls: against means over pairs, SciPy's W, and sets of cells."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import shapiro

from gauger.engine.statistics.samples import CELL_BITS, cell_coverage, cells_of, sample_statistics
from gauger.kernels.sketches.minhash import SLOTS
from gauger.kernels.text.features import FEATURES
from tests.engine import calls
from tests.kernels import naive_statistics as naive

SIZES = [1, 2, 3, 12, 26]
KEY = calls.SECRET.key


def sample(seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    count = sum(SIZES)
    return {
        "owner": np.repeat(np.arange(len(SIZES)), SIZES),
        "identity": random.integers(0, 2**63, count).astype(np.uint64),
        "times": random.integers(0, 8, count) * 1_000_000,  # many at one instant
        "rows": np.arange(count),
        "features": random.integers(-40, 60, (count, FEATURES)).astype(np.int8),
        "prompts": random.integers(0, 6, count),
    }


SIGNATURES = np.random.default_rng(0).integers(0, 256, (6, SLOTS)).astype(np.uint8)
SIGNATURES[1] = SIGNATURES[0]
SIGNATURES[2] = np.where(np.arange(SLOTS) < 96, SIGNATURES[0], SIGNATURES[2])  # Jaccard 0.75
WORDS = np.array([9, 9, 9, 9, 2, 9])


def found_in(given: dict[str, np.ndarray], **more: int) -> dict[str, np.ndarray]:
    return sample_statistics(**given, signatures=SIGNATURES, words=WORDS, owners=len(SIZES), similarity=0.7, **more)


def test_each_is_what_its_formula_says() -> None:
    given = sample(1)
    found = found_in(given)
    for account, size in enumerate(SIZES):
        mine = np.flatnonzero(given["owner"] == account)
        mine = mine[np.lexsort((given["identity"][mine], given["times"][mine]))]
        blocks = [given["features"][row].astype(np.int64).tolist() for row in mine]
        near = found["near_duplicate_pairs"][account]
        if size < 3:
            assert np.isnan(found["topical_coherence"][account])
            assert np.isnan(near) == (size < 2)
            continue
        norm = np.mean([naive.product(block, block) for block in blocks])
        in_a_row = np.mean([naive.product(*pair) for pair in itertools.pairwise(blocks)])
        pairs = np.mean([naive.product(*pair) for pair in itertools.combinations(blocks, 2)])
        assert found["topical_coherence"][account] == pytest.approx((in_a_row - pairs) / norm, rel=1e-9)
        alike = {(0, 1), (0, 2), (1, 2)}
        prompts = [tuple(sorted(pair)) for pair in itertools.combinations(given["prompts"][mine].tolist(), 2)]
        assert near == pytest.approx(np.mean([pair in alike or pair[0] == pair[1] for pair in prompts]))
        distances = naive.nearest_earlier(blocks)
        w = shapiro(distances).statistic if len(distances) >= 10 else np.nan
        assert found["nearest_distance_w"][account] == pytest.approx(w, rel=1e-6, nan_ok=True)


def test_where_a_call_lies_in_the_sample_changes_nothing() -> None:
    given = sample(2)
    given["features"] = np.concatenate([given["features"], np.ones((5, FEATURES), np.int8)])
    random = np.random.default_rng(3)
    place = random.permutation(len(given["features"]))
    moved = np.empty_like(given["features"])
    moved[place] = given["features"]
    within = np.lexsort((random.random(len(given["owner"])), given["owner"]))
    shuffled = {name: values[within] for name, values in given.items() if name != "features"}
    shuffled |= {"features": moved, "rows": place[given["rows"]][within]}
    whole = found_in(given)
    for name, values in found_in(shuffled).items():
        np.testing.assert_array_equal(values, whole[name], err_msg=name)


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    given = sample(6)
    whole, cells = found_in(given), cells_of(given["rows"], given["features"], KEY)
    monkeypatch.setattr("gauger.engine.statistics.samples._BLOCK", 2)
    for name, values in found_in(given, workers=3).items():
        np.testing.assert_array_equal(values, whole[name], err_msg=name)
    np.testing.assert_array_equal(cells_of(given["rows"], given["features"], KEY, 3), cells)


def test_near_duplicates_are_not_known_where_a_prompt_is_not() -> None:
    given = sample(4)
    given["prompts"][given["owner"] == 3] = np.where(np.arange(12) == 5, -1, 0)
    found = found_in(given)["near_duplicate_pairs"]
    assert np.isnan(found[3])
    assert not np.isnan(found[4])


def test_cells_are_keyed_and_alike_for_alike_calls() -> None:
    given = sample(5)
    one = cells_of(given["rows"], given["features"], KEY)
    assert one.max() < 1 << CELL_BITS
    halved = given["features"] // 2
    bits = [bin(int(a ^ b)).count("1") for a, b in zip(one, cells_of(given["rows"], halved, KEY), strict=True)]
    assert np.mean(bits) < 2  # halving a call hardly moves it; another call differs in half the bits or so
    other = KEY.copy()
    other[0] ^= np.uint64(1)
    assert np.any(cells_of(given["rows"], given["features"], other) != one)


def test_coverage_counts_the_first_eight_bits() -> None:
    owner = np.array([0, 0, 0, 0, 1, 2, 2])
    cells = np.array([0x1200, 0x12FF, 0x1300, 0x1301, 5, 0x0001, 0xFF00], np.uint32)
    assert cell_coverage(owner, cells, 4).tolist() == pytest.approx([0.5, np.nan, 1.0, np.nan], nan_ok=True)
    many = np.arange(1 << CELL_BITS, dtype=np.uint32)
    assert cell_coverage(np.zeros(len(many), np.int64), many, 1).tolist() == [1.0]
